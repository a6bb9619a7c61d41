//! Written by `cargo xtask generate`: the Lambda function `docs`.

fn main() -> std::process::ExitCode {
    runtime::serve(&service::docs::OPERATION)
}
