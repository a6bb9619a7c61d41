//! Written by `cargo xtask generate`: the Lambda function `get-event`.

fn main() -> std::process::ExitCode {
    runtime::serve(&catalogue::get_event::OPERATION)
}
