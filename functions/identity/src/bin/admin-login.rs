//! Written by `cargo xtask generate`: the Lambda function `admin-login`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::admin_login::OPERATION)
}
