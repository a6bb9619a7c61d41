//! Written by `cargo xtask generate`: the Lambda function `approve-event`.

fn main() -> std::process::ExitCode {
    runtime::serve(&catalogue::approve_event::OPERATION)
}
