//! Written by `cargo xtask generate`: the Lambda function `begin-two-factor`.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::begin_two_factor::OPERATION)
}
