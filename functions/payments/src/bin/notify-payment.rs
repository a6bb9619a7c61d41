//! Written by `cargo xtask generate`: the Lambda function `notify-payment`.

fn main() -> std::process::ExitCode {
    runtime::serve(&payments::notify_payment::OPERATION)
}
