//! Written by `cargo xtask generate`: the Lambda function `list-audit`.

fn main() -> std::process::ExitCode {
    runtime::serve(&security::list_audit::OPERATION)
}
