//! The stock block: sixteen tickets and who holds them.
//!
//! This is the pure model of one item of the Inventory table. The store turns each [`Change`] into one conditional
//! write whose condition says what [`StockBlock::apply`] checks; a property test runs random histories through both.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::id::OrderId;

/// A few random bytes by which a conditional write recognises its own effect when the reply was lost, and by which a
/// removal makes sure that it removes just what was examined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(pub [u8; 6]);

/// What one order holds or owns inside one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// How many tickets.
    pub count: u8,
    /// Until when, in whole seconds; `None` once the order is ticketed. An entry past its time is unfinished work.
    pub until: Option<Timestamp>,
    /// Drawn anew by every hold.
    pub token: Token,
}

impl Entry {
    /// Whether somebody has to look at the order behind this entry.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// An entry as it was read: only exactly this may be removed or replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Examined {
    /// Whose it is.
    pub order: OrderId,
    /// What it said.
    pub entry: Entry,
}

/// One block of general admission stock. Always `available + Σ count = capacity`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockBlock {
    capacity: u8,
    available: u8,
    entries: BTreeMap<OrderId, Entry>,
}

/// A change to one block, and through [`StockBlock::apply`] the condition under which it may be made.
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
    /// Replaces an entry by another of the same order: a revival, a partial release, a moved deadline.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Keep {
    /// How many tickets.
    pub count: u8,
    /// Until when.
    pub until: Option<Timestamp>,
}

impl Keep {
    /// The entry goes.
    pub const NOTHING: Self = Self { count: 0, until: None };
}

impl Change {
    /// Reduces what was examined to what is kept, under a new token; removes it where nothing is.
    pub fn reduce(examined: Examined, keep: Keep, token: Token) -> Self {
        if keep.count == 0 {
            return Self::Release { examined };
        }
        let Keep { count, until } = keep;
        Self::Rewrite { examined, entry: Entry { count, until, token } }
    }

    /// Moves an entry's deadline to its order's: no new hold, so it keeps its token.
    pub fn follow(examined: Examined, until: Timestamp) -> Self {
        Self::Rewrite { examined, entry: Entry { until: Some(whole(until)), ..examined.entry } }
    }

    /// Whether the change makes tickets free.
    pub const fn gives_back(&self) -> bool {
        match self {
            Self::Release { .. } => true,
            Self::Rewrite { examined, entry } => entry.count < examined.entry.count,
            Self::Hold { .. } | Self::Confirm { .. } => false,
        }
    }
}

/// Entries count in whole seconds: what is written reads back as it was.
pub fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// Why a change was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Too few tickets are free in this block.
    #[error("the block is full")]
    Full,
    /// The order has an entry here already.
    #[error("the order holds something here already")]
    Held,
    /// What was examined is not there any more.
    #[error("the entry has changed")]
    Changed,
}

impl StockBlock {
    /// A block of `capacity` tickets, all free.
    pub const fn empty(capacity: u8) -> Self {
        Self { capacity, available: capacity, entries: BTreeMap::new() }
    }

    /// A block as it was stored; `None` where the numbers do not add up.
    pub fn restore(capacity: u8, available: u8, entries: BTreeMap<OrderId, Entry>) -> Option<Self> {
        let held: u32 = entries.values().map(|entry| u32::from(entry.count)).sum();
        (u32::from(available) + held == u32::from(capacity)).then_some(Self { capacity, available, entries })
    }

    /// Tickets in all.
    pub const fn capacity(&self) -> u8 {
        self.capacity
    }

    /// Tickets that nobody holds.
    pub const fn available(&self) -> u8 {
        self.available
    }

    /// Who holds what.
    pub const fn entries(&self) -> &BTreeMap<OrderId, Entry> {
        &self.entries
    }

    /// The entry of one order, to be removed or replaced later if it is still the same.
    pub fn examine(&self, order: OrderId) -> Option<Examined> {
        self.entries.get(&order).map(|entry| Examined { order, entry: *entry })
    }

