//! Written by `cargo xtask generate`: the Lambda function `reconcile-notices`.

fn main() -> std::process::ExitCode {
    runtime::consume(&payments::reconcile_notices::WORKER)
}
