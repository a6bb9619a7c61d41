//! Written by `cargo xtask generate`: the Lambda function `get-settings`.

fn main() -> std::process::ExitCode {
    runtime::serve(&tenancy::get_settings::OPERATION)
}
