//! Written by `cargo xtask generate`: the Lambda function `expire-order`.

fn main() -> std::process::ExitCode {
    runtime::consume(&orders::expire_order::WORKER)
}
