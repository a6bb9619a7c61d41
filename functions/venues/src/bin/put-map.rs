//! Written by `cargo xtask generate`: the Lambda function `put-map`.

fn main() -> std::process::ExitCode {
    runtime::serve(&venues::put_map::OPERATION)
}
