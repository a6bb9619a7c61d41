//! Written by `cargo xtask generate`: the Lambda function `session-counts`.

fn main() -> std::process::ExitCode {
    runtime::serve(&door::session_counts::OPERATION)
}
