//! Written by `cargo xtask generate`: the Lambda function `search-runs`.

fn main() -> std::process::ExitCode {
    runtime::serve(&rail::search_runs::OPERATION)
}
