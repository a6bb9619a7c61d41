//! Written by `cargo xtask generate`: the Lambda function `reconcile-money`.

fn main() -> std::process::ExitCode {
    runtime::consume(&payments::reconcile_money::WORKER)
}
