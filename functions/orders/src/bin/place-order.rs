//! Written by `cargo xtask generate`: the Lambda function `place-order`.

fn main() -> std::process::ExitCode {
    runtime::serve(&orders::place_order::OPERATION)
}
