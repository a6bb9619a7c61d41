//! Written by `cargo xtask generate`: the Lambda function `get-stock`.

fn main() -> std::process::ExitCode {
    runtime::serve(&catalogue::get_stock::OPERATION)
}
