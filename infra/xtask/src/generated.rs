//! What is derived: collects it, compares it with the disk, writes it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::{Outcome, areas::areas, binaries, errors_page, openapi, route_table, samples, say, template};

/// A derived file.
#[derive(Debug)]
pub(crate) struct Generated {
    /// Where, from the project's root.
    pub(crate) path: PathBuf,
    /// What is in it.
    pub(crate) content: String,
    /// Whether people may edit it.
    pub(crate) owner: Owner,
}

/// Who decides what is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The generator: any other content is stale.
    Generator,
    /// People: the generator only writes the first version.
    People,
}

impl Generated {
    /// A file that only the generator writes.
    pub(crate) fn derived(path: impl Into<PathBuf>, content: String) -> Self {
        Self { path: path.into(), content, owner: Owner::Generator }
    }

    /// A file that the generator begins and people go on with.
    pub(crate) fn begun(path: impl Into<PathBuf>, content: String) -> Self {
        Self { path: path.into(), content, owner: Owner::People }
    }

    fn is_stale(&self) -> bool {
        match (fs::read_to_string(root().join(&self.path)), self.owner) {
            (Ok(content), Owner::Generator) => content != self.content,
            (Ok(_), Owner::People) => false,
            (Err(_), _) => true,
        }
    }
}

/// The project's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Reads a file of the project.
pub(crate) fn read(path: impl AsRef<Path>) -> Outcome<String> {
    fs::read_to_string(root().join(&path)).map_err(|error| format!("{}: {error}", path.as_ref().display()).into())
}

/// Every derived file.
pub(crate) fn all() -> Outcome<Vec<Generated>> {
    let mut files = Vec::new();
    for area in areas() {
        files.extend(binaries::of(&area)?);
        files.extend(samples::of(&area)?);
    }
    files.push(template::file()?);
    files.push(openapi::file()?);
    files.push(errors_page::file());
    files.push(route_table::file());
    Ok(files)
}

/// Rewrites what is stale and removes what nothing declares any more.
pub(crate) fn write() -> Outcome<()> {
    let files = all()?;
    for file in files.iter().filter(|file| file.is_stale()) {
        let path = root().join(&file.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, &file.content)?;
        say(&format!("wrote {}", file.path.display()));
    }
    for path in orphans(&files)? {
        fs::remove_file(root().join(&path))?;
        say(&format!("removed {}", path.display()));
    }
    Ok(())
}

/// Fails where [`write`] would change anything.
pub(crate) fn verify() -> Outcome<()> {
    let stale = stale()?;
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("stale; run `cargo xtask generate`:\n  {}", stale.join("\n  ")).into())
}

/// The files that [`write`] would change or remove.
pub(crate) fn stale() -> Outcome<Vec<String>> {
    let files = all()?;
    let changed = files.iter().filter(|file| file.is_stale()).map(|file| file.path.display().to_string());
    let removed = orphans(&files)?.into_iter().map(|path| format!("{} (nothing declares it)", path.display()));
    Ok(changed.chain(removed).collect())
}

/// Binaries and sample events that belong to no operation or worker.
fn orphans(files: &[Generated]) -> Outcome<Vec<PathBuf>> {
    let expected: BTreeSet<&Path> = files.iter().map(|file| file.path.as_path()).collect();
    let mut found = Vec::new();
    for area in areas() {
        for folder in [binaries::folder(area.name), samples::folder(area.name)] {
            found.extend(listing(&folder)?);
        }
    }
    found.retain(|path| !expected.contains(path.as_path()));
    Ok(found)
}

/// The files of a folder, sorted; none where there is no such folder.
pub(crate) fn listing(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let full = root().join(folder);
    if !full.is_dir() {
        return Ok(Vec::new());
    }
    let names = fs::read_dir(full)?.map(|entry| Ok(folder.join(entry?.file_name())));
    let mut files = names.collect::<Outcome<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_committed_file_is_stale() {
        super::verify().unwrap();
    }
}
