//! One person is on one train at a time.
//!
//! A person's time is stock like any other: each week of it is a [`Row`] of one seat whose points are the week's minutes. An
//! order holds the minutes of the journey there before it holds a seat, by the same protocol and in its list, so that two
//! orders for trains that overlap meet in one item and the second is refused, whoever asks and however often. Weeks are
//! those of UTC: neither time zones nor the date of departure matter, and a journey over a week's end holds both.
//!
//! Two journeys overlap exactly if they overlap in some week: a moment that they share lies in one week, and both hold it
//! there; and what overlaps in a week overlaps.

use jiff::Timestamp;

use crate::rail::{
    row::{Kind, Place, Places, Row},
    stretch::Stretch,
};

/// Minutes of a week.
const WEEK: u16 = 7 * 24 * 60;

/// The time that a journey takes of one week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Which week, counted from 1 January 1970, a Thursday.
    pub week: u32,
    /// From which minute of it to which.
    pub minutes: Stretch,
}

/// The times do not make a journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a journey must end after it begins, after 1970 and within {} weeks", Presence::MAX_WEEKS)]
pub struct JourneyError;

impl Presence {
    /// The most weeks that a journey may touch.
    pub const MAX_WEEKS: usize = 3;

    /// What a journey takes of which weeks, in order. The moment of arrival is free again: whoever arrives at 12:00 may
    /// leave at 12:00.
    pub fn of(departs: Timestamp, arrives: Timestamp) -> Result<Vec<Self>, JourneyError> {
        let minute = |at: Timestamp| u64::try_from(at.as_second()).map(|second| second / 60).map_err(|_| JourneyError);
        // A part of a minute at the end counts as a whole one.
        let (from, to) = (minute(departs)?, minute(arrives)? + u64::from(arrives.as_second() % 60 != 0));
        if to <= from {
            return Err(JourneyError);
        }
        let week = u64::from(WEEK);
        let weeks = from / week..=(to - 1) / week;
        if weeks.clone().count() > Self::MAX_WEEKS {
            return Err(JourneyError);
        }
        let part = |number: u64| {
            let within =
                |minute: u64| u16::try_from(minute.clamp(number * week, (number + 1) * week) - number * week).ok();
            let minutes = Stretch::new(within(from)?, within(to)?).ok()?;
            Some(Self { week: u32::try_from(number).ok()?, minutes })
        };
        weeks.map(part).collect::<Option<_>>().ok_or(JourneyError)
    }

    /// The bytes whose hash is the key of the pool with this week of a person; `person` is the keyed hash of who they are,
    /// which alone is stored. The pool has one block.
    pub fn pool(&self, person: &[u8; 32]) -> Vec<u8> {
        [b"person".as_slice(), person, &self.week.to_be_bytes()].concat()
    }

    /// What is held.
    pub fn places(&self) -> Places {
        Places::one(Place { seat: 0, stretch: self.minutes })
    }

    /// A week of which nothing is held.
    pub const fn empty_week() -> Row {
        Row::empty(Kind::Person, 1, WEEK + 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        block::Token,
        id::{Id as _, OrderId},
        rail::row::{Change, Entry, Refused},
    };

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn week(number: i64) -> i64 {
        number * i64::from(WEEK)
    }

    #[test]
    fn a_journey_over_a_weeks_end_takes_of_both_weeks() {
        let parts = |from, to| {
            let parts = Presence::of(at(from), at(to)).unwrap();
            parts.iter().map(|part| (part.week, part.minutes.from(), part.minutes.to())).collect::<Vec<_>>()
        };
        assert_eq!(parts(week(5) + 10, week(5) + 70), [(5, 10, 70)]);
        assert_eq!(parts(week(6) - 60, week(6)), [(5, WEEK - 60, WEEK)], "the end is not in it");
        assert_eq!(parts(week(6) - 60, week(6) + 5), [(5, WEEK - 60, WEEK), (6, 0, 5)]);
        assert_eq!(parts(week(6) - 1, week(7) + 1).len(), 3);
    }

    #[test]
    fn a_journey_ends_after_it_begins() {
        assert_eq!(Presence::of(at(5), at(5)), Err(JourneyError));
        assert_eq!(Presence::of(at(6), at(5)), Err(JourneyError));
        assert_eq!(Presence::of(at(-6), at(5)), Err(JourneyError));
        assert_eq!(Presence::of(at(0), at(week(3) + 1)), Err(JourneyError));
        let half = Timestamp::from_second(30).unwrap();
        assert_eq!(Presence::of(at(0), half).unwrap()[0].minutes.segments(), 1);
    }

    #[test]
    fn people_and_weeks_have_pools_of_their_own() {
        let part = |number| Presence::of(at(week(number)), at(week(number) + 1)).unwrap()[0];
        let pools = [part(1).pool(&[1; 32]), part(2).pool(&[1; 32]), part(1).pool(&[2; 32])];
        assert!(pools[0] != pools[1] && pools[0] != pools[2] && pools[1] != pools[2]);
    }

    /// Holds a journey in the weeks of one person: all of it or nothing.
    fn hold(weeks: &mut Vec<(u32, Row)>, order: u8, from: i64, to: i64) -> Result<(), Refused> {
        let mut tried = weeks.clone();
        for part in Presence::of(at(from), at(to)).unwrap() {
            if !tried.iter().any(|(week, _)| *week == part.week) {
                tried.push((part.week, Presence::empty_week()));
            }
            let entry = Entry { places: part.places(), until: None, token: Token([0; 6]), instead_of: None };
            let change = Change::Hold { order: OrderId::from_bytes([order; 16]), entry, evict: Vec::new() };
            let (_, row) = tried.iter_mut().find(|(week, _)| *week == part.week).unwrap();
            row.apply(&change)?;
        }
        *weeks = tried;
        Ok(())
    }

    proptest! {
        #[test]
        fn two_journeys_of_a_person_meet_exactly_if_they_overlap(
            one in (0..week(4), 1..9_000_i64), apart in -9_000..9_000_i64, length in 1..9_000_i64,
        ) {
            let (from, to) = (week(10) + one.0, week(10) + one.0 + one.1);
            let (other_from, other_to) = (from + apart, from + apart + length);
            let mut weeks = Vec::new();
            prop_assert_eq!(hold(&mut weeks, 1, from, to), Ok(()));
            let expected = if from < other_to && other_from < to { Err(Refused::Taken) } else { Ok(()) };
            prop_assert_eq!(hold(&mut weeks, 2, other_from, other_to), expected);
        }
    }
}
