//! Written by `cargo xtask generate`: the Lambda function `get-order`.

fn main() -> std::process::ExitCode {
    runtime::serve(&orders::get_order::OPERATION)
}
