//! Written by `cargo xtask generate`: the Lambda function `login`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::login::OPERATION)
}
