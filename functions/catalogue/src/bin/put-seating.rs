//! Written by `cargo xtask generate`: the Lambda function `put-seating`.

fn main() -> std::process::ExitCode {
    runtime::serve(&catalogue::put_seating::OPERATION)
}
