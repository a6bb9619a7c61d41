//! Written by `cargo xtask generate`: the Lambda function `audit-state`.

fn main() -> std::process::ExitCode {
    runtime::serve(&tenancy::audit_state::OPERATION)
}
