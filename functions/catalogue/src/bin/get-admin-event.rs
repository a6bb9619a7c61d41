//! Written by `cargo xtask generate`: the Lambda function `get-admin-event`.

fn main() -> std::process::ExitCode {
    runtime::serve(&catalogue::get_admin_event::OPERATION)
}
