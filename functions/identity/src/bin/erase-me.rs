//! Written by `cargo xtask generate`: the Lambda function `erase-me`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::erase_me::OPERATION)
}
