//! Written by `cargo xtask generate`: the Lambda function `forward-stock`.

fn main() -> std::process::ExitCode {
    runtime::consume(&inventory::forward_stock::WORKER)
}
