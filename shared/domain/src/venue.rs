//! Venues and their seat maps: sections, rows and seats, with names that people read and coordinates that a plan is drawn
//! from.
//!
//! A [`SeatMap`] is proof of its limits: whatever holds one need not check them again. Its seats are numbered from 0 in the
//! order of the map ([`SeatIndex`]); that numbering belongs to one version of the map, while a seat's *name* is the same
//! seat in every version.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::VenueId;

mod address;
mod drawing;
mod grid;
mod name;
mod set;
mod version;

pub use address::{Address, Addresses, WornOut};
pub use grid::{Curve, Grid, GridError, Lettering, Numbering};
pub(crate) use name::is_word;
pub use name::{Category, Label, LabelError, SeatName, SeatNameError, SectionId, SectionIdError};
pub use set::SeatSet;
pub(crate) use set::{lowest, places};
pub use version::{Lost, Move, Version, removed};

/// A place where events are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Venue {
    /// Its id.
    pub id: VenueId,
    /// What it is called; at most 200 characters.
    pub name: String,
    /// City.
    pub city: String,
    /// Street address.
    pub address: String,
    /// The number of the newest version of its seat map; 0 before there is one.
    pub newest: u32,
    /// Counts the changes.
    pub version: u32,
}

/// A point of the plan, in centimetres: x to the right, y away from the stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Point {
    x: i32,
    y: i32,
}

/// The point is off the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be -{0} to {0} centimetres", Point::MOST)]
pub struct OffThePlan;

impl Point {
    /// How far a coordinate goes in either direction: a kilometre.
    pub const MOST: i32 = 100_000;

    /// Takes two coordinates in centimetres.
    pub fn parse(x: i64, y: i64) -> Result<Self, OffThePlan> {
        let within = |value: i64| i32::try_from(value).ok().filter(|value| value.abs() <= Self::MOST);
        within(x).zip(within(y)).map(|(x, y)| Self { x, y }).ok_or(OffThePlan)
    }

    /// Centimetres to the right.
    pub const fn x(self) -> i32 {
        self.x
    }

    /// Centimetres away from the stage.
    pub const fn y(self) -> i32 {
        self.y
    }

    /// How far apart two points are, in whole centimetres.
    pub fn distance(self, other: Self) -> u32 {
        // At most 282 842: the diagonal of the plan.
        u32::try_from(self.square_to(other).isqrt()).unwrap_or(u32::MAX)
    }

    /// The square of the distance: enough to compare.
    pub(crate) fn square_to(self, other: Self) -> u64 {
        let (x, y) = (u64::from(self.x.abs_diff(other.x)), u64::from(self.y.abs_diff(other.y)));
        x * x + y * y
    }

    /// The square of the distance to the nearest point of a box.
    pub(crate) fn square_to_box(self, low: Self, high: Self) -> u64 {
        self.square_to(Self { x: self.x.clamp(low.x, high.x), y: self.y.clamp(low.y, high.y) })
    }

    /// The point in the middle of two.
    pub(crate) const fn between(self, other: Self) -> Self {
        Self { x: i32::midpoint(self.x, other.x), y: i32::midpoint(self.y, other.y) }
    }

    /// The lower left corner of two.
    pub(crate) fn lower(self, other: Self) -> Self {
        Self { x: self.x.min(other.x), y: self.y.min(other.y) }
    }

    /// The upper right corner of two.
    pub(crate) fn upper(self, other: Self) -> Self {
        Self { x: self.x.max(other.x), y: self.y.max(other.y) }
    }
}

/// Whom a seat is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SeatKind {
    /// Anybody.
    #[default]
    Regular,
    /// A wheelchair, or somebody who cannot climb. Sold to those who ask for it.
    Accessible,
    /// Whoever comes along with an accessible seat. Sold with it.
    Companion,
    /// Anybody who does not mind that something stands in the way.
    Restricted,
}

impl SeatKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Regular, Self::Accessible, Self::Companion, Self::Restricted];

    /// The word on the wire and in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::Accessible => "accessible",
            Self::Companion => "companion",
            Self::Restricted => "restrictedView",
        }
    }

    /// Reads [`SeatKind::word`] back.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// One seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Its number as it is printed.
    pub label: Label,
    /// Where it stands.
    pub at: Point,
    /// Whom it is for.
    pub kind: SeatKind,
    /// Whether an aisle or a wall follows: then the next seat of the row is no neighbour.
    pub is_last: bool,
}

/// One row, from one end to the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name as it is printed.
    pub label: Label,
    /// Its price category, where it is not the section's.
    pub category: Option<Category>,
    /// Its seats, in the order in which they stand.
    pub seats: Vec<Seat>,
}

