//! Written by `cargo xtask generate`: the Lambda function `create-tenant`.

fn main() -> std::process::ExitCode {
    runtime::serve(&tenancy::create_tenant::OPERATION)
}
