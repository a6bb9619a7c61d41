//! Written by `cargo xtask generate`: the Lambda function `create-api-key`.

fn main() -> std::process::ExitCode {
    runtime::serve(&security::create_api_key::OPERATION)
}
