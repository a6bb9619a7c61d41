//! `cargo xtask bench`: builds the program and what drives it, lets it measure, and puts the report where people read it.

use std::{env, path::PathBuf, process::Command, process::Stdio};

use crate::{Outcome, generated::root, report, say};

const DOCUMENT: &str = "docs/performance.md";

/// What is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The sale of tickets: some quarter of an hour after the build.
    Sale,
    /// Numbered seats, and waiting in line: some ten minutes.
    Numbered,
    /// A railway, by the timetable in a folder: some ten minutes.
    Railway(PathBuf),
}

impl What {
    /// The section of the report.
    const fn section(&self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Numbered => "numbered",
            Self::Railway(_) => "railway",
        }
    }

    /// What follows `cargo xtask bench`.
    fn option(&self) -> String {
        match self {
            Self::Sale => String::new(),
            Self::Numbered => " --numbered".to_owned(),
            Self::Railway(timetable) => format!(" --timetable {}", timetable.display()),
        }
    }
}

/// Measures, and writes the report, or, of a `quick` measurement, shows it: its figures are too rough to be kept.
pub(crate) fn run(what: &What, quick: bool) -> Outcome<()> {
    // One after the other: built together, the program would be built with the features that its driver asks for.
    for package in ["onsale", "bench"] {
        build(package)?;
    }
    let folder = target().join("bench");
    let mut driver = Command::new(built("bench"));
    driver.arg("--program").arg(built("onsale")).arg("--folder").arg(folder);
    match what {
        What::Sale => {}
        What::Numbered => drop(driver.arg("--numbered")),
        What::Railway(timetable) => drop(driver.arg("--timetable").arg(timetable)),
    }
    if quick {
        driver.arg("--quick");
    }
    let output = driver.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err("the measurement failed; nothing was written".into());
    }
    let body = String::from_utf8(output.stdout)?;
    if quick {
        say(&body);
        return Ok(());
    }
    report::put(DOCUMENT, what.section(), &format!("cargo xtask bench{}", what.option()), &body)
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
