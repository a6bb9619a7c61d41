//! `functions/<area>/src/bin/*.rs`, and the tables of each area's `Cargo.toml` that name them.

use std::path::PathBuf;

use crate::{
    Outcome,
    areas::{Area, Function},
    generated::{Generated, read},
};

const BEGIN: &str = "# Written by `cargo xtask generate`, to the end of the file: one binary for each function.";

/// Where an area's binaries are.
pub(crate) fn folder(area: &str) -> PathBuf {
    ["functions", area, "src", "bin"].iter().collect()
}

/// An area's binaries and its manifest.
pub(crate) fn of(area: &Area) -> Outcome<Vec<Generated>> {
    let path = format!("functions/{}/Cargo.toml", area.name);
    let manifest = manifest(&read(&path)?, area);
    let mut files = vec![Generated::derived(path, manifest)];
    files.extend(area.functions().map(|function| {
        Generated::derived(folder(area.name).join(format!("{}.rs", function.name())), source(area.name, function))
    }));
    Ok(files)
}

fn source(area: &str, function: Function) -> String {
    let module = function.module();
    let (start, item) = match function {
        Function::Operation(_) => ("serve", "OPERATION"),
        Function::Worker(_) => ("consume", "WORKER"),
    };
    format!(
        "//! Written by `cargo xtask generate`: the Lambda function `{}`.\n\n\
         fn main() -> std::process::ExitCode {{\n    runtime::{start}(&{area}::{module}::{item})\n}}\n",
        function.name()
    )
}

/// What people wrote, without automatic discovery of binaries, and the list of binaries after it.
fn manifest(current: &str, area: &Area) -> String {
    let written = current.split(BEGIN).next().unwrap_or_default().trim_end();
    let written = if written.contains("autobins = false") {
        written.to_owned()
    } else {
        written.replacen("\nedition", "\nautobins = false\nedition", 1)
    };
    let tables: String = area.functions().map(|function| table(function.name())).collect();
    if tables.is_empty() { format!("{written}\n") } else { format!("{written}\n\n{BEGIN}\n{tables}") }
}

fn table(name: &str) -> String {
    format!("\n[[bin]]\nname = \"{name}\"\npath = \"src/bin/{name}.rs\"\ntest = false\nbench = false\ndoc = false\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_keeps_what_people_wrote_and_is_the_same_when_written_again() {
        static ONE: &[&app::Operation] = &[&service::healthz::OPERATION];
        let area = Area { name: "orders", operations: ONE, workers: &[] };
        let once = manifest("[package]\nname = \"orders\"\nedition.workspace = true\n", &area);
        assert!(once.starts_with("[package]\nname = \"orders\"\nautobins = false\nedition"), "{once}");
        assert!(once.ends_with(
            "[[bin]]\nname = \"healthz\"\npath = \"src/bin/healthz.rs\"\ntest = false\nbench = false\ndoc = false\n"
        ));
        assert_eq!(manifest(&once, &area), once);
    }
}
