//! Written by `cargo xtask generate`: the Lambda function `ticket-keys`.

fn main() -> std::process::ExitCode {
    runtime::serve(&tickets::ticket_keys::OPERATION)
}
