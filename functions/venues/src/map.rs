//! Seat maps on the wire: as they are written, by hand, by table or by rule, and as they are answered.

pub(crate) mod csv;
mod faults;
mod rule;
mod view;

use app::Detail;
use domain::venue::{Category, Label, Point, Row, Seat, SeatKind, SeatMap, Section};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use self::{rule::RuleDraft, view::MapView};
use crate::findings::Findings;

/// A point of the plan, in centimetres: x to the right, y away from the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PointDraft {
    #[schemars(range(min = -100_000, max = 100_000))]
    x: i64,
    #[schemars(range(min = -100_000, max = 100_000))]
    y: i64,
}

/// A map, seat by seat.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MapDraft {
    /// What the hall looks at; the origin where nothing is said.
    focus: Option<PointDraft>,
    /// At most 20 000 seats in 2 000 rows.
    #[schemars(length(min = 1, max = 200))]
    sections: Vec<SectionDraft>,
}

/// A part of the hall whose rows are named by themselves.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SectionDraft {
    /// A seat is named `stalls/12/7`.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,15}$"), example = &"stalls")]
    id: String,
    #[schemars(length(min = 1, max = 60))]
    name: String,
    /// The price category of its rows; `1` where nothing is said.
    #[schemars(length(min = 1, max = 8))]
    category: Option<String>,
    /// What its seats look at, where that is not the focus of the hall.
    focus: Option<PointDraft>,
    /// From the stage.
    #[schemars(length(min = 1, max = 2_000))]
    rows: Vec<RowDraft>,
}

/// A row, from one end to the other.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RowDraft {
    #[schemars(length(min = 1, max = 8), example = &"A")]
    name: String,
    /// Its price category, where it is not the section's.
    #[schemars(length(min = 1, max = 8))]
    category: Option<String>,
    /// The seats behind which an aisle or a wall follows: what is on its other side is no neighbour. Told from the
    /// coordinates where nothing is said.
    #[schemars(length(max = 128), inner(length(min = 1, max = 8)))]
    aisles: Option<Vec<String>>,
    /// In the order in which they stand.
    #[schemars(length(min = 1, max = 128))]
    seats: Vec<SeatDraft>,
}

/// A seat.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct SeatDraft {
    /// As it is printed.
    #[schemars(length(min = 1, max = 8), example = &"1")]
    no: String,
    /// Centimetres to the right.
    #[schemars(range(min = -100_000, max = 100_000))]
    x: i64,
    /// Centimetres away from the stage.
    #[schemars(range(min = -100_000, max = 100_000))]
    y: i64,
    /// Whom it is for; anybody where nothing is said.
    kind: Option<KindWord>,
}

/// Whom a seat is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum KindWord {
    /// Anybody.
    Regular,
    /// A wheelchair, or somebody who cannot climb.
    Accessible,
    /// Whoever comes along with an accessible seat.
    Companion,
    /// Anybody who does not mind that something stands in the way.
    RestrictedView,
}

impl From<KindWord> for SeatKind {
    fn from(word: KindWord) -> Self {
        match word {
            KindWord::Regular => Self::Regular,
            KindWord::Accessible => Self::Accessible,
            KindWord::Companion => Self::Companion,
            KindWord::RestrictedView => Self::Restricted,
        }
    }
}

impl From<SeatKind> for KindWord {
    fn from(kind: SeatKind) -> Self {
        match kind {
            SeatKind::Regular => Self::Regular,
            SeatKind::Accessible => Self::Accessible,
            SeatKind::Companion => Self::Companion,
            SeatKind::Restricted => Self::RestrictedView,
        }
    }
}

impl From<Point> for PointDraft {
    fn from(point: Point) -> Self {
        Self { x: point.x().into(), y: point.y().into() }
    }
}

impl MapDraft {
    /// Reads the map, or says everything that is wrong with it.
    pub(crate) fn read(&self) -> Result<SeatMap, Vec<Detail>> {
        let mut found = Findings::default();
        let focus = point("focus", self.focus, &mut found);
        let sections = self.sections.iter().enumerate();
        let sections = sections.map(|(place, draft)| draft.read(&format!("sections[{place}]"), &mut found));
        let sections = all(sections.collect());
        let sections: Vec<Section> = found.none(sections)?;
        SeatMap::new(focus.unwrap_or_default(), sections.clone()).map_err(|wrong| faults::details(&sections, &wrong))
    }
}

impl SectionDraft {
    fn read(&self, path: &str, found: &mut Findings) -> Option<Section> {
        let id = found.take(format!("{path}.id"), self.id.parse());
        let category = category(&format!("{path}.category"), self.category.as_deref(), found);
        let focus = point(&format!("{path}.focus"), self.focus, found);
        let name = found.line(&format!("{path}.name"), &self.name, 1, SeatMap::NAME);
        let rows = self.rows.iter().enumerate();
        let rows = rows.map(|(place, draft)| draft.read(&format!("{path}.rows[{place}]"), found));
        let rows = all(rows.collect());
        Some(Section { id: id?, name, category: category?, focus, rows: rows? })
    }
}

impl RowDraft {
    fn read(&self, path: &str, found: &mut Findings) -> Option<Row> {
        let name = label(format!("{path}.name"), &self.name, found);
        let category = self.category.as_deref().map(|text| label(format!("{path}.category"), text, found));
        let seats = self.seats.iter().enumerate();
        let seats = seats.map(|(place, draft)| draft.read(&format!("{path}.seats[{place}]"), found));
        let seats = all(seats.collect());
        let mut row = Row { label: name?, category: category.flatten().map(Category), seats: seats? };
        match &self.aisles {
            None => row.find_aisles(),
            Some(aisles) => draw_aisles(&mut row, aisles, path, found),
        }
        Some(row)
    }
}

impl SeatDraft {
    fn read(&self, path: &str, found: &mut Findings) -> Option<Seat> {
        let no = label(format!("{path}.no"), &self.no, found);
        let at = found.take(path, Point::parse(self.x, self.y));
        let kind = self.kind.map(SeatKind::from).unwrap_or_default();
        Some(Seat { label: no?, at: at?, kind, is_last: false })
    }
}

/// Puts aisles behind the seats of these numbers.
fn draw_aisles(row: &mut Row, aisles: &[String], path: &str, found: &mut Findings) {
    for (place, number) in aisles.iter().enumerate() {
        match row.seats.iter_mut().find(|seat| seat.label.as_str() == number) {
            Some(seat) => seat.is_last = true,
            None => found.wrong(format!("{path}.aisles[{place}]"), "must be the number of a seat of this row"),
        }
    }
}

/// The price category of a section; the usual one where nothing is said.
fn category(field: &str, text: Option<&str>, found: &mut Findings) -> Option<Category> {
    text.map_or_else(|| Some(usual_category()), |text| label(field.to_owned(), text, found).map(Category))
}

/// The price category of sections that say none: `1`.
fn usual_category() -> Category {
    Category(Label::from(1))
}

fn label(field: String, text: &str, found: &mut Findings) -> Option<Label> {
    found.take(field, text.parse())
}

fn point(field: &str, draft: Option<PointDraft>, found: &mut Findings) -> Option<Point> {
    draft.and_then(|draft| found.take(field, Point::parse(draft.x, draft.y)))
}

/// All of them, if there is none missing. Whoever collects options at once would not look behind the first that is.
fn all<T>(read: Vec<Option<T>>) -> Option<Vec<T>> {
    read.into_iter().collect()
}

#[cfg(test)]
mod tests;
