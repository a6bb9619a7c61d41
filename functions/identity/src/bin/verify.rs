//! Written by `cargo xtask generate`: the Lambda function `verify`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::verify::OPERATION)
}
