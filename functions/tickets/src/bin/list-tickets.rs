//! Written by `cargo xtask generate`: the Lambda function `list-tickets`.

fn main() -> std::process::ExitCode {
    runtime::serve(&tickets::list_tickets::OPERATION)
}
