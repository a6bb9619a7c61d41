//! Written by `cargo xtask generate`: the Lambda function `confirm-two-factor`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::confirm_two_factor::OPERATION)
}
