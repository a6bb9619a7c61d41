//! Written by `cargo xtask generate`: the Lambda function `cancel-order`.

fn main() -> std::process::ExitCode {
    runtime::serve(&orders::cancel_order::OPERATION)
}
