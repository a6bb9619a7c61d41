//! Written by `cargo xtask generate`: the Lambda function `open-runs`.

fn main() -> std::process::ExitCode {
    runtime::serve(&rail::open_runs::OPERATION)
}
