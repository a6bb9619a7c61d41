//! Written by `cargo xtask generate`: the Lambda function `put-settings`.

fn main() -> std::process::ExitCode {
    runtime::serve(&tenancy::put_settings::OPERATION)
}
