//! Written by `cargo xtask generate`: the Lambda function `get-opening`.

fn main() -> std::process::ExitCode {
    runtime::serve(&rail::get_opening::OPERATION)
}