    /// The entries that are past their time.
    pub fn due(&self, now: Timestamp) -> impl Iterator<Item = Examined> + '_ {
        self.entries
            .iter()
            .filter(move |(_, entry)| entry.is_due(now))
            .map(|(order, entry)| Examined { order: *order, entry: *entry })
    }

    /// Every entry.
    pub fn all(&self) -> impl Iterator<Item = Examined> + '_ {
        self.entries.iter().map(|(order, entry)| Examined { order: *order, entry: *entry })
    }

    /// The earliest time limit of an entry in this block.
    pub fn earliest(&self) -> Option<Timestamp> {
        self.entries.values().filter_map(|entry| entry.until).min()
    }

    /// Makes a change, or says why not and leaves the block as it was.
    pub fn apply(&mut self, change: &Change) -> Result<(), Refused> {
        match change {
            Change::Hold { order, entry, evict } => self.hold(*order, *entry, evict),
            Change::Confirm { order, token } => self.confirm(*order, *token),
            Change::Rewrite { examined, entry } => self.rewrite(*examined, *entry),
            Change::Release { examined } => self.release(*examined),
        }
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

    fn hold(&mut self, order: OrderId, entry: Entry, evict: &[Examined]) -> Result<(), Refused> {
        if self.entries.contains_key(&order) {
            return Err(Refused::Held);
        }
        if !evict.iter().all(|examined| self.is_still(*examined)) {
            return Err(Refused::Changed);
        }
        let freed: u8 = evict.iter().map(|examined| examined.entry.count).sum();
        let Some(available) = (self.available + freed).checked_sub(entry.count) else {
            return Err(Refused::Full);
        };
        for examined in evict {
            self.entries.remove(&examined.order);
        }
        self.available = available;
        self.entries.insert(order, entry);
        Ok(())
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

    fn rewrite(&mut self, examined: Examined, entry: Entry) -> Result<(), Refused> {
        if !self.is_still(examined) {
            return Err(Refused::Changed);
        }
        let Some(available) = (self.available + examined.entry.count).checked_sub(entry.count) else {
            return Err(Refused::Full);
        };
        self.available = available;
        self.entries.insert(examined.order, entry);
        Ok(())
    }

    fn release(&mut self, examined: Examined) -> Result<(), Refused> {
        if !self.is_still(examined) {
            return Err(Refused::Changed);
        }
        self.entries.remove(&examined.order);
        self.available += examined.entry.count;
        Ok(())
    }

    /// The token alone identifies a writing of an entry; the count is compared because the arithmetic rests on it. The
    /// deadline is not: moving it lazily is no new hold.
    fn is_still(&self, examined: Examined) -> bool {
        self.entries
            .get(&examined.order)
            .is_some_and(|entry| entry.token == examined.entry.token && entry.count == examined.entry.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id as _;
    use proptest::prelude::*;

    fn order(number: u8) -> OrderId {
        OrderId::from_bytes([number; 16])
    }

    fn entry(count: u8, token: u8) -> Entry {
        Entry { count, until: Some(at(100)), token: Token([token; 6]) }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn hold(number: u8, count: u8, token: u8) -> Change {
        Change::Hold { order: order(number), entry: entry(count, token), evict: Vec::new() }
    }

    #[test]
    fn the_last_ticket_is_held_once() {
        let mut block = StockBlock::empty(2);
        assert_eq!(block.apply(&hold(1, 2, 1)), Ok(()));
        assert_eq!(block.apply(&hold(2, 1, 2)), Err(Refused::Full));
        assert_eq!(block.available(), 0);
    }

    #[test]
    fn a_retry_of_a_hold_that_filled_the_block_recognises_itself() {
        let mut block = StockBlock::empty(1);
        block.apply(&hold(1, 1, 7)).unwrap();
        assert_eq!(block.apply(&hold(1, 1, 7)), Err(Refused::Held));
        assert!(block.shows(&hold(1, 1, 7)));
        assert!(!block.shows(&hold(1, 1, 8)));
    }

    #[test]
    fn only_what_was_examined_is_removed() {
        let mut block = StockBlock::empty(4);
        block.apply(&hold(1, 2, 1)).unwrap();
        let examined = block.examine(order(1)).unwrap();
        block.apply(&Change::Rewrite { examined, entry: entry(2, 2) }).unwrap();
        assert_eq!(block.apply(&Change::Release { examined }), Err(Refused::Changed));
        assert_eq!(block.available(), 2);
    }

    #[test]
    fn an_entry_that_was_rewritten_does_not_pass_for_released() {
        let mut block = StockBlock::empty(4);
        block.apply(&hold(1, 3, 1)).unwrap();
        let examined = block.examine(order(1)).unwrap();
        let release = Change::Release { examined };
        block.apply(&Change::Rewrite { examined, entry: entry(1, 2) }).unwrap();
        assert!(!block.shows(&release));
        block.apply(&Change::Release { examined: block.examine(order(1)).unwrap() }).unwrap();
        assert!(block.shows(&release));
    }

    #[test]
    fn a_reclaim_replaces_in_one_change() {
        let mut block = StockBlock::empty(2);
        block.apply(&hold(1, 2, 1)).unwrap();
        let evict: Vec<_> = block.due(at(100)).collect();
        block.apply(&Change::Hold { order: order(2), entry: entry(1, 2), evict }).unwrap();
        assert_eq!((block.available(), block.entries().len()), (1, 1));
    }

    #[test]
    fn a_partial_release_gives_back_the_difference() {
        let mut block = StockBlock::empty(4);
        block.apply(&hold(1, 3, 1)).unwrap();
        let examined = block.examine(order(1)).unwrap();
        block.apply(&Change::Rewrite { examined, entry: entry(1, 2) }).unwrap();
        assert_eq!(block.available(), 3);
    }

    #[test]
    fn an_entry_is_due_at_its_second_and_never_once_confirmed() {
        let mut block = StockBlock::empty(1);
        block.apply(&hold(1, 1, 1)).unwrap();
        assert_eq!(block.due(at(99)).count(), 0);
        assert_eq!(block.due(at(100)).count(), 1);
        block.apply(&Change::Confirm { order: order(1), token: Token([1; 6]) }).unwrap();
        assert_eq!(block.due(at(10_000)).count(), 0);
    }

    fn changes() -> impl Strategy<Value = (u8, u8, u8, u8)> {
        (0..4_u8, 0..5_u8, 1..6_u8, 0..3_u8)
    }

    proptest! {
        #[test]
        fn available_and_entries_always_make_the_capacity(steps in proptest::collection::vec(changes(), 1..60)) {
            let mut block = StockBlock::empty(16);
            for (kind, who, count, token) in steps {
                let examined = block.examine(order(who)).unwrap_or(Examined { order: order(who), entry: entry(count, token) });
                let change = match kind {
                    0 => hold(who, count, token),
                    1 => Change::Confirm { order: order(who), token: Token([token; 6]) },
                    2 => Change::Rewrite { examined, entry: entry(count, token) },
                    _ => Change::Release { examined },
                };
                let before = block.clone();
                if block.apply(&change).is_err() {
                    prop_assert_eq!(&before, &block, "a refused change changes nothing");
                } else {
                    prop_assert!(block.shows(&change));
                }
                prop_assert!(StockBlock::restore(16, block.available(), block.entries().clone()).is_some());
            }
        }
    }
}
