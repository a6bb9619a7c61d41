//! Written by `cargo xtask generate`: the Lambda function `seats-svg`.

fn main() -> std::process::ExitCode {
    runtime::serve(&catalogue::seats_svg::OPERATION)
}
