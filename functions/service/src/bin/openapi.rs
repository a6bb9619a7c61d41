//! Written by `cargo xtask generate`: the Lambda function `openapi`.

fn main() -> std::process::ExitCode {
    runtime::serve(&service::openapi::OPERATION)
}
