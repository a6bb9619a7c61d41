//! Written by `cargo xtask generate`: the Lambda function `issue-tickets`.

fn main() -> std::process::ExitCode {
    runtime::consume(&tickets::issue_tickets::WORKER)
}
