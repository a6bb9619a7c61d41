//! Written by `cargo xtask generate`: the Lambda function `start-payment`.

fn main() -> std::process::ExitCode {
    runtime::serve(&payments::start_payment::OPERATION)
}
