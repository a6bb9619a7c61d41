//! Written by `cargo xtask generate`: the Lambda function `erase-account`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::erase_account::OPERATION)
}
