//! Written by `cargo xtask generate`: the Lambda function `reconcile-holds`.

fn main() -> std::process::ExitCode {
    runtime::consume(&inventory::reconcile_holds::WORKER)
}
