//! Written by `cargo xtask generate`: the Lambda function `send-refund`.

fn main() -> std::process::ExitCode {
    runtime::consume(&payments::send_refund::WORKER)
}
