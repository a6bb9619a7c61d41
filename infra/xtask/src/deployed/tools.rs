//! The programs that build, deploy and emulate, from Python's index, each family in a virtual environment of its own:
//! their dependencies do not agree.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Outcome, say};

/// Builds and deploys.
const SAM: [&str; 2] = ["aws-sam-cli==1.170.0", "cargo-lambda==1.9.2"];
/// Emulates, with the transformation of SAM templates.
const EMULATOR: [&str; 1] = ["ministack[full]==1.5.33"];

/// Folders of programs.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    /// `sam` and `cargo-lambda`.
    pub(crate) sam: PathBuf,
    /// `ministack`.
    pub(crate) emulator: PathBuf,
}

impl Tools {
    /// Finds them below `scratch`, or installs them there.
    pub(crate) fn obtain(scratch: &Path) -> Outcome<Self> {
        Ok(Self {
            sam: installed(&scratch.join("sam"), &SAM)?,
            emulator: installed(&scratch.join("ministack"), &EMULATOR)?,
        })
    }
}

/// The programs of a virtual environment, which is made where what it should contain is not written in it.
fn installed(folder: &Path, packages: &[&str]) -> Outcome<PathBuf> {
    let (programs, note) = (folder.join("bin"), folder.join("onsale-packages"));
    let wanted = packages.join("\n");
    if fs::read_to_string(&note).is_ok_and(|found| found == wanted) {
        return Ok(programs);
    }
    say(&format!("installing {} in {}", packages.join(", "), folder.display()));
    succeed(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    succeed(Command::new(programs.join("pip")).args(["install", "--quiet"]).args(packages))?;
    fs::write(note, wanted)?;
    Ok(programs)
}

/// Runs a program and demands that it ends well.
pub(crate) fn succeed(command: &mut Command) -> Outcome<()> {
    let done = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if done.success() { Ok(()) } else { Err(format!("{command:?}: {done}").into()) }
}
