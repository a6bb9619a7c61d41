//! Written by `cargo xtask generate`: the Lambda function `update-tenant`.

fn main() -> std::process::ExitCode {
    runtime::serve(&tenancy::update_tenant::OPERATION)
}
