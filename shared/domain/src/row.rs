//! The row block: up to sixteen neighbouring seats of one row, and who holds which.
//!
//! The second kind of block beside stock, under the same protocol: each seat is an entry of its own, and one conditional
//! write covers all the seats that a party takes in one block. This is the pure model of one item of the Inventory table;
//! the store turns each [`Change`] into one conditional write whose condition says what [`RowBlock::apply`] checks.
//!
//! **Invariant:** a seat has at most one entry, and an entry leaves only as [`Examined`]: to the same order under the same
//! token.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    block::{Token, whole},
    id::OrderId,
    order::Verdict,
};

mod places;

pub use places::{NotAPlace, Place, Places};

/// Who holds or owns one seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The order.
    pub order: OrderId,
    /// Until when, in whole seconds; `None` once the order is ticketed. An entry past its time is unfinished work.
    pub until: Option<Timestamp>,
    /// Drawn anew by every hold; seats that are held by one write share it.
    pub token: Token,
}

impl Entry {
    /// Whether somebody has to look at the order behind this entry.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// The entry of a seat as it was read: only exactly this may be removed or replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Examined {
    /// Which seat of the block.
    pub place: Place,
    /// What it said.
    pub entry: Entry,
}

impl Examined {
    /// What a walk over unfinished work writes about a seat; nothing where the issuer has to be woken instead. A seat goes or
    /// stays as a whole, so that what a stock block would shrink is removed here.
    pub fn tidying(self, verdict: Verdict) -> Option<Change> {
        match verdict {
            Verdict::Evict | Verdict::Shrink(_) => Some(Change::Release { examined: vec![self] }),
            Verdict::Move(until) => Some(Change::follow(self, until)),
            Verdict::Confirm => {
                let Entry { order, token, .. } = self.entry;
                Some(Change::Confirm { order, places: Places::one(self.place), token })
            }
            Verdict::Keep => None,
        }
    }
}

/// One block of numbered seats. A seat is free, held by one order, or closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowBlock {
    size: u8,
    closed: Places,
    entries: BTreeMap<Place, Entry>,
}

/// A change to one block, and through [`RowBlock::apply`] the condition under which it may be made. All of it is made, or
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Puts an entry on seats that nobody has, evicting entries whose orders are known to be settled.
    Hold {
        /// Which seats.
        places: Places,
        /// What is put on each.
        entry: Entry,
        /// What makes room.
        evict: Vec<Examined>,
    },
    /// Takes the time limit off seats that one write held.
    Confirm {
        /// Whose.
        order: OrderId,
        /// Which seats.
        places: Places,
        /// Their token.
        token: Token,
    },
    /// Replaces entries by others of the same order: a revival, a moved deadline.
    Rewrite {
        /// What is replaced.
        examined: Vec<Examined>,
        /// Until when instead.
        until: Option<Timestamp>,
        /// Under which token.
        token: Token,
    },
    /// Removes entries.
    Release {
        /// What is removed.
        examined: Vec<Examined>,
    },
    /// Takes seats out of the block that nobody has: a newer map does not have them any more.
    Close {
        /// Which seats.
        places: Places,
    },
    /// Puts closed seats back.
    Open {
        /// Which seats.
        places: Places,
    },
}

impl Change {
    /// Moves an entry's deadline to its order's: no new hold, so it keeps its token.
    pub fn follow(examined: Examined, until: Timestamp) -> Self {
        Self::Rewrite { examined: vec![examined], until: Some(whole(until)), token: examined.entry.token }
    }

    /// Whether the change makes seats free.
    pub const fn gives_back(&self) -> bool {
        match self {
            Self::Release { .. } | Self::Open { .. } => true,
            Self::Hold { .. } | Self::Confirm { .. } | Self::Rewrite { .. } | Self::Close { .. } => false,
        }
    }
}

