//! Written by `cargo xtask generate`: the Lambda function `get-waitlist`.

fn main() -> std::process::ExitCode {
    runtime::serve(&orders::get_waitlist::OPERATION)
}
