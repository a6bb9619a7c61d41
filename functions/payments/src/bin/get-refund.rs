//! Written by `cargo xtask generate`: the Lambda function `get-refund`.

fn main() -> std::process::ExitCode {
    runtime::serve(&payments::get_refund::OPERATION)
}
