//! A map as a table: a line for each seat.

use std::collections::{BTreeMap, HashMap};

use app::Detail;
use csv::{ReaderBuilder, StringRecord};
use domain::venue::{Category, Label, Point, Row, Seat, SeatKind, SeatMap, Section, SectionId, Wrong};

use super::{PointDraft, point, usual_category};
use crate::findings::Findings;

/// The columns that must be there, and those that may.
const NEEDED: [&str; 5] = ["section", "row", "seat", "x", "y"];
const KIND: &str = "kind";
const CATEGORY: &str = "category";

/// Reads a table, or says everything that is wrong with it: each field is named by its line, as an editor counts them, and
/// its column: `csv[4].seat`.
pub(crate) fn read(text: &str, focus: Option<&PointDraft>) -> Result<SeatMap, Vec<Detail>> {
    let mut found = Findings::default();
    let focus = point("focus", focus.copied(), &mut found).unwrap_or_default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut table = ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let names = table.headers().map(clean).unwrap_or_default();
    let column = |name: &str| names.iter().position(|known| known == name);
    for name in NEEDED.into_iter().filter(|name| column(name).is_none()) {
        found.wrong("csv[1]", format_args!("must name the column {name}"));
    }
    let columns: HashMap<&str, usize> =
        NEEDED.into_iter().chain([KIND, CATEGORY]).filter_map(|name| Some((name, column(name)?))).collect();
    let mut found = found.go_on()?;
    let mut halls = Sections::default();
    for record in table.records() {
        match record {
            Ok(record) => halls.add(&Line::of(&record, &columns), &mut found),
            Err(error) => {
                found.wrong(format!("csv[{}]", error.position().map_or(0, csv::Position::line)), "cannot be read");
            }
        }
        if halls.seats.len() > SeatMap::SEATS {
            found.wrong("csv", format_args!("must have at most {} seats", SeatMap::SEATS));
            break;
        }
    }
    let mut sections = found.none(Some(halls.all))?;
    sections.iter_mut().flat_map(|section| &mut section.rows).for_each(Row::find_aisles);
    SeatMap::new(focus, sections.clone()).map_err(|faults| {
        let detail = |fault: &domain::venue::MapFault| {
            let section = fault.section.and_then(|place| sections.get(place)).map(|section| section.id.clone());
            let line = section.and_then(|section| halls.lines.get(&section));
            let field = line.map_or_else(|| "csv".to_owned(), |line| format!("csv[{line}]"));
            let reason = match &fault.wrong {
                Wrong::TooMany(most) if fault.row.is_some() => format!("must have at most {most} seats in a row"),
                wrong => wrong.to_string(),
            };
            Detail { field, reason }
        };
        faults.iter().map(detail).collect()
    })
}

/// The names of columns, whatever their case.
fn clean(names: &StringRecord) -> Vec<String> {
    names.iter().map(str::to_ascii_lowercase).collect()
}

/// A line of the table.
struct Line<'r> {
    number: u64,
    record: &'r StringRecord,
    columns: &'r HashMap<&'r str, usize>,
}

impl<'r> Line<'r> {
    fn of(record: &'r StringRecord, columns: &'r HashMap<&'r str, usize>) -> Self {
        Self { number: record.position().map_or(0, csv::Position::line), record, columns }
    }

    /// The text of a column; empty where the line ends before it.
    fn text(&self, column: &str) -> &'r str {
        self.columns.get(column).and_then(|place| self.record.get(*place)).unwrap_or_default()
    }

    fn field(&self, column: &str) -> String {
        format!("csv[{}].{column}", self.number)
    }

    /// Reads a column, or notes why it cannot be.
    fn take<T: std::str::FromStr<Err: std::fmt::Display>>(&self, column: &str, found: &mut Findings) -> Option<T> {
        found.take(self.field(column), self.text(column).parse())
    }

    fn coordinate(&self, column: &str, found: &mut Findings) -> Option<i64> {
        let within = self.text(column).parse().ok().filter(|value| Point::parse(*value, 0).is_ok());
        found.take(self.field(column), within.ok_or(domain::venue::OffThePlan))
    }

    fn kind(&self, found: &mut Findings) -> Option<SeatKind> {
        match self.text(KIND) {
            "" => Some(SeatKind::default()),
            word => {
                let words = SeatKind::ALL.map(SeatKind::word).join(", ");
                found.take(self.field(KIND), SeatKind::of_word(word).ok_or(["must be one of ", &words].concat()))
            }
        }
    }

    /// The category, where there is one that can be read.
    fn category(&self, found: &mut Findings) -> Option<Category> {
        if self.text(CATEGORY).is_empty() { None } else { self.take(CATEGORY, found).map(Category) }
    }
}

/// The sections so far, in the order in which they were met.
#[derive(Default)]
struct Sections {
    all: Vec<Section>,
    /// In which line a section begins.
    lines: BTreeMap<SectionId, u64>,
    /// Where a row is: section and row.
    rows: HashMap<(SectionId, Label), (usize, usize)>,
    /// In which line a seat is.
    seats: HashMap<(SectionId, Label, Label), u64>,
}

impl Sections {
    fn add(&mut self, line: &Line<'_>, found: &mut Findings) {
        let (section, row, seat) = (line.take("section", found), line.take("row", found), line.take("seat", found));
        let (x, y) = (line.coordinate("x", found), line.coordinate("y", found));
        let (kind, category) = (line.kind(found), line.category(found));
        let (Some(section), Some(row), Some(label)) = (section, row, seat) else { return };
        let (Some(x), Some(y), Some(kind)) = (x, y, kind) else { return };
        let name: (SectionId, Label, Label) = (section, row, label);
        if let Some(first) = self.seats.insert(name.clone(), line.number) {
            found.wrong(line.field("seat"), format_args!("is the seat of line {first} again"));
            return;
        }
        let (section, row, label) = name;
        let Ok(at) = Point::parse(x, y) else { return };
        let place = self.row(section, row, category.as_ref(), line.number);
        let Some(found_row) = self.all.get_mut(place.0).and_then(|section| section.rows.get_mut(place.1)) else {
            return;
        };
        if found_row.category != category {
            found.wrong(line.field(CATEGORY), "must be the same for all seats of a row");
        }
        found_row.seats.push(Seat { label, at, kind, is_last: false });
    }

    /// Where a row is; a new one where it was not met before.
    fn row(&mut self, section: SectionId, label: Label, category: Option<&Category>, line: u64) -> (usize, usize) {
        if let Some(place) = self.rows.get(&(section.clone(), label.clone())) {
            return *place;
        }
        let known = self.all.iter().position(|known| known.id == section);
        let number = known.unwrap_or_else(|| {
            self.lines.insert(section.clone(), line);
            let (name, category) = (section.to_string(), usual_category());
            self.all.push(Section { id: section.clone(), name, category, focus: None, rows: Vec::new() });
            self.all.len() - 1
        });
        let rows = &mut self.all[number].rows;
        rows.push(Row { label: label.clone(), category: category.cloned(), seats: Vec::new() });
        let place = (number, rows.len() - 1);
        self.rows.insert((section, label), place);
        place
    }
}
