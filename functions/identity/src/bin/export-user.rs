//! Written by `cargo xtask generate`: the Lambda function `export-user`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::export_user::OPERATION)
}
