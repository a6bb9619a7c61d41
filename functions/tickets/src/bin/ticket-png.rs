//! Written by `cargo xtask generate`: the Lambda function `ticket-png`.

fn main() -> std::process::ExitCode {
    runtime::serve(&tickets::ticket_png::OPERATION)
}
