//! `cargo xtask check`: what the continuous integration runs before the tests.

use std::process::Command;

use crate::{Outcome, generated, generated::root, say};

/// A program with its arguments, and what it takes to have it.
struct Step {
    program: &'static str,
    arguments: &'static [&'static str],
    /// Asks whether the program is there; `None` where it comes with Rust.
    probe: Option<&'static [&'static str]>,
}

const STEPS: [Step; 4] = [
    Step { program: "cargo", arguments: &["fmt", "--all", "--check"], probe: None },
    Step {
        program: "cargo",
        arguments: &["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"],
        probe: None,
    },
    Step {
        program: "cargo",
        arguments: &["deny", "--log-level", "error", "check", "licenses", "bans", "sources"],
        probe: Some(&["deny", "--version"]),
    },
    Step { program: "cfn-lint", arguments: &["template.yaml"], probe: Some(&["--version"]) },
];

/// Runs every step and fails when one did. Steps whose program is missing are named and left out.
pub(crate) fn run() -> Outcome<()> {
    let mut failed = Vec::new();
    for step in &STEPS {
        let line = format!("{} {}", step.program, step.arguments.join(" "));
        if step.probe.is_some_and(|probe| !succeeds(step.program, probe)) {
            say(&format!("skipped, because it is not installed: {line}"));
            continue;
        }
        say(&format!("running {line}"));
        let done = Command::new(step.program).args(step.arguments).current_dir(root()).status()?;
        if !done.success() {
            failed.push(line);
        }
    }
    say("running cargo xtask generate --check");
    if let Err(stale) = generated::verify() {
        say(&stale.to_string());
        failed.push("cargo xtask generate --check".to_owned());
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join("; ")).into()) }
}

/// Whether a program is there and ends well.
fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}