/// Why a change was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Others have these seats.
    #[error("a seat is taken")]
    Taken(Places),
    /// The order has an entry on one of the seats already.
    #[error("the order holds something here already")]
    Held,
    /// What was examined is not there any more.
    #[error("the entry has changed")]
    Changed,
    /// The block has no such seats, or not any more.
    #[error("there is no such seat")]
    NoSeat(Places),
}

impl RowBlock {
    /// A block of so many seats, all free; of sixteen where more are asked for.
    pub const fn empty(size: u8) -> Self {
        let size = if size > Place::COUNT { Place::COUNT } else { size };
        Self { size, closed: Places::NONE, entries: BTreeMap::new() }
    }

    /// A block as it was stored; `None` where a seat is beyond its end, or both closed and held.
    pub fn restore(size: u8, closed: Places, entries: BTreeMap<Place, Entry>) -> Option<Self> {
        let held: Places = entries.keys().copied().collect();
        let is_sound = size <= Place::COUNT && closed.is_disjoint(held) && closed.with(held).is_within(size);
        is_sound.then_some(Self { size, closed, entries })
    }

    /// How many places the block has, closed ones too.
    pub const fn size(&self) -> u8 {
        self.size
    }

    /// Seats that are sold no more.
    pub const fn closed(&self) -> Places {
        self.closed
    }

    /// Seats in all, without closed ones.
    pub const fn capacity(&self) -> u8 {
        self.size - self.closed.count()
    }

    /// Seats that nobody holds.
    pub fn available(&self) -> u8 {
        self.free().count()
    }

    /// The seats that nobody holds.
    pub fn free(&self) -> Places {
        Places::first(self.size).without(self.closed).without(self.taken())
    }

    /// The seats that somebody holds.
    pub fn taken(&self) -> Places {
        self.entries.keys().copied().collect()
    }

    /// The seats that one order holds.
    pub fn of(&self, order: OrderId) -> Places {
        self.all().filter(|found| found.entry.order == order).map(|found| found.place).collect()
    }

    /// Who holds what.
    pub const fn entries(&self) -> &BTreeMap<Place, Entry> {
        &self.entries
    }

    /// The entry of one seat, to be removed or replaced later if it is still the same.
    pub fn seat(&self, place: Place) -> Option<Examined> {
        self.entries.get(&place).map(|entry| Examined { place, entry: *entry })
    }

    /// The entries of one order among some seats.
    pub fn examine(&self, order: OrderId, among: Places) -> Vec<Examined> {
        self.all().filter(|found| found.entry.order == order && among.contains(found.place)).collect()
    }

