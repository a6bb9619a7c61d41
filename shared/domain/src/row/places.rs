//! The places of a block: numbers from 0 to 15, and sets of them.

/// The place of a seat in its block: 0 to 15, from one end of the stretch to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place(u8);

/// The number is beyond the largest block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 0 to {}", Place::COUNT - 1)]
pub struct NotAPlace;

impl Place {
    /// Seats in the largest block: sixteen entries stay under 1 KiB, so that a write costs one write unit.
    pub const COUNT: u8 = 16;

    /// Takes a number.
    pub fn parse(number: u64) -> Result<Self, NotAPlace> {
        match u8::try_from(number) {
            Ok(number) if number < Self::COUNT => Ok(Self(number)),
            _ => Err(NotAPlace),
        }
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// Some places of one block: a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[must_use]
pub struct Places(u16);

impl Places {
    /// No place.
    pub const NONE: Self = Self(0);

    /// One place.
    pub const fn one(place: Place) -> Self {
        Self(1 << place.0)
    }

    /// The first `count` places; all sixteen where more are asked for.
    pub const fn first(count: u8) -> Self {
        if count >= Place::COUNT { Self(u16::MAX) } else { Self((1 << count) - 1) }
    }

    /// Takes the bits as they were stored.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// The bits: the lowest is place 0.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// How many.
    pub const fn count(self) -> u8 {
        // At most sixteen bits are set.
        self.0.count_ones().to_le_bytes()[0]
    }

    /// Whether there is none.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether this is one of them.
    pub const fn contains(self, place: Place) -> bool {
        self.0 & Self::one(place).0 != 0
    }

    /// These and those.
    pub const fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// These but not those.
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// What is in both.
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// Whether nothing is in both.
    pub const fn is_disjoint(self, others: Self) -> bool {
        self.0 & others.0 == 0
    }

    /// Whether all of these are among those.
    pub const fn is_subset_of(self, others: Self) -> bool {
        self.0 & !others.0 == 0
    }

    /// Whether all of these are in a block of that size.
    pub const fn is_within(self, size: u8) -> bool {
        self.is_subset_of(Self::first(size))
    }

    /// Each of them, from the lowest.
    pub fn iter(self) -> impl Iterator<Item = Place> {
        (0..Place::COUNT).map(Place).filter(move |place| self.contains(*place))
    }
}

impl FromIterator<Place> for Places {
    fn from_iter<I: IntoIterator<Item = Place>>(places: I) -> Self {
        places.into_iter().fold(Self::NONE, |all, place| all.with(Self::one(place)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_one_of_sixteen() {
        assert_eq!(Place::parse(15).map(Place::get), Ok(15));
        assert_eq!(Place::parse(16), Err(NotAPlace));
        assert_eq!(Place::parse(u64::MAX), Err(NotAPlace));
    }

    #[test]
    fn places_are_a_set() {
        let of = |numbers: &[u64]| numbers.iter().map(|number| Place::parse(*number).unwrap()).collect::<Places>();
        let three = of(&[0, 3, 15]);
        assert_eq!(three.bits(), 0b1000_0000_0000_1001);
        assert_eq!(three.iter().map(Place::get).collect::<Vec<_>>(), [0, 3, 15]);
        assert_eq!((three.count(), Places::first(20).count(), Places::first(0)), (3, 16, Places::NONE));
        assert!(three.is_within(16) && !three.is_within(15) && of(&[0, 3]).is_within(4));
        assert_eq!((three.without(of(&[3, 4])), three.and(of(&[3, 4]))), (of(&[0, 15]), of(&[3])));
        assert!(three.is_disjoint(of(&[1])) && of(&[3]).is_subset_of(three));
    }
}
