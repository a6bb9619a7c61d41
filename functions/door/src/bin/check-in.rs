//! Written by `cargo xtask generate`: the Lambda function `check-in`.

fn main() -> std::process::ExitCode {
    runtime::serve(&door::check_in::OPERATION)
}
