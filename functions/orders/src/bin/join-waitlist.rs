//! Written by `cargo xtask generate`: the Lambda function `join-waitlist`.

fn main() -> std::process::ExitCode {
    runtime::serve(&orders::join_waitlist::OPERATION)
}
