//! Written by `cargo xtask generate`: the Lambda function `release-stock`.

fn main() -> std::process::ExitCode {
    runtime::consume(&inventory::release_stock::WORKER)
}
