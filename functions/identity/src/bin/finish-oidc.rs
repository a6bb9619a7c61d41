//! Written by `cargo xtask generate`: the Lambda function `finish-oidc`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::finish_oidc::OPERATION)
}
