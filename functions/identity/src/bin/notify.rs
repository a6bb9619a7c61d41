//! Written by `cargo xtask generate`: the Lambda function `notify`.

fn main() -> std::process::ExitCode {
    runtime::consume(&identity::notify::WORKER)
}
