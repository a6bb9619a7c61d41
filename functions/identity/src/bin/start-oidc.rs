//! Written by `cargo xtask generate`: the Lambda function `start-oidc`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::start_oidc::OPERATION)
}
