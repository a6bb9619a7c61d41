//! Written by `cargo xtask generate`: the Lambda function `update-event`.

fn main() -> std::process::ExitCode {
    runtime::serve(&catalogue::update_event::OPERATION)
}
