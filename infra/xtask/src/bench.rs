//! `cargo xtask bench`: builds the program and what drives it, lets it measure, and puts the report where people read it.

use std::{env, path::PathBuf, process::Command, process::Stdio};

use crate::{Outcome, generated::root, report, say};

const DOCUMENT: &str = "docs/performance.md";
const SECTION: &str = "sale";

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it: some five minutes after the build.
    Whole,
    /// A tenth of it, which is only shown: its figures are too rough to be kept.
    Quick,
}

/// Measures the sale and writes the report.
pub(crate) fn run(extent: Extent) -> Outcome<()> {
    // One after the other: built together, the program would be built with the features that its driver asks for.
    for package in ["onsale", "bench"] {
        build(package)?;
    }
    let folder = target().join("bench");
    let mut driver = Command::new(built("bench"));
    driver.arg("--program").arg(built("onsale")).arg("--folder").arg(folder);
    if extent == Extent::Quick {
        driver.arg("--quick");
    }
    let output = driver.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err("the measurement failed; nothing was written".into());
    }
    let body = String::from_utf8(output.stdout)?;
    match extent {
        Extent::Whole => report::put(DOCUMENT, SECTION, "cargo xtask bench", &body),
        Extent::Quick => {
            say(&body);
            Ok(())
        }
    }
}

fn build(package: &str) -> Outcome<()> {
    say(&format!("building {package}"));
    let built =
        Command::new("cargo").args(["build", "--release", "--quiet", "-p", package]).current_dir(root()).status()?;
    if built.success() { Ok(()) } else { Err(format!("{package} cannot be built").into()) }
}

fn built(program: &str) -> PathBuf {
    target().join("release").join(program).with_extension(env::consts::EXE_EXTENSION)
}

#[expect(clippy::disallowed_methods, reason = "where cargo builds is not of the product's configuration")]
fn target() -> PathBuf {
    env::var("CARGO_TARGET_DIR").map_or_else(|_| root().join("target"), PathBuf::from)
}
