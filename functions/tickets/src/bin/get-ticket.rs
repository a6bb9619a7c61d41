//! Written by `cargo xtask generate`: the Lambda function `get-ticket`.

fn main() -> std::process::ExitCode {
    runtime::serve(&tickets::get_ticket::OPERATION)
}
