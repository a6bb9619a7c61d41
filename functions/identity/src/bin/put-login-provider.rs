//! Written by `cargo xtask generate`: the Lambda function `put-login-provider`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::put_login_provider::OPERATION)
}
