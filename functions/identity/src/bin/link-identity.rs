//! Written by `cargo xtask generate`: the Lambda function `link-identity`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::link_identity::OPERATION)
}
