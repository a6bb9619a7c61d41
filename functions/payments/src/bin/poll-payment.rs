//! Written by `cargo xtask generate`: the Lambda function `poll-payment`.

fn main() -> std::process::ExitCode {
    runtime::consume(&payments::poll_payment::WORKER)
}
