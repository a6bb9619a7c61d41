//! Written by `cargo xtask generate`: the Lambda function `erase-user`.

fn main() -> std::process::ExitCode {
    runtime::consume(&identity::erase_user::WORKER)
}
