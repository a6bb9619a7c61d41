//! Written by `cargo xtask generate`: the Lambda function `import-map`.

fn main() -> std::process::ExitCode {
    runtime::serve(&venues::import_map::OPERATION)
}
