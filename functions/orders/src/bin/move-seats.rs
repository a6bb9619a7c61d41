//! Written by `cargo xtask generate`: the Lambda function `move-seats`.

fn main() -> std::process::ExitCode {
    runtime::serve(&orders::move_seats::OPERATION)
}
