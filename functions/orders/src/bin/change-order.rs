//! Written by `cargo xtask generate`: the Lambda function `change-order`.

fn main() -> std::process::ExitCode {
    runtime::serve(&orders::change_order::OPERATION)
}
