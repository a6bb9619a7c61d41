//! Written by `cargo xtask generate`: the Lambda function `ticket-svg`.

fn main() -> std::process::ExitCode {
    runtime::serve(&tickets::ticket_svg::OPERATION)
}
