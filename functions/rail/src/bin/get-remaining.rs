//! Written by `cargo xtask generate`: the Lambda function `get-remaining`.

fn main() -> std::process::ExitCode {
    runtime::serve(&rail::get_remaining::OPERATION)
}
