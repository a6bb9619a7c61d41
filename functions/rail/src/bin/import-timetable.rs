//! Written by `cargo xtask generate`: the Lambda function `import-timetable`.

fn main() -> std::process::ExitCode {
    runtime::serve(&rail::import_timetable::OPERATION)
}
