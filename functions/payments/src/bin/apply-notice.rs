//! Written by `cargo xtask generate`: the Lambda function `apply-notice`.

fn main() -> std::process::ExitCode {
    runtime::consume(&payments::apply_notice::WORKER)
}
