//! Reports: what was measured, written where people read it, with where it comes from.
//!
//! A report owns one section of a document, between two comments that name it. The rest of the document is people's.

use std::{fs, process::Command};

use crate::{
    Outcome,
    generated::{read, root},
};

/// Puts a body of Markdown into its section of a document, under a line that says by which command, where and when it was
/// made. `command` is what a stranger types to repeat it.
///
/// # Errors
/// The document has no such section, or cannot be written.
pub(crate) fn put(document: &str, section: &str, command: &str, body: &str) -> Outcome<()> {
    let text = read(document)?;
    let replaced = replace(&text, section, &format!("{}\n\n{}", origin(command), body.trim()))
        .ok_or_else(|| format!("{document} has no section {section}"))?;
    Ok(fs::write(root().join(document), replaced)?)
}

/// The text with another body in a section; nothing if there is no such section.
fn replace(text: &str, section: &str, body: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- begin {section} -->"), format!("<!-- end {section} -->"));
    let (before, rest) = text.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{body}\n{end}{after}"))
}

/// By which command, on which machine, of which commit, when.
fn origin(command: &str) -> String {
    let commit = said("git", &["rev-parse", "--short", "HEAD"]);
    let changed = if said("git", &["status", "--porcelain"]).is_empty() { "" } else { " with changes" };
    let rustc = said("rustc", &["--version"]);
    let today = said("date", &["-u", "+%Y-%m-%d"]);
    format!("`{command}`, commit {commit}{changed}, {today}, {}, {rustc}:", machine())
}

/// What a program prints in the project's root; empty if it cannot be run.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(root()).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// Processor, number of cores, and memory, as Linux tells them.
fn machine() -> String {
    let told = |path: &str, name: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kib: u64 = told("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse().unwrap_or_default();
    format!("{cores} cores of {}, {} GiB", told("/proc/cpuinfo", "model name"), kib.div_ceil(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_replaced_and_nothing_else() {
        let text = "a\n<!-- begin x -->\nold\n<!-- end x -->\nb";
        assert_eq!(replace(text, "x", "new").as_deref(), Some("a\n<!-- begin x -->\nnew\n<!-- end x -->\nb"));
        assert_eq!(replace(text, "y", "new"), None);
    }
}
