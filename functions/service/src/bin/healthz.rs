//! Written by `cargo xtask generate`: the Lambda function `healthz`.

fn main() -> std::process::ExitCode {
    runtime::serve(&service::healthz::OPERATION)
}
