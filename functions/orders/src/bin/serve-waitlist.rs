//! Written by `cargo xtask generate`: the Lambda function `serve-waitlist`.

fn main() -> std::process::ExitCode {
    runtime::consume(&orders::serve_waitlist::WORKER)
}
