//! Written by `cargo xtask generate`: the Lambda function `list-orders`.

fn main() -> std::process::ExitCode {
    runtime::serve(&orders::list_orders::OPERATION)
}
