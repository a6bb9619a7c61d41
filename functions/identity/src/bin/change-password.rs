//! Written by `cargo xtask generate`: the Lambda function `change-password`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::change_password::OPERATION)
}
