//! Written by `cargo xtask generate`: the Lambda function `put-user`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::put_user::OPERATION)
}
