//! Written by `cargo xtask generate`: the Lambda function `sandbox-deliver`.

fn main() -> std::process::ExitCode {
    runtime::consume(&payments::sandbox_deliver::WORKER)
}
