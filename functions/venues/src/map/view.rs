//! A map as it is answered: what was written, with aisles and categories told.

use domain::venue::{Row, Seat, SeatKind, Section, Version};
use schemars::JsonSchema;
use serde::Serialize;

use super::{KindWord, PointDraft};

/// A version of a map. Seats are numbered from 0 in the order in which they stand here: that is how states of seats are
/// packed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MapView {
    version: u32,
    /// How many there are.
    seats: u16,
    focus: PointDraft,
    sections: Vec<SectionView>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SectionView {
    /// A seat is named `stalls/12/7`.
    id: String,
    name: String,
    /// The price category of its rows.
    category: String,
    /// What its seats look at, where that is not the focus of the hall.
    #[serde(skip_serializing_if = "Option::is_none")]
    focus: Option<PointDraft>,
    rows: Vec<RowView>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RowView {
    name: String,
    /// Its price category, where it is not the section's.
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    /// The seats behind which an aisle or a wall follows.
    aisles: Vec<String>,
    seats: Vec<SeatView>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct SeatView {
    /// As it is printed.
    no: String,
    /// Centimetres to the right.
    x: i32,
    /// Centimetres away from the stage.
    y: i32,
    /// Whom it is for; anybody where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<KindWord>,
}

impl MapView {
    pub(crate) fn of(version: &Version) -> Self {
        let map = version.map();
        Self {
            version: version.number(),
            seats: map.len(),
            focus: map.focus().into(),
            sections: map.sections().iter().map(SectionView::of).collect(),
        }
    }
}

impl SectionView {
    fn of(section: &Section) -> Self {
        Self {
            id: section.id.to_string(),
            name: section.name.clone(),
            category: section.category.to_string(),
            focus: section.focus.map(PointDraft::from),
            rows: section.rows.iter().map(RowView::of).collect(),
        }
    }
}

impl RowView {
    fn of(row: &Row) -> Self {
        Self {
            name: row.label.to_string(),
            category: row.category.as_ref().map(ToString::to_string),
            aisles: row.seats.iter().filter(|seat| seat.is_last).map(|seat| seat.label.to_string()).collect(),
            seats: row.seats.iter().map(SeatView::of).collect(),
        }
    }
}

impl SeatView {
    fn of(seat: &Seat) -> Self {
        let kind = Some(seat.kind).filter(|kind| *kind != SeatKind::Regular).map(KindWord::from);
        Self { no: seat.label.to_string(), x: seat.at.x(), y: seat.at.y(), kind }
    }
}
