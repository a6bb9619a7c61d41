//! Written by `cargo xtask generate`: the Lambda function `unknown-route`.

fn main() -> std::process::ExitCode {
    runtime::serve(&service::unknown_route::OPERATION)
}
