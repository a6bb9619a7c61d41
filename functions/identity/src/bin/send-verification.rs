//! Written by `cargo xtask generate`: the Lambda function `send-verification`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::send_verification::OPERATION)
}
