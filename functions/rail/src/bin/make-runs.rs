//! Written by `cargo xtask generate`: the Lambda function `make-runs`.

fn main() -> std::process::ExitCode {
    runtime::consume(&rail::make_runs::WORKER)
}
