//! Written by `cargo xtask generate`: the Lambda function `create-order`.

fn main() -> std::process::ExitCode {
    runtime::consume(&orders::create_order::WORKER)
}
