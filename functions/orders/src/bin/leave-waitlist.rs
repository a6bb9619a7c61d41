//! Written by `cargo xtask generate`: the Lambda function `leave-waitlist`.

fn main() -> std::process::ExitCode {
    runtime::serve(&orders::leave_waitlist::OPERATION)
}
