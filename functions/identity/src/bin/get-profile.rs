//! Written by `cargo xtask generate`: the Lambda function `get-profile`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::get_profile::OPERATION)
}
