//! Written by `cargo xtask generate`: the Lambda function `cancel-run`.

fn main() -> std::process::ExitCode {
    runtime::serve(&rail::cancel_run::OPERATION)
}
