//! Written by `cargo xtask generate`: the Lambda function `map-svg`.

fn main() -> std::process::ExitCode {
    runtime::serve(&venues::map_svg::OPERATION)
}
