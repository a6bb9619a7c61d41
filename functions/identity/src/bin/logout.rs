//! Written by `cargo xtask generate`: the Lambda function `logout`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::logout::OPERATION)
}
