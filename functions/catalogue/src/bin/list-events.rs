//! Written by `cargo xtask generate`: the Lambda function `list-events`.

fn main() -> std::process::ExitCode {
    runtime::serve(&catalogue::list_events::OPERATION)
}
