//! Written by `cargo xtask generate`: the Lambda function `list-sessions`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::list_sessions::OPERATION)
}
