//! Written by `cargo xtask generate`: the Lambda function `create-event`.

fn main() -> std::process::ExitCode {
    runtime::serve(&catalogue::create_event::OPERATION)
}
