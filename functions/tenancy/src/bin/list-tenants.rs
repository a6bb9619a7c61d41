//! Written by `cargo xtask generate`: the Lambda function `list-tenants`.

fn main() -> std::process::ExitCode {
    runtime::serve(&tenancy::list_tenants::OPERATION)
}
