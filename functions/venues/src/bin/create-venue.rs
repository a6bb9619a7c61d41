//! Written by `cargo xtask generate`: the Lambda function `create-venue`.

fn main() -> std::process::ExitCode {
    runtime::serve(&venues::create_venue::OPERATION)
}
