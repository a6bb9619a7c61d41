//! Written by `cargo xtask generate`: the Lambda function `put-profile`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::put_profile::OPERATION)
}