    /// The entries that are past their time.
    pub fn due(&self, now: Timestamp) -> impl Iterator<Item = Examined> + '_ {
        self.all().filter(move |found| found.entry.is_due(now))
    }

    /// The earliest time limit of an entry in this block.
    pub fn earliest(&self) -> Option<Timestamp> {
        self.entries.values().filter_map(|entry| entry.until).min()
    }

    /// Makes a change, or says why not and leaves the block as it was.
    pub fn apply(&mut self, change: &Change) -> Result<(), Refused> {
        match change {
            Change::Hold { places, entry, evict } => self.hold(*places, *entry, evict),
            Change::Confirm { order, places, token } => self.confirm(*order, *places, *token),
            Change::Rewrite { examined, until, token } => self.rewrite(examined, *until, *token),
            Change::Release { examined } => self.release(examined),
            Change::Close { places } => self.close(*places),
            Change::Open { places } => self.open(*places),
        }
    }

    /// Whether the change has been made already: how a writer whose reply was lost recognises its own effect.
    pub fn shows(&self, change: &Change) -> bool {
        match change {
            Change::Hold { places, entry, .. } => places.iter().all(|place| self.has(place, entry.order, entry.token)),
            Change::Confirm { order, places, token } => places.iter().all(|place| {
                let entry = self.entries.get(&place);
                entry.is_some_and(|old| old.order == *order && old.token == *token && old.until.is_none())
            }),
            Change::Rewrite { examined, until, token } => examined.iter().all(|old| {
                let entry = Entry { order: old.entry.order, until: *until, token: *token };
                self.entries.get(&old.place) == Some(&entry)
            }),
            // An entry under another token is still there: whoever wants it gone has to look at the order again.
            Change::Release { examined } => examined
                .iter()
                .all(|old| self.entries.get(&old.place).is_none_or(|entry| entry.order != old.entry.order)),
            Change::Close { places } => places.is_subset_of(self.closed),
            Change::Open { places } => places.is_disjoint(self.closed) && places.is_within(self.size),
        }
    }

    fn hold(&mut self, places: Places, entry: Entry, evict: &[Examined]) -> Result<(), Refused> {
        self.must_have(places)?;
        if self.all().any(|found| places.contains(found.place) && found.entry.order == entry.order) {
            return Err(Refused::Held);
        }
        if !self.are_still(evict) {
            return Err(Refused::Changed);
        }
        let evicted: Places = evict.iter().map(|examined| examined.place).collect();
        let taken = self.taken().without(evicted).and(places);
        if !taken.is_none() {
            return Err(Refused::Taken(taken));
        }
        for place in evicted.iter() {
            self.entries.remove(&place);
        }
        self.entries.extend(places.iter().map(|place| (place, entry)));
        Ok(())
    }

    fn confirm(&mut self, order: OrderId, places: Places, token: Token) -> Result<(), Refused> {
        if !places.iter().all(|place| self.has(place, order, token)) {
            return Err(Refused::Changed);
        }
        for (_, entry) in self.entries.iter_mut().filter(|(place, _)| places.contains(**place)) {
            entry.until = None;
        }
        Ok(())
    }

    fn rewrite(&mut self, examined: &[Examined], until: Option<Timestamp>, token: Token) -> Result<(), Refused> {
        if !self.are_still(examined) {
            return Err(Refused::Changed);
        }
        let entries = examined.iter().map(|old| (old.place, Entry { order: old.entry.order, until, token }));
        self.entries.extend(entries);
        Ok(())
    }

    fn release(&mut self, examined: &[Examined]) -> Result<(), Refused> {
        if !self.are_still(examined) {
            return Err(Refused::Changed);
        }
        for examined in examined {
            self.entries.remove(&examined.place);
        }
        Ok(())
    }

    fn close(&mut self, places: Places) -> Result<(), Refused> {
        self.must_have(places)?;
        let taken = self.taken().and(places);
        if !taken.is_none() {
            return Err(Refused::Taken(taken));
        }
        self.closed = self.closed.with(places);
        Ok(())
    }

    fn open(&mut self, places: Places) -> Result<(), Refused> {
        let others = places.without(self.closed);
        if !others.is_none() {
            return Err(Refused::NoSeat(others));
        }
        self.closed = self.closed.without(places);
        Ok(())
    }

    /// Every entry.
    pub fn all(&self) -> impl Iterator<Item = Examined> + '_ {
        self.entries.iter().map(|(place, entry)| Examined { place: *place, entry: *entry })
    }

    const fn must_have(&self, places: Places) -> Result<(), Refused> {
        let missing = places.without(Places::first(self.size).without(self.closed));
        if missing.is_none() { Ok(()) } else { Err(Refused::NoSeat(missing)) }
    }

    fn has(&self, place: Place, order: OrderId, token: Token) -> bool {
        self.entries.get(&place).is_some_and(|entry| entry.order == order && entry.token == token)
    }

    /// Order and token identify a writing of an entry. The deadline is not compared: moving it lazily is no new hold. One
    /// seat that was examined twice is a list that nobody could have read.
    fn are_still(&self, examined: &[Examined]) -> bool {
        let places: BTreeSet<Place> = examined.iter().map(|one| one.place).collect();
        places.len() == examined.len()
            && examined.iter().all(|one| self.has(one.place, one.entry.order, one.entry.token))
    }
}

#[cfg(test)]
mod tests;
