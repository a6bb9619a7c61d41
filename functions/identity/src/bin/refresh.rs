//! Written by `cargo xtask generate`: the Lambda function `refresh`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::refresh::OPERATION)
}
