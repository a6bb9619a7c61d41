//! The coach row: a few seats side by side, and which stretch of each is whose.
//!
//! This is the pure model of one item of the Inventory table. That two stretches of one seat overlap cannot be said in a
//! condition of the database, so whatever takes a segment is decided here on a row that was read, and written if the stored
//! row still has that revision. Apart from that it is the block of [`crate::block`]: an order has at most one entry in it,
//! every hold draws a new token, and what is removed is what was examined.
//!
//! **Invariant:** no segment of a seat has two owners. [`Row::restore`] refuses a row of which that is not true, and every
//! change goes through [`Row::apply`], which keeps it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    block::{Token, whole},
    id::OrderId,
    rail::stretch::{Segments, Stretch},
};

mod places;

pub use places::{Place, Places, PlacesError};

/// What one order holds or owns inside one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which seats, from where to where.
    pub places: Places,
    /// Until when, in whole seconds; `None` once the order is ticketed. An entry past its time is unfinished work.
    pub until: Option<Timestamp>,
    /// Drawn anew by every hold.
    pub token: Token,
    /// The order that this one is to replace, where its journey may overlap that order's. Only in the week of a person
    /// ([`Kind::Person`]); no seat is ever sold twice.
    pub instead_of: Option<OrderId>,
}

impl Entry {
    /// Whether somebody has to look at the order behind this entry.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// An entry as it was read: only exactly this may be removed or replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// Whose it is.
    pub order: OrderId,
    /// What it said.
    pub entry: Entry,
}

/// A change to one row, and through [`Row::apply`] the condition under which it may be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Puts an entry for an order that has none, evicting entries whose orders are known to be settled.
    Hold {
        /// For whom.
        order: OrderId,
        /// What is put.
        entry: Entry,
        /// What makes room.
        evict: Vec<Examined>,
    },
    /// Takes the time limit off an entry.
    Confirm {
        /// Whose.
        order: OrderId,
        /// The entry's token.
        token: Token,
    },
    /// Replaces an entry by another of the same order: a revival, a partial release, a moved deadline, other seats.
    Rewrite {
        /// What is replaced.
        examined: Examined,
        /// By what.
        entry: Entry,
    },
    /// Removes an entry.
    Release {
        /// What is removed.
        examined: Examined,
    },
}

/// What stays of an entry that is reduced.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Keep {
    /// Which places; nothing where the entry goes.
    pub places: Option<Places>,
    /// Until when.
    pub until: Option<Timestamp>,
}

impl Keep {
    /// The entry goes.
    pub const NOTHING: Self = Self { places: None, until: None };
}

impl Change {
    /// Reduces what was examined to what is kept, under a new token; removes it where nothing is.
    pub fn reduce(examined: Examined, keep: Keep, token: Token) -> Self {
        let Keep { places: Some(places), until } = keep else {
            return Self::Release { examined };
        };
        let instead_of = examined.entry.instead_of;
        Self::Rewrite { examined, entry: Entry { places, until, token, instead_of } }
    }

    /// Moves an entry's deadline to its order's: no new hold, so it keeps its token.
    pub fn follow(examined: Examined, until: Timestamp) -> Self {
        let entry = Entry { until: Some(whole(until)), ..examined.entry.clone() };
        Self::Rewrite { examined, entry }
    }

    /// Puts an order on other places of the row, under a new token. The old places are free in the same instant, so the
    /// new ones may overlap them: a passenger who stays on their seat and rides further.
    pub fn swap(examined: Examined, places: Places, until: Timestamp, token: Token) -> Self {
        let instead_of = examined.entry.instead_of;
        Self::Rewrite { examined, entry: Entry { places, until: Some(whole(until)), token, instead_of } }
    }

    /// Whether the change makes a segment free.
    pub fn gives_back(&self) -> bool {
        match self {
            Self::Release { .. } => true,
            Self::Rewrite { examined, entry } => !entry.places.cover(&examined.entry.places),
            Self::Hold { .. } | Self::Confirm { .. } => false,
        }
    }

