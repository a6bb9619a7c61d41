//! Written by `cargo xtask generate`: the Lambda function `end-session`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::end_session::OPERATION)
}
