//! Written by `cargo xtask generate`: the Lambda function `register`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::register::OPERATION)
}
