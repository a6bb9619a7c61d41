//! Written by `cargo xtask generate`: the Lambda function `summarise-stock`.

fn main() -> std::process::ExitCode {
    runtime::consume(&inventory::summarise_stock::WORKER)
}
