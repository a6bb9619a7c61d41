//! Written by `cargo xtask generate`: the Lambda function `list-admin-events`.

fn main() -> std::process::ExitCode {
    runtime::serve(&catalogue::list_admin_events::OPERATION)
}
