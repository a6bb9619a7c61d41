//! A stretch of a line: the part of a run that a passenger rides, and sets of its segments.

use std::fmt;

/// The part of something ordered from one point up to, and not with, a later one: `[from, to)`.
///
/// On a run the points are its stops, so that a seat left at a stop may be taken by another from that stop on. In the week
/// of a person (see [`super::passenger`]) they are minutes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stretch {
    from: u16,
    to: u16,
}

/// The end does not lie behind the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must end at a later stop than it begins at")]
pub struct StretchError;

impl Stretch {
    /// The stretch between two points, counted from 0.
    pub const fn new(from: u16, to: u16) -> Result<Self, StretchError> {
        if from < to { Ok(Self { from, to }) } else { Err(StretchError) }
    }

    /// Where it begins.
    pub const fn from(self) -> u16 {
        self.from
    }

    /// Where it ends; this point is not in it.
    pub const fn to(self) -> u16 {
        self.to
    }

    /// How many segments lie in it; never 0.
    pub const fn segments(self) -> u16 {
        self.to - self.from
    }

    /// Whether the two share a segment.
    pub const fn overlaps(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// Whether every segment of the other is also in this one.
    pub const fn covers(self, other: Self) -> bool {
        self.from <= other.from && other.to <= self.to
    }
}

impl fmt::Debug for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.from, self.to)
    }
}

/// A set of the segments of one run, a bit for each: what makes the search for a seat a handful of instructions per seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Segments(u128);

impl Segments {
    /// The most segments that a run may have: one less than [`super::train::Train::MAX_STOPS`].
    pub const MAX: u16 = 127;
    /// No segment.
    pub const NONE: Self = Self(0);

    /// The segments of a stretch; those beyond [`Segments::MAX`] are left out.
    pub const fn of(stretch: Stretch) -> Self {
        Self(Self::below(stretch.to) & !Self::below(stretch.from))
    }

    /// These and those.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the two share a segment.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// How many there are.
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// The longest stretch around `stretch` of which no segment is in this set, on a run of `stops` stops; nothing where
    /// one of the stretch itself is.
    pub fn gap_around(self, stretch: Stretch, stops: u16) -> Option<Stretch> {
        if self.meets(Self::of(stretch)) {
            return None;
        }
        let before = self.0 & Self::below(stretch.from);
        let behind = self.0 & !Self::below(stretch.to);
        let from = (u128::BITS - before.leading_zeros()).try_into().unwrap_or(0);
        let to = behind.trailing_zeros().try_into().unwrap_or(u16::MAX).min(stops.saturating_sub(1));
        Some(Stretch { from, to: to.max(stretch.to) })
    }

    /// The longest stretches of which no segment is in this set, in order, on a run of `stops` stops.
    pub fn gaps(self, stops: u16) -> impl Iterator<Item = Stretch> {
        let mut from = 0;
        std::iter::from_fn(move || {
            while from + 1 < stops {
                let segment = Stretch { from, to: from + 1 };
                match self.gap_around(segment, stops) {
                    Some(gap) => {
                        from = gap.to;
                        return Some(gap);
                    }
                    None => from += 1,
                }
            }
            None
        })
    }

    const fn below(point: u16) -> u128 {
        if point >= Self::MAX { u128::MAX >> 1 } else { (1 << point) - 1 }
    }
}

impl FromIterator<Stretch> for Segments {
    fn from_iter<T: IntoIterator<Item = Stretch>>(stretches: T) -> Self {
        stretches.into_iter().fold(Self::NONE, |sum, stretch| sum.with(Self::of(stretch)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stretch(from: u16, to: u16) -> Stretch {
        Stretch::new(from, to).unwrap()
    }

    #[test]
    fn a_seat_freed_at_a_stop_can_be_sold_from_that_stop() {
        let check = |one: Stretch, other: Stretch, overlap: bool| {
            assert_eq!(one.overlaps(other), overlap, "{one:?} {other:?}");
            assert_eq!(other.overlaps(one), overlap, "{other:?} {one:?}");
            assert_eq!(Segments::of(one).meets(Segments::of(other)), overlap);
        };
        check(stretch(0, 3), stretch(3, 5), false);
        check(stretch(0, 3), stretch(2, 5), true);
        check(stretch(0, 127), stretch(126, 127), true);
        check(stretch(1, 2), stretch(0, 5), true);
    }

    #[test]
    fn a_stretch_has_at_least_one_segment() {
        assert_eq!(Stretch::new(3, 3), Err(StretchError));
        assert_eq!(Stretch::new(4, 3), Err(StretchError));
        assert_eq!(stretch(3, 4).segments(), 1);
    }

    #[test]
    fn gaps_lie_between_what_is_taken() {
        let taken: Segments = [stretch(0, 2), stretch(5, 7)].into_iter().collect();
        assert_eq!(taken.gaps(10).collect::<Vec<_>>(), [stretch(2, 5), stretch(7, 9)]);
        assert_eq!(taken.gap_around(stretch(3, 4), 10), Some(stretch(2, 5)));
        assert_eq!(taken.gap_around(stretch(4, 6), 10), None);
        assert_eq!(Segments::NONE.gaps(128).collect::<Vec<_>>(), [stretch(0, 127)]);
        assert_eq!(Segments::of(stretch(0, 127)).gaps(128).count(), 0);
        assert_eq!(Segments::NONE.gaps(1).count(), 0);
    }

    fn stretches() -> impl Strategy<Value = Stretch> {
        (0..127_u16, 1..128_u16).prop_map(|(from, length)| stretch(from, (from + length).min(127)))
    }

    proptest! {
        #[test]
        fn bits_say_what_comparing_says(sold in proptest::collection::vec(stretches(), 0..8), claim in stretches()) {
            let taken: Segments = sold.iter().copied().collect();
            let is_free = !sold.iter().any(|sold| sold.overlaps(claim));
            let gap = taken.gap_around(claim, 128);
            prop_assert_eq!(gap.is_some(), is_free);
            if let Some(gap) = gap {
                prop_assert!(gap.covers(claim) && !sold.iter().any(|sold| sold.overlaps(gap)));
                prop_assert!(gap.from() == 0 || sold.iter().any(|sold| sold.to() == gap.from()));
                prop_assert!(gap.to() == 127 || sold.iter().any(|sold| sold.from() == gap.to()));
                prop_assert!(taken.gaps(128).any(|other| other == gap));
            }
            let free: u32 = taken.gaps(128).map(|gap| u32::from(gap.segments())).sum();
            prop_assert_eq!(free + taken.count(), 127);
        }
    }
}
