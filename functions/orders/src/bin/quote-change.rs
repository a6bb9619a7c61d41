//! Written by `cargo xtask generate`: the Lambda function `quote-change`.

fn main() -> std::process::ExitCode {
    runtime::serve(&orders::quote_change::OPERATION)
}
