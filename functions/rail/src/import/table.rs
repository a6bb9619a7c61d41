//! CSV with a heading (RFC 4180), read line by line. Columns are found by their names, in any order; others are left alone.

use std::str::FromStr;

use csv::{ReaderBuilder, StringRecord, Trim};

use super::Wrong;

/// The rows of a file.
pub(crate) struct Table {
    /// Where each column of ours stands, if it is there.
    places: Vec<(&'static str, Option<usize>)>,
    rows: Vec<(u64, StringRecord)>,
}

/// One row.
#[derive(Clone, Copy)]
pub(crate) struct Row<'t> {
    table: &'t Table,
    /// On which line of the file it begins.
    pub(crate) line: u64,
    record: &'t StringRecord,
}

/// A column: its name, and what else it may be called.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) also: &'static [&'static str],
    pub(crate) needed: bool,
}

/// A column that must be there.
pub(crate) const fn needed(name: &'static str) -> Column {
    Column { name, also: &[], needed: true }
}

/// A column that may be missing.
pub(crate) const fn optional(name: &'static str) -> Column {
    Column { name, also: &[], needed: false }
}

impl Table {
    /// Reads a file with these columns.
    pub(crate) fn read(text: &str, columns: &[Column]) -> Result<Self, Vec<Wrong>> {
        let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(text.as_bytes());
        let headings = reader.headers().map_err(|error| vec![wrong_line(&error)])?.clone();
        let place = |name: &str| headings.iter().position(|heading| heading.eq_ignore_ascii_case(name));
        let find = |column: &Column| place(column.name).or_else(|| column.also.iter().find_map(|name| place(name)));
        let places: Vec<_> = columns.iter().map(|column| (column.name, find(column))).collect();
        let missing = columns.iter().zip(&places).filter(|(column, (_, place))| column.needed && place.is_none());
        let mut wrong: Vec<Wrong> =
            missing.map(|(column, _)| Wrong::at(1, column.name, "the column is missing")).collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            match record {
                Ok(record) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    rows.push((line, record));
                }
                Err(error) => wrong.push(wrong_line(&error)),
            }
        }
        if rows.is_empty() && wrong.is_empty() {
            wrong.push(Wrong::line(1, "there is no line behind the heading"));
        }
        if wrong.is_empty() { Ok(Self { places, rows }) } else { Err(wrong) }
    }

    /// The rows in their order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, record)| Row { table: self, line: *line, record })
    }
}

impl<'t> Row<'t> {
    /// What stands in a column; nothing where it is empty or missing.
    pub(crate) fn text(&self, column: &str) -> Option<&'t str> {
        let (_, place) = self.table.places.iter().find(|(name, _)| *name == column)?;
        self.record.get((*place)?).filter(|text| !text.is_empty())
    }

    /// The value in a column, or nothing where it is empty. What cannot be read is noted.
    pub(crate) fn value<T: FromStr<Err: std::fmt::Display>>(
        &self,
        column: &'static str,
        wrong: &mut Vec<Wrong>,
    ) -> Option<T> {
        match self.text(column)?.parse() {
            Ok(value) => Some(value),
            Err(reason) => {
                wrong.push(Wrong::at(self.line, column, reason));
                None
            }
        }
    }

    /// The number in a column, or nothing where it is empty. What is none is noted.
    pub(crate) fn number(&self, column: &'static str, wrong: &mut Vec<Wrong>) -> Option<u32> {
        let number = self.text(column)?.parse().ok();
        if number.is_none() {
            wrong.push(Wrong::at(self.line, column, "must be a whole number"));
        }
        number
    }

    /// The value in a column that must not be empty.
    pub(crate) fn needed<T: FromStr<Err: std::fmt::Display>>(
        &self,
        column: &'static str,
        wrong: &mut Vec<Wrong>,
    ) -> Option<T> {
        if self.text(column).is_none() {
            wrong.push(Wrong::at(self.line, column, "is missing"));
        }
        self.value(column, wrong)
    }
}

fn wrong_line(error: &csv::Error) -> Wrong {
    let line = error.position().map_or(1, csv::Position::line);
    let reason = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} fields where the heading has {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "is no text in UTF-8".to_owned(),
        _ => "is not readable".to_owned(),
    };
    Wrong::line(line, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 2] = [needed("name"), optional("km")];

    fn wrong(text: &str) -> Vec<String> {
        let wrong = Table::read(text, &COLUMNS).err().unwrap();
        wrong.iter().map(|wrong| format!("{}: {}", wrong.place("f"), wrong.reason)).collect()
    }

    #[test]
    fn columns_are_found_by_their_names() {
        let table = Table::read("x,KM,Name\n1, 5 ,\"a, b\"\n,,c\n", &COLUMNS).unwrap();
        let rows: Vec<_> = table.rows().map(|row| (row.line, row.text("name"), row.text("km"))).collect();
        assert_eq!(rows, [(2, Some("a, b"), Some("5")), (3, Some("c"), None)]);
        let mut noted = Vec::new();
        let first = table.rows().next().unwrap();
        assert_eq!(first.number("km", &mut noted), Some(5));
        assert_eq!(first.number("name", &mut noted), None);
        assert_eq!(table.rows().nth(1).unwrap().needed::<u32>("km", &mut noted), None);
        let places: Vec<_> = noted.iter().map(|wrong| wrong.place("f")).collect();
        assert_eq!(places, ["f[2].name", "f[3].km"]);
    }

    #[test]
    fn what_is_wrong_with_lines_is_told() {
        assert_eq!(wrong("km\n1\n"), ["f[1].name: the column is missing"]);
        assert_eq!(wrong("name\n"), ["f[1]: there is no line behind the heading"]);
        let lengths = ["f[3]: has 1 fields where the heading has 2", "f[5]: has 3 fields where the heading has 2"];
        assert_eq!(wrong("name,km\na,1\nb\nc,2\nd,3,4\n"), lengths);
        assert_eq!(wrong(""), ["f[1].name: the column is missing"]);
    }
}
