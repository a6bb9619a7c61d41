//! Written by `cargo xtask generate`: the Lambda function `request-refund`.

fn main() -> std::process::ExitCode {
    runtime::serve(&payments::request_refund::OPERATION)
}
