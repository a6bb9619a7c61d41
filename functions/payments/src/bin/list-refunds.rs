//! Written by `cargo xtask generate`: the Lambda function `list-refunds`.

fn main() -> std::process::ExitCode {
    runtime::serve(&payments::list_refunds::OPERATION)
}
