//! Written by `cargo xtask generate`: the Lambda function `decide-refund`.

fn main() -> std::process::ExitCode {
    runtime::serve(&payments::decide_refund::OPERATION)
}
