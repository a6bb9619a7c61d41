//! Written by `cargo xtask generate`: the Lambda function `submit-event`.

fn main() -> std::process::ExitCode {
    runtime::serve(&catalogue::submit_event::OPERATION)
}
