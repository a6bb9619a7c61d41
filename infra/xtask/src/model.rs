//! `cargo xtask model`: has the model checker explore every setting, and writes what came of it where people read it.

use std::process::{Command, Stdio};

use crate::{Outcome, generated::root, report, say};

/// What a stranger types.
const COMMAND: &str = "cargo xtask model";
/// How the line begins that says it all.
const IN_ALL: &str = "In all ";

/// Runs the checker and writes its tables.
///
/// # Errors
/// A property does not hold, or the checker cannot be run.
pub(crate) fn run() -> Outcome<()> {
    let mut checker = Command::new("cargo");
    checker.args(["run", "--release", "--package", "model"]).current_dir(root()).stderr(Stdio::inherit());
    let output = checker.output()?;
    let text = String::from_utf8(output.stdout)?;
    let Some(line) = text.lines().find(|line| line.starts_with(IN_ALL)) else {
        return Err("the model checker came to no end".into());
    };
    report::put("docs/reliability.md", "model", COMMAND, &text)?;
    report::put("docs/performance.md", "model", COMMAND, line)?;
    say(line);
    if output.status.success() { Ok(()) } else { Err("a property does not hold".into()) }
}
