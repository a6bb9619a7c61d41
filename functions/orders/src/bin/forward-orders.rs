//! Written by `cargo xtask generate`: the Lambda function `forward-orders`.

fn main() -> std::process::ExitCode {
    runtime::consume(&orders::forward_orders::WORKER)
}
