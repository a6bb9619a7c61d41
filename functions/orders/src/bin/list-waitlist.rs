//! Written by `cargo xtask generate`: the Lambda function `list-waitlist`.

fn main() -> std::process::ExitCode {
    runtime::serve(&orders::list_waitlist::OPERATION)
}
