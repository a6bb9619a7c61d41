//! Written by `cargo xtask generate`: the Lambda function `search-stations`.

fn main() -> std::process::ExitCode {
    runtime::serve(&rail::search_stations::OPERATION)
}
