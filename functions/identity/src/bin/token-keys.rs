//! Written by `cargo xtask generate`: the Lambda function `token-keys`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::token_keys::OPERATION)
}