/// A part of the hall whose rows are named by themselves: stalls, balcony, block 104.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its id; a seat of it is `stalls/12/7`.
    pub id: SectionId,
    /// What it is called; at most [`SeatMap::NAME`] characters.
    pub name: String,
    /// The price category of its rows.
    pub category: Category,
    /// What its seats look at, where that is not the focus of the hall.
    pub focus: Option<Point>,
    /// Its rows, from the stage.
    pub rows: Vec<Row>,
}

/// The number of a seat in one version of a map: in the order of sections, rows and seats, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeatIndex(pub u16);

/// The number of a row in one version of a map, counted through all sections, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowIndex(pub u16);

/// Where a row lies in a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RowAt {
    section: u16,
    row: u16,
    first: u16,
}

/// One version of a hall's seats, within its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatMap {
    focus: Point,
    sections: Vec<Section>,
    rows: Vec<RowAt>,
    seats: u16,
}

/// What is wrong with a map, and where: the numbers count from 0 as they were given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("section {section:?}, row {row:?}: {wrong}")]
pub struct MapFault {
    /// The section; `None` where it is the map.
    pub section: Option<usize>,
    /// The row in it; `None` where it is the section.
    pub row: Option<usize>,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What can be wrong with a map.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// A map without sections, a section without rows, a row without seats.
    #[error("is empty")]
    Empty,
    /// More than the limit.
    #[error("must have at most {0}")]
    TooMany(usize),
    /// The section's name is empty or too long.
    #[error("must have a name of 1 to {} characters", SeatMap::NAME)]
    Name,
    /// Another section has this id.
    #[error("there are two sections {0}")]
    SectionTwice(SectionId),
    /// Another row of the section has this name.
    #[error("there are two rows {0}")]
    RowTwice(Label),
    /// Another seat of the row has this number.
    #[error("there are two seats {0}")]
    SeatTwice(Label),
}

impl SeatMap {
    /// Seats of a map. Every size and time in this crate is measured against it.
    pub const SEATS: usize = 20_000;
    /// Sections of a map.
    pub const SECTIONS: usize = 200;
    /// Rows of a map.
    pub const ROWS: usize = 2_000;
    /// Seats of a row: as many as the bits of a word, by which rows are searched.
    pub const IN_A_ROW: usize = 128;
    /// Characters of a section's name.
    pub const NAME: usize = 60;
    /// The most faults that are told at once.
    const FAULTS: usize = 50;

    /// Takes sections as they are drawn, or says everything that is wrong with them.
    pub fn new(focus: Point, sections: Vec<Section>) -> Result<Self, Vec<MapFault>> {
        let mut faults = faults(&sections);
        if !faults.is_empty() {
            faults.truncate(Self::FAULTS);
            return Err(faults);
        }
        let (mut rows, mut seats) = (Vec::new(), 0);
        for (number, section) in (0_u16..).zip(&sections) {
            for (row, found) in (0_u16..).zip(&section.rows) {
                rows.push(RowAt { section: number, row, first: seats });
                seats += u16::try_from(found.seats.len()).unwrap_or(u16::MAX);
            }
        }
        Ok(Self { focus, sections, rows, seats })
    }

    /// What the hall looks at.
    pub const fn focus(&self) -> Point {
        self.focus
    }

    /// The sections, in order.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// How many seats there are.
    pub const fn len(&self) -> u16 {
        self.seats
    }

    /// Whether there is no seat; a map always has one.
    pub const fn is_empty(&self) -> bool {
        self.seats == 0
    }

    /// How many rows there are.
    pub fn row_count(&self) -> u16 {
        u16::try_from(self.rows.len()).unwrap_or(u16::MAX)
    }

    /// Every row with its section and the index of its first seat, in order.
    pub fn rows(&self) -> impl Iterator<Item = (RowIndex, &Section, &Row, SeatIndex)> {
        (0..self.row_count()).filter_map(|number| {
            let (section, row, first) = self.row(RowIndex(number))?;
            Some((RowIndex(number), section, row, first))
        })
    }

    /// One row with its section and the index of its first seat.
    pub fn row(&self, row: RowIndex) -> Option<(&Section, &Row, SeatIndex)> {
        let at = self.rows.get(usize::from(row.0))?;
        let section = self.sections.get(usize::from(at.section))?;
        Some((section, section.rows.get(usize::from(at.row))?, SeatIndex(at.first)))
    }

