//! Written by `cargo xtask generate`: the Lambda function `reconcile-waitlist`.

fn main() -> std::process::ExitCode {
    runtime::consume(&orders::reconcile_waitlist::WORKER)
}
