//! Written by `cargo xtask generate`: the Lambda function `get-venue`.

fn main() -> std::process::ExitCode {
    runtime::serve(&venues::get_venue::OPERATION)
}
