//! Written by `cargo xtask generate`: the Lambda function `get-seats`.

fn main() -> std::process::ExitCode {
    runtime::serve(&catalogue::get_seats::OPERATION)
}
