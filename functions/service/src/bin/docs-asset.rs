//! Written by `cargo xtask generate`: the Lambda function `docs-asset`.

fn main() -> std::process::ExitCode {
    runtime::serve(&service::docs_asset::OPERATION)
}
