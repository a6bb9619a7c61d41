//! Written by `cargo xtask generate`: the Lambda function `generate-map`.

fn main() -> std::process::ExitCode {
    runtime::serve(&venues::generate_map::OPERATION)
}
