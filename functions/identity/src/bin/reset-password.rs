//! Written by `cargo xtask generate`: the Lambda function `reset-password`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::reset_password::OPERATION)
}
