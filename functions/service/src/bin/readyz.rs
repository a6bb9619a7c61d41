//! Written by `cargo xtask generate`: the Lambda function `readyz`.

fn main() -> std::process::ExitCode {
    runtime::serve(&service::readyz::OPERATION)
}
