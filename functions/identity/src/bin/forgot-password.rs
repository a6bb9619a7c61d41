//! Written by `cargo xtask generate`: the Lambda function `forgot-password`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::forgot_password::OPERATION)
}