    /// Whether the change takes a segment. Such a change is written only under the revision it was decided on, and moves it.
    /// The others are right whatever else happens to the row, so their condition is the token of their entry alone.
    pub fn takes(&self) -> bool {
        match self {
            Self::Hold { .. } => true,
            Self::Rewrite { examined, entry } => !examined.entry.places.cover(&entry.places),
            Self::Release { .. } | Self::Confirm { .. } => false,
        }
    }
}

/// A change with the revision of the row that it was decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// What is to be changed.
    pub change: Change,
    /// On which revision it was decided; nothing where the row was not read, which is enough for what takes no segment.
    pub revision: Option<u32>,
}

impl Decided {
    /// A change that is right whatever else happens to the row, because it takes no segment.
    pub const fn blind(change: Change) -> Self {
        Self { change, revision: None }
    }
}

/// Why a change was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A segment that is asked for is not free.
    #[error("a part of the stretch is taken")]
    Taken,
    /// The order has an entry here already.
    #[error("the order holds something here already")]
    Held,
    /// What was examined is not there any more.
    #[error("the entry has changed")]
    Changed,
    /// The row has no such seat, or the run no such stop.
    #[error("there is no such place")]
    NoSuchPlace,
    /// The row has as many entries as its item may hold.
    #[error("the row has too many entries")]
    Crowded,
}

/// What a row is a row of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Seats of a coach, for stretches between stops.
    Coach,
    /// One person, who can be in one place at a time, for stretches between minutes (see [`super::passenger`]).
    Person,
}

/// The row does not keep its invariant: two owners of a segment, or a place that it does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the row contradicts itself")]
pub struct Contradiction;

/// One row of a coach on one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    kind: Kind,
    seats: u8,
    points: u16,
    revision: u32,
    entries: BTreeMap<OrderId, Entry>,
}

impl Row {
    /// The most seats of a row: a bay of six berths is the largest there is.
    pub const MAX_SEATS: u8 = 8;
    /// The most entries of a row: about 40 KiB as an item, a tenth of what the database takes.
    pub const MAX_ENTRIES: usize = 512;

    /// A row of free seats on a run with that many stops.
    pub const fn empty(kind: Kind, seats: u8, points: u16) -> Self {
        Self { kind, seats, points, revision: 0, entries: BTreeMap::new() }
    }

    /// This row as it was stored.
    ///
    /// # Errors
    /// When a segment has two owners, or an entry has a place that is not in the row.
    pub fn restore(self, revision: u32, entries: BTreeMap<OrderId, Entry>) -> Result<Self, Contradiction> {
        let mut row = Self { revision, entries: BTreeMap::new(), ..self };
        for (order, entry) in entries {
            // A predecessor may be read after its successor: what makes the pair lawful is looked for on both sides.
            let is_clear = row
                .entries
                .iter()
                .all(|(other, old)| !old.places.overlap(&entry.places) || row.may_overlap(order, &entry, *other, old));
            if !is_clear || !row.has(&entry.places) {
                return Err(Contradiction);
            }
            row.entries.insert(order, entry);
        }
        Ok(row)
    }

    /// What it is a row of.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// How many seats it has.
    pub const fn seats(&self) -> u8 {
        self.seats
    }

    /// How many seats it has to sell: a person has none.
    pub const fn capacity(&self) -> u8 {
        match self.kind {
            Kind::Coach => self.seats,
            Kind::Person => 0,
        }
    }

    /// How many of its seats have a segment that is free.
    pub fn available(&self) -> u8 {
        let whole = u32::from(self.points.saturating_sub(1));
        let left = self.taken().into_iter().filter(|taken| self.kind == Kind::Coach && taken.count() < whole);
        u8::try_from(left.count()).unwrap_or(u8::MAX)
    }

