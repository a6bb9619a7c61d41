//! Reading what operators import: CSV files with a heading, each wrong place told by its line and column.

pub(crate) mod content;
pub(crate) mod stations;
pub(crate) mod table;
pub(crate) mod trains;

/// Something wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The line, from 1, which is the heading.
    pub(crate) line: u64,
    /// The column's name; none where the line as a whole is wrong.
    pub(crate) column: Option<&'static str>,
    /// What is wrong.
    pub(crate) reason: String,
}

impl Wrong {
    pub(crate) fn line(line: u64, reason: impl std::fmt::Display) -> Self {
        Self { line, column: None, reason: reason.to_string() }
    }

    pub(crate) fn at(line: u64, column: &'static str, reason: impl std::fmt::Display) -> Self {
        Self { line, column: Some(column), reason: reason.to_string() }
    }

    /// How the place is called in details: `trains[12].depart`.
    pub(crate) fn place(&self, file: &str) -> String {
        let line = self.line;
        self.column.map_or_else(|| format!("{file}[{line}]"), |column| format!("{file}[{line}].{column}"))
    }
}
