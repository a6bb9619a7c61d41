//! Written by `cargo xtask generate`: the Lambda function `cancel-event`.

fn main() -> std::process::ExitCode {
    runtime::serve(&catalogue::cancel_event::OPERATION)
}
