//! Written by `cargo xtask generate`: the Lambda function `get-admin-venue`.

fn main() -> std::process::ExitCode {
    runtime::serve(&venues::get_admin_venue::OPERATION)
}
