//! `cargo xtask attack`: `infra/attack/attack.py` attacks the program from outside, over HTTP alone.

use std::process::Command;

use crate::{Outcome, fuzz_api, generated::root};

/// Builds the program as the tests use it, and has it attacked; fails where anything is found.
pub(crate) fn run() -> Outcome<()> {
    let program = fuzz_api::build()?;
    let script = root().join("infra/attack/attack.py");
    let done = Command::new("python3").arg(script).arg("--program").arg(program).status()?;
    if done.success() { Ok(()) } else { Err("the attack found something, or could not be made".into()) }
}
