//! Sets of seats: a word of bits for each row, so that neighbours are found by shifting.

use super::{RowIndex, SeatIndex, SeatMap};

/// Some seats of one version of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatSet(Vec<u128>);

impl SeatSet {
    /// No seat of a map.
    pub fn none(map: &SeatMap) -> Self {
        Self(vec![0; usize::from(map.row_count())])
    }

    /// No seat of the map that others are of.
    pub fn like(others: &Self) -> Self {
        Self(vec![0; others.0.len()])
    }

    /// Every seat of a map.
    pub fn all(map: &SeatMap) -> Self {
        Self(map.rows().map(|(_, _, row, _)| lowest(row.seats.len())).collect())
    }

    /// These seats of a map; indices that it does not have are left out.
    pub fn of(map: &SeatMap, seats: impl IntoIterator<Item = SeatIndex>) -> Self {
        let mut set = Self::none(map);
        for seat in seats {
            set.insert(map, seat);
        }
        set
    }

    /// A row's seats: bit 0 is the first of the row.
    pub fn row(&self, row: RowIndex) -> u128 {
        self.0.get(usize::from(row.0)).copied().unwrap_or(0)
    }

    /// The rows, in order.
    pub fn rows(&self) -> &[u128] {
        &self.0
    }

    /// Adds seats of a row.
    pub fn insert_row(&mut self, row: RowIndex, seats: u128) {
        if let Some(word) = self.0.get_mut(usize::from(row.0)) {
            *word |= seats;
        }
    }

    /// Takes seats of a row away.
    pub fn remove_row(&mut self, row: RowIndex, seats: u128) {
        if let Some(word) = self.0.get_mut(usize::from(row.0)) {
            *word &= !seats;
        }
    }

    /// Adds a seat.
    pub fn insert(&mut self, map: &SeatMap, seat: SeatIndex) {
        if let Some((row, place)) = map.place(seat) {
            self.insert_row(row, 1 << place);
        }
    }

    /// Whether a seat is among them.
    pub fn contains(&self, map: &SeatMap, seat: SeatIndex) -> bool {
        map.place(seat).is_some_and(|(row, place)| self.row(row) >> place & 1 == 1)
    }

    /// Adds those.
    pub fn add(&mut self, others: &Self) {
        self.0.iter_mut().zip(&others.0).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// Takes those away.
    pub fn remove(&mut self, others: &Self) {
        self.0.iter_mut().zip(&others.0).for_each(|(mine, theirs)| *mine &= !theirs);
    }

    /// Leaves only what is among those, too.
    pub fn keep(&mut self, others: &Self) {
        let mut theirs = others.0.iter();
        self.0.iter_mut().for_each(|mine| *mine &= theirs.next().copied().unwrap_or(0));
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.iter().map(|row| row.count_ones() as usize).sum()
    }

    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        self.0.iter().all(|row| *row == 0)
    }

    /// Each of them in the order of the map.
    pub fn iter<'s>(&'s self, map: &'s SeatMap) -> impl Iterator<Item = SeatIndex> + 's {
        map.rows().flat_map(move |(row, _, _, first)| {
            places(self.row(row)).map(move |place| SeatIndex(first.0 + u16::from(place)))
        })
    }
}

/// The lowest `count` bits.
pub(crate) const fn lowest(count: usize) -> u128 {
    if count >= 128 { u128::MAX } else { (1 << count) - 1 }
}

/// The places of the bits that are set, from the lowest.
pub(crate) fn places(mut bits: u128) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let place = u8::try_from(bits.trailing_zeros()).ok().filter(|place| *place < 128)?;
        bits &= bits - 1;
        Some(place)
    })
}
