//! Written by `cargo xtask generate`: the Lambda function `list-venues`.

fn main() -> std::process::ExitCode {
    runtime::serve(&venues::list_venues::OPERATION)
}
