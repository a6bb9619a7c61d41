//! Written by `cargo xtask generate`: the Lambda function `list-users`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::list_users::OPERATION)
}
