//! Written by `cargo xtask generate`: the Lambda function `accept-invitation`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::accept_invitation::OPERATION)
}
