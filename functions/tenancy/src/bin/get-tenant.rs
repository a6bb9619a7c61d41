//! Written by `cargo xtask generate`: the Lambda function `get-tenant`.

fn main() -> std::process::ExitCode {
    runtime::serve(&tenancy::get_tenant::OPERATION)
}
