//! Written by `cargo xtask generate`: the Lambda function `list-api-keys`.

fn main() -> std::process::ExitCode {
    runtime::serve(&security::list_api_keys::OPERATION)
}
