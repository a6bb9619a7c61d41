//! Written by `cargo xtask generate`: the Lambda function `delete-event`.

fn main() -> std::process::ExitCode {
    runtime::serve(&catalogue::delete_event::OPERATION)
}
