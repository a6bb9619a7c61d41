//! Written by `cargo xtask generate`: the Lambda function `end-two-factor`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::end_two_factor::OPERATION)
}
