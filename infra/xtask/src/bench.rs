//! `cargo xtask bench`: builds the program and what drives it, lets it measure, and puts the report where people read it.

use std::{env, path::PathBuf, process::Command, process::Stdio};

use crate::{Outcome, generated::root, report, say};

const DOCUMENT: &str = "docs/performance.md";

/// What is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The sale: some fifteen minutes after the build.
    Sale,
    /// A tenth of it, which is only shown: its figures are too rough to be kept.
    SaleRoughly,
    /// A railway, by the timetable in a folder.
    Railway(PathBuf),
}

/// Measures, and writes the report.
pub(crate) fn run(what: &What) -> Outcome<()> {
    // One after the other: built together, the program would be built with the features that its driver asks for.
    for package in ["onsale", "bench"] {
        build(package)?;
    }
    let folder = target().join("bench");
    let mut driver = Command::new(built("bench"));
    driver.arg("--program").arg(built("onsale")).arg("--folder").arg(folder);
    match what {
        What::Sale => {}
        What::SaleRoughly => drop(driver.arg("--quick")),
        What::Railway(timetable) => drop(driver.arg("--timetable").arg(timetable)),
    }
    let output = driver.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err("the measurement failed; nothing was written".into());
    }
    let body = String::from_utf8(output.stdout)?;
    match what {
        What::Sale => report::put(DOCUMENT, "sale", "cargo xtask bench", &body),
        What::SaleRoughly => {
            say(&body);
            Ok(())
        }
        What::Railway(timetable) => {
            let command = format!("cargo xtask bench --timetable {}", timetable.display());
            report::put(DOCUMENT, "railway", &command, &body)
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
