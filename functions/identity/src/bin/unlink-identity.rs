//! Written by `cargo xtask generate`: the Lambda function `unlink-identity`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::unlink_identity::OPERATION)
}
