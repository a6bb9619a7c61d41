//! Written by `cargo xtask generate`: the Lambda function `complete-sandbox`.

fn main() -> std::process::ExitCode {
    runtime::serve(&payments::complete_sandbox::OPERATION)
}
