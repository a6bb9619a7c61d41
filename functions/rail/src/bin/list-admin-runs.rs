//! Written by `cargo xtask generate`: the Lambda function `list-admin-runs`.

fn main() -> std::process::ExitCode {
    runtime::serve(&rail::list_admin_runs::OPERATION)
}
