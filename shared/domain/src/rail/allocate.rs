//! Which seats a claim gets.
//!
//! **Best fit**: of the seats that are free for the stretch, the one whose free stretch around it leaves least over; among
//! equals the one most sold. Short journeys then fill the gaps between others, and seats that are free from end to end stay
//! so for whoever rides that far. A party sits together: in one row, else in neighbouring rows of one coach, else in the
//! largest groups that there are. Where a single seat is free for a claim of one, it is found: nothing here refuses a claim
//! for the sake of a better one later, except a quota.

use std::cmp::Reverse;

use crate::rail::{
    coach::{CoachRow, Wish},
    quota::Guard,
    row::{Place, Places, PlacesError},
    stretch::{Segments, Stretch},
};

mod party;

/// What a passenger or a party asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// From where to where.
    pub stretch: Stretch,
    /// How many seats.
    pub count: u8,
    /// Whether they are to be near each other.
    pub together: Together,
    /// What they would like, at most one wish for each. Sitting together comes before wishes.
    pub wishes: Vec<Wish>,
}

/// Whether the seats of a party are to be near each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Together {
    /// Each as fits best.
    Apart,
    /// As near as can be.
    Preferred,
    /// In one coach, or not at all.
    Required,
}

/// The seats of one class of a run as they were seen.
#[derive(Clone, Debug)]
pub struct Seats<'r> {
    stops: u16,
    rows: Vec<RowSeats>,
    guard: Guard<'r>,
}

/// One row, and which segments of its seats are taken.
#[derive(Clone, Debug)]
pub struct RowSeats {
    row: CoachRow,
    taken: Vec<Segments>,
}

impl RowSeats {
    /// Which row it is.
    pub const fn row(&self) -> CoachRow {
        self.row
    }

    /// The segments of each of its seats that are taken.
    pub fn taken(&self) -> &[Segments] {
        &self.taken
    }
}

/// Seats of one row that a claim gets: one write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The row.
    pub row: CoachRow,
    /// Its seats, in order.
    pub seats: Vec<u8>,
}

impl Chosen {
    /// What is to be held in the row.
    ///
    /// # Errors
    /// When there are more seats than an order may have in one row.
    pub fn places(&self, stretch: Stretch) -> Result<Places, PlacesError> {
        Places::new(self.seats.iter().map(|seat| Place { seat: *seat, stretch }).collect())
    }
}

impl<'r> Seats<'r> {
    /// The rows of a class, in the order of their blocks; each seat with what is taken of it.
    pub fn new(stops: u16, rows: impl IntoIterator<Item = (CoachRow, Vec<Segments>)>) -> Self {
        let rows = rows.into_iter().map(|(row, taken)| RowSeats { row, taken }).collect();
        Self { stops, rows, guard: Guard::OPEN }
    }

    /// The rows of a class, each with what `read` says is taken of the block of that number ([`Row::taken`], or [`Row::firm`]
    /// once nothing was found); one of which it says nothing is free.
    ///
    /// [`Row::taken`]: crate::rail::row::Row::taken
    /// [`Row::firm`]: crate::rail::row::Row::firm
    pub fn of(stops: u16, rows: &[CoachRow], read: impl Fn(u16) -> Option<Vec<Segments>>) -> Self {
        let free = |row: &CoachRow| vec![Segments::NONE; usize::from(row.layout.seats())];
        Self::new(stops, rows.iter().map(|row| (*row, read(row.block).unwrap_or_else(|| free(row)))))
    }

    /// The seats, of which a quota keeps some.
    #[must_use]
    pub const fn kept_by(mut self, guard: Guard<'r>) -> Self {
        self.guard = guard;
        self
    }

    /// How many stops the run has.
    pub const fn stops(&self) -> u16 {
        self.stops
    }

    /// The rows.
    pub fn rows(&self) -> &[RowSeats] {
        &self.rows
    }

    /// Takes a row as it is now, after a write or a refusal showed it.
    pub fn learn(&mut self, block: u16, taken: Vec<Segments>) {
        if let Some(known) = self.rows.iter_mut().find(|known| known.row.block == block) {
            known.taken = taken;
        }
    }

    /// The free stretches of all seats, each with the place of its row among the rows.
    pub fn gaps(&self) -> impl Iterator<Item = (usize, Stretch)> + '_ {
        let seats =
            self.rows.iter().enumerate().flat_map(|(row, seats)| seats.taken.iter().map(move |seat| (row, *seat)));
        seats.flat_map(|(row, seat)| seat.gaps(self.stops).map(move |gap| (row, gap)))
    }

    /// Chooses seats for a claim, all of them or none. `spread` is any number, another for each try: it decides between
    /// seats that are equally good, so that buyers who see the same train do not all write to the same row.
    pub fn allocate(&self, claim: &Claim, spread: u64) -> Option<Vec<Chosen>> {
        let mut free = self.candidates(claim.stretch, spread);
        if free.len() < usize::from(claim.count) {
            return None;
        }
        let chosen = party::seat(&mut free, claim)?;
        Some(self.grouped(chosen))
    }

    /// Every seat that may be sold for the stretch.
    fn candidates(&self, stretch: Stretch, spread: u64) -> Vec<Candidate> {
        let rows = u64::try_from(self.rows.len()).unwrap_or(u64::MAX).max(1);
        let first = usize::try_from(spread % rows).unwrap_or(0);
        let is_long = self.guard.is_long(stretch);
        let mut free = Vec::new();
        for (place, row) in self.rows.iter().enumerate() {
            for (seat, taken) in (0..).zip(&row.taken) {
                let Some(gap) = taken.gap_around(stretch, self.stops) else { continue };
                if self.guard.bars(place, gap, stretch) {
                    continue;
                }
                let rank = Rank {
                    // What is kept for long journeys is given to them first, so that the rest lasts for the others.
                    outside_quota: is_long && !self.guard.keeps(place),
                    waste: gap.segments() - stretch.segments(),
                    sold: Reverse(taken.count()),
                    turn: (place + self.rows.len() - first) % self.rows.len(),
                    seat,
                };
                free.push(Candidate { place, row: row.row, rank });
            }
        }
        free
    }

    fn grouped(&self, mut chosen: Vec<Candidate>) -> Vec<Chosen> {
        chosen.sort_by_key(|candidate| (candidate.place, candidate.rank.seat));
        let groups = chosen.chunk_by(|one, other| one.place == other.place);
        groups
            .filter_map(|group| {
                let row = self.rows.get(group.first()?.place)?.row;
                Some(Chosen { row, seats: group.iter().map(|candidate| candidate.rank.seat).collect() })
            })
            .collect()
    }
}

/// A seat that a claim could have.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    /// The place of its row among the rows of the class.
    place: usize,
    row: CoachRow,
    rank: Rank,
}

impl Candidate {
    fn is(&self, wish: Wish) -> bool {
        self.row.layout.spots().get(usize::from(self.rank.seat)).is_some_and(|spot| spot.is(wish))
    }
}

/// How good a seat is; the least is the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    outside_quota: bool,
    /// Segments that stay free around the claim.
    waste: u16,
    sold: Reverse<u32>,
    /// How soon the row comes, beginning where `spread` says.
    turn: usize,
    seat: u8,
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
