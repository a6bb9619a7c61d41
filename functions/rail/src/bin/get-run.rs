//! Written by `cargo xtask generate`: the Lambda function `get-run`.

fn main() -> std::process::ExitCode {
    runtime::serve(&rail::get_run::OPERATION)
}
