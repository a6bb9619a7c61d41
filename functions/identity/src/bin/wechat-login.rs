//! Written by `cargo xtask generate`: the Lambda function `wechat-login`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::wechat_login::OPERATION)
}