    /// The row of a seat, and its place from the row's beginning.
    pub fn place(&self, seat: SeatIndex) -> Option<(RowIndex, u8)> {
        if seat.0 >= self.seats {
            return None;
        }
        let row = self.rows.partition_point(|row| row.first <= seat.0).checked_sub(1)?;
        let place = u8::try_from(seat.0 - self.rows.get(row)?.first).ok()?;
        Some((RowIndex(u16::try_from(row).ok()?), place))
    }

    /// The name of a seat.
    pub fn name(&self, seat: SeatIndex) -> Option<SeatName> {
        let (row, place) = self.place(seat)?;
        let (section, row, _) = self.row(row)?;
        let found = row.seats.get(usize::from(place))?;
        Some(SeatName { section: section.id.clone(), row: row.label.clone(), seat: found.label.clone() })
    }

    /// The price category of a row.
    pub fn category(&self, row: RowIndex) -> Option<&Category> {
        self.row(row).map(|(section, row, _)| row.category.as_ref().unwrap_or(&section.category))
    }

    /// The seat of a name. Looking for many, ask [`SeatMap::names`] once.
    pub fn find(&self, name: &SeatName) -> Option<SeatIndex> {
        let found = self.rows().find(|(_, section, row, _)| section.id == name.section && row.label == name.row);
        let (_, _, row, first) = found?;
        let place = row.seats.iter().position(|seat| seat.label == name.seat)?;
        Some(SeatIndex(first.0 + u16::try_from(place).ok()?))
    }

    /// Every seat by its name.
    pub fn names(&self) -> BTreeMap<SeatName, SeatIndex> {
        (0..self.seats).filter_map(|seat| Some((self.name(SeatIndex(seat))?, SeatIndex(seat)))).collect()
    }
}

impl Row {
    /// Tells aisles from the coordinates, for maps that do not say where they are: wherever two seats stand more than one and
    /// a half times as far apart as the closest two of the row.
    pub fn find_aisles(&mut self) {
        let gaps: Vec<u32> = self.seats.windows(2).map(|pair| pair[0].at.distance(pair[1].at)).collect();
        let Some(closest) = gaps.iter().copied().filter(|gap| *gap > 0).min() else {
            return;
        };
        for (seat, gap) in self.seats.iter_mut().zip(gaps) {
            seat.is_last = gap * 2 > closest * 3;
        }
    }

    /// The seats between two aisles, as ranges of places: only seats of one stretch are neighbours.
    pub fn stretches(&self) -> Vec<std::ops::Range<usize>> {
        let mut first = 0;
        let ends = (1..=self.seats.len()).filter(|end| *end == self.seats.len() || self.seats[end - 1].is_last);
        ends.map(|end| std::mem::replace(&mut first, end)..end).collect()
    }
}

fn faults(sections: &[Section]) -> Vec<MapFault> {
    let mut faults = Vec::new();
    let mut note = |section, row, wrong| faults.push(MapFault { section, row, wrong });
    let rows = sections.iter().map(|section| section.rows.len()).sum::<usize>();
    let seats = sections.iter().flat_map(|section| &section.rows).map(|row| row.seats.len()).sum::<usize>();
    if sections.is_empty() {
        note(None, None, Wrong::Empty);
    }
    for (count, most) in [(sections.len(), SeatMap::SECTIONS), (rows, SeatMap::ROWS), (seats, SeatMap::SEATS)] {
        if count > most {
            note(None, None, Wrong::TooMany(most));
        }
    }
    let mut ids = BTreeSet::new();
    for (number, section) in sections.iter().enumerate() {
        if !ids.insert(&section.id) {
            note(Some(number), None, Wrong::SectionTwice(section.id.clone()));
        }
        if !(1..=SeatMap::NAME).contains(&section.name.trim().chars().count()) {
            note(Some(number), None, Wrong::Name);
        }
        if section.rows.is_empty() {
            note(Some(number), None, Wrong::Empty);
        }
        let mut labels = BTreeSet::new();
        for (row, found) in section.rows.iter().enumerate() {
            if !labels.insert(&found.label) {
                note(Some(number), Some(row), Wrong::RowTwice(found.label.clone()));
            }
            if found.seats.is_empty() {
                note(Some(number), Some(row), Wrong::Empty);
            }
            if found.seats.len() > SeatMap::IN_A_ROW {
                note(Some(number), Some(row), Wrong::TooMany(SeatMap::IN_A_ROW));
            }
            let mut numbers = BTreeSet::new();
            for seat in found.seats.iter().filter(|seat| !numbers.insert(&seat.label)) {
                note(Some(number), Some(row), Wrong::SeatTwice(seat.label.clone()));
            }
        }
    }
    faults
}

#[cfg(test)]
pub(crate) mod tests;
