//! Written by `cargo xtask generate`: the Lambda function `list-payments`.

fn main() -> std::process::ExitCode {
    runtime::serve(&payments::list_payments::OPERATION)
}
