//! Written by `cargo xtask generate`: the Lambda function `delete-api-key`.

fn main() -> std::process::ExitCode {
    runtime::serve(&security::delete_api_key::OPERATION)
}
