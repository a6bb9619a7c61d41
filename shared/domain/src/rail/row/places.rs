//! Seats with stretches: what is asked for, held and sold in a row.

use crate::rail::stretch::Stretch;

/// One seat of a row for one stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The seat's number in the row, from 0.
    pub seat: u8,
    /// From where to where.
    pub stretch: Stretch,
}

impl Place {
    /// Whether the two are of one seat and share a segment.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.seat == other.seat && self.stretch.overlaps(other.stretch)
    }
}

/// What one order has in a row: at least one place, sorted, no two that overlap.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Places(Vec<Place>);

/// Why places cannot be those of one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlacesError {
    /// There is none.
    #[error("must have at least one place")]
    None,
    /// There are more than an order or a row may have.
    #[error("must have at most {} places", Places::MAX)]
    TooMany,
    /// A segment of a seat is there twice.
    #[error("two places of one seat overlap")]
    Overlap,
}

impl Places {
    /// The most places of one order in one row.
    pub const MAX: usize = 16;

    /// Takes places in any order.
    pub fn new(mut places: Vec<Place>) -> Result<Self, PlacesError> {
        places.sort_unstable();
        if places.is_empty() {
            return Err(PlacesError::None);
        }
        if places.len() > Self::MAX {
            return Err(PlacesError::TooMany);
        }
        // Sorted by seat and beginning: what overlaps at all overlaps its neighbour.
        if places.windows(2).any(|pair| pair[0].overlaps(&pair[1])) {
            return Err(PlacesError::Overlap);
        }
        Ok(Self(places))
    }

    /// One place.
    pub fn one(place: Place) -> Self {
        Self(vec![place])
    }

    /// The places.
    pub fn iter(&self) -> std::slice::Iter<'_, Place> {
        self.0.iter()
    }

    /// How many there are; never 0.
    #[expect(clippy::len_without_is_empty, reason = "there is always one")]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether every segment of the others is also in these.
    pub fn cover(&self, others: &Self) -> bool {
        others.iter().all(|other| {
            let within: u16 = self.iter().map(|place| shared(*place, *other)).sum();
            within == other.stretch.segments()
        })
    }

    /// Whether the two share a segment of a seat.
    pub fn overlap(&self, other: &Self) -> bool {
        self.iter().any(|place| other.iter().any(|other| place.overlaps(other)))
    }
}

impl<'p> IntoIterator for &'p Places {
    type Item = &'p Place;
    type IntoIter = std::slice::Iter<'p, Place>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// How many segments of a seat two places share. Places of one entry never overlap, so these counts add up.
fn shared(one: Place, other: Place) -> u16 {
    if !one.overlaps(&other) {
        return 0;
    }
    one.stretch.to().min(other.stretch.to()) - one.stretch.from().max(other.stretch.from())
}