    /// How many points its stretches lie between: the stops of the run.
    pub const fn points(&self) -> u16 {
        self.points
    }

    /// A change that is right on this row as it is. Whether segments are free cannot be said in a condition, so it is seen
    /// here, and written only if nothing was taken since.
    ///
    /// # Errors
    /// When it is not.
    pub fn decide(&self, change: Change) -> Result<Decided, Refused> {
        self.clone().apply(&change)?;
        Ok(Decided { change, revision: Some(self.revision) })
    }

    /// Every entry.
    pub fn all(&self) -> impl Iterator<Item = Examined> + '_ {
        self.entries.iter().map(|(order, entry)| Examined { order: *order, entry: entry.clone() })
    }

    /// Counts the changes that took a segment ([`Change::takes`]). What such a change was decided on stays true while this
    /// number does: meanwhile segments can only have become free, and what it evicts it names with tokens.
    pub const fn revision(&self) -> u32 {
        self.revision
    }

    /// Who holds what.
    pub const fn entries(&self) -> &BTreeMap<OrderId, Entry> {
        &self.entries
    }

    /// The stretches of one seat that are not free, in order, and whose they are.
    pub fn sold(&self, seat: u8) -> Vec<(Stretch, OrderId)> {
        let of_order = |(order, entry): (&OrderId, &Entry)| {
            let places = entry.places.iter().filter(|place| place.seat == seat);
            places.map(|place| (place.stretch, *order)).collect::<Vec<_>>()
        };
        let mut sold: Vec<_> = self.entries.iter().flat_map(of_order).collect();
        sold.sort_unstable();
        sold
    }

    /// The segments of each seat that are not free.
    pub fn taken(&self) -> Vec<Segments> {
        self.taken_by(|_| true)
    }

    /// The segments of each seat that are not free and will not be once whatever is past its time was settled: what is left
    /// to try when nothing is free.
    pub fn firm(&self, now: Timestamp) -> Vec<Segments> {
        self.taken_by(|entry| !entry.is_due(now))
    }

    fn taken_by(&self, counts: impl Fn(&Entry) -> bool) -> Vec<Segments> {
        let mut taken = vec![Segments::NONE; usize::from(self.seats)];
        for place in self.entries.values().filter(|entry| counts(entry)).flat_map(|entry| entry.places.iter()) {
            if let Some(seat) = taken.get_mut(usize::from(place.seat)) {
                *seat = seat.with(Segments::of(place.stretch));
            }
        }
        taken
    }

    /// The entry of one order, to be removed or replaced later if it is still the same.
    pub fn examine(&self, order: OrderId) -> Option<Examined> {
        self.entries.get(&order).map(|entry| Examined { order, entry: entry.clone() })
    }

    /// The entries that are past their time.
    pub fn due(&self, now: Timestamp) -> impl Iterator<Item = Examined> + '_ {
        let due = self.entries.iter().filter(move |(_, entry)| entry.is_due(now));
        due.map(|(order, entry)| Examined { order: *order, entry: entry.clone() })
    }

    /// What stands in the way of these places. Those of them that are past their time may be evicted once their orders are
    /// settled.
    pub fn in_the_way<'r>(&'r self, places: &'r Places) -> impl Iterator<Item = Examined> + 'r {
        let meeting = self.entries.iter().filter(move |(_, entry)| entry.places.overlap(places));
        meeting.map(|(order, entry)| Examined { order: *order, entry: entry.clone() })
    }

    /// The earliest time limit of an entry in this row.
    pub fn earliest(&self) -> Option<Timestamp> {
        self.entries.values().filter_map(|entry| entry.until).min()
    }

    /// Makes a change, or says why not and leaves the row as it was.
    pub fn apply(&mut self, change: &Change) -> Result<(), Refused> {
        match change {
            Change::Hold { order, entry, evict } => self.hold(*order, entry, evict)?,
            Change::Confirm { order, token } => self.confirm(*order, *token)?,
            Change::Rewrite { examined, entry } => self.rewrite(examined, entry)?,
            Change::Release { examined } => self.release(examined)?,
        }
        self.revision += u32::from(change.takes());
        Ok(())
    }

    /// Whether the change has been made already: how a writer whose reply was lost recognises its own effect.
    pub fn shows(&self, change: &Change) -> bool {
        match change {
            Change::Hold { order, entry, .. } => self.entries.get(order).is_some_and(|old| old.token == entry.token),
            Change::Confirm { order, token } => {
                self.entries.get(order).is_some_and(|old| old.token == *token && old.until.is_none())
            }
            Change::Rewrite { examined, entry } => self.entries.get(&examined.order) == Some(entry),
            // An entry under another token is still there: whoever wants it gone has to look at the order again.
            Change::Release { examined } => !self.entries.contains_key(&examined.order),
        }
    }

    fn hold(&mut self, order: OrderId, entry: &Entry, evict: &[Examined]) -> Result<(), Refused> {
        if self.entries.contains_key(&order) {
            return Err(Refused::Held);
        }
        if !evict.iter().all(|examined| self.is_still(examined)) {
            return Err(Refused::Changed);
        }
        self.put(order, entry, &evict.iter().map(|examined| examined.order).collect::<Vec<_>>())
    }

    fn confirm(&mut self, order: OrderId, token: Token) -> Result<(), Refused> {
        match self.entries.get_mut(&order) {
            Some(entry) if entry.token == token => {
                entry.until = None;
                Ok(())
            }
            _ => Err(Refused::Changed),
        }
    }

    fn rewrite(&mut self, examined: &Examined, entry: &Entry) -> Result<(), Refused> {
        if !self.is_still(examined) {
            return Err(Refused::Changed);
        }
        self.put(examined.order, entry, &[examined.order])
    }

    fn release(&mut self, examined: &Examined) -> Result<(), Refused> {
        if !self.is_still(examined) {
            return Err(Refused::Changed);
        }
        self.entries.remove(&examined.order);
        Ok(())
    }

    /// Puts an entry in the place of those that go; all of it or nothing.
    fn put(&mut self, order: OrderId, entry: &Entry, go: &[OrderId]) -> Result<(), Refused> {
        if !self.has(&entry.places) {
            return Err(Refused::NoSuchPlace);
        }
        let mut stay = self.entries.iter().filter(|(other, _)| !go.contains(other));
        let is_clear = stay
            .clone()
            .all(|(other, old)| !old.places.overlap(&entry.places) || self.may_overlap(order, entry, *other, old));
        if !is_clear {
            return Err(Refused::Taken);
        }
        if stay.by_ref().count() >= Self::MAX_ENTRIES {
            return Err(Refused::Crowded);
        }
        for other in go {
            self.entries.remove(other);
        }
        self.entries.insert(order, entry.clone());
        Ok(())
    }

    /// Whether two orders of one person may cover the same minutes: where one is to replace the other, or both the same third,
    /// because then no more than one of the two is ever ticketed.
    fn may_overlap(&self, order: OrderId, entry: &Entry, other: OrderId, old: &Entry) -> bool {
        let are_rivals = entry.instead_of.is_some() && entry.instead_of == old.instead_of;
        self.kind == Kind::Person && (are_rivals || entry.instead_of == Some(other) || old.instead_of == Some(order))
    }

    fn has(&self, places: &Places) -> bool {
        places.iter().all(|place| place.seat < self.seats && place.stretch.to() < self.points)
    }

    /// The token alone identifies a writing of an entry; the places are compared because what becomes free rests on them.
    /// The deadline is not: moving it lazily is no new hold.
    fn is_still(&self, examined: &Examined) -> bool {
        let entry = self.entries.get(&examined.order);
        entry.is_some_and(|entry| entry.token == examined.entry.token && entry.places == examined.entry.places)
    }
}

#[cfg(test)]
mod tests;
