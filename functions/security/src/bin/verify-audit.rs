//! Written by `cargo xtask generate`: the Lambda function `verify-audit`.

fn main() -> std::process::ExitCode {
    runtime::serve(&security::verify_audit::OPERATION)
}
