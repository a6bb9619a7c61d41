//! Written by `cargo xtask generate`: the Lambda function `update-venue`.

fn main() -> std::process::ExitCode {
    runtime::serve(&venues::update_venue::OPERATION)
}
