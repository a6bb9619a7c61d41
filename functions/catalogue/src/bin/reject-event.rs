//! Written by `cargo xtask generate`: the Lambda function `reject-event`.

fn main() -> std::process::ExitCode {
    runtime::serve(&catalogue::reject_event::OPERATION)
}
