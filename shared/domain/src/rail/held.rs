//! What an order's entries in rows mean: the decisions of [`crate::order`] about blocks of stock, for places.
//!
//! Nothing here decides anything that the order does not: an entry's fate follows from the order's state, from what it
//! lists in the row, and from which of its tickets were given back.

use jiff::Timestamp;

use crate::{
    block::{Token, whole},
    order::{Order, State},
    pool::BlockAddress,
    rail::row::{Change, Entry, Examined, Keep, Place, Places, Row},
};

/// What an order holds in one row. An order lists a row at most once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Where.
    pub block: BlockAddress,
    /// What.
    pub what: What,
    /// The token of the entry.
    pub token: Token,
    /// The order that this one is to replace, in the week of a person.
    pub instead_of: Option<crate::id::OrderId>,
}

/// For whom something is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Seats, one ticket for each place. Tickets are numbered through an order's rows and their places in order.
    Seats(Places),
    /// The time of the person who travels on one ticket.
    Person {
        /// The number of the ticket.
        ticket: u8,
        /// From when to when.
        places: Places,
    },
}

impl What {
    /// The places.
    pub const fn places(&self) -> &Places {
        match self {
            Self::Seats(places) | Self::Person { places, .. } => places,
        }
    }
}

/// What is to be done with an entry of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is surplus: it may go.
    Evict,
    /// It stays as it is, on the list of unfinished work: its order waits for its tickets.
    Keep,
    /// Its order has more time: it follows.
    Move(Timestamp),
    /// Its order is ticketed: its time limit goes.
    Confirm,
    /// Some of its tickets were given back: these places stay, with a time limit while the order waits for its tickets.
    Shrink(Keep),
}

impl Verdict {
    /// What a walk over unfinished work writes; nothing where the issuer has to be woken instead.
    pub fn tidying(self, examined: Examined, token: Token) -> Option<Change> {
        match self {
            Self::Evict => Some(Change::Release { examined }),
            Self::Shrink(keep) => Some(Change::reduce(examined, keep, token)),
            Self::Move(until) => Some(Change::follow(examined, until)),
            Self::Confirm => Some(Change::Confirm { order: examined.order, token: examined.entry.token }),
            Self::Keep => None,
        }
    }
}

/// An order with the rows that it lists.
#[derive(Clone, Copy, Debug)]
pub struct Holding<'o> {
    /// The order.
    pub order: &'o Order,
    /// What it lists.
    pub held: &'o [Held],
}

impl Holding<'_> {
    /// What an entry of this order means in the row where it was found. An entry in a row that the order does not list is
    /// surplus, except while a revival is choosing its rows.
    ///
    /// An unpaid order has to have been settled before: past due, it says `Move` to a moment that is over.
    pub fn verdict(&self, block: BlockAddress, examined: &Examined) -> Verdict {
        match self.order.state {
            State::Reviving { until, .. } => Verdict::Move(until),
            State::Reserved { expires } if self.lists(block) => Verdict::Move(expires),
            State::Paid(_) => self.owned(block, examined, Verdict::Keep, examined.entry.until),
            State::Ticketed(_) | State::Used(_) => self.owned(block, examined, Verdict::Confirm, None),
            State::Reserved { .. }
            | State::Cancelled(_)
            | State::Expired(_)
            | State::Lapsed(_)
            | State::Refunding { .. }
            | State::Refunded { .. } => Verdict::Evict,
        }
    }

    fn owned(&self, block: BlockAddress, examined: &Examined, whole: Verdict, until: Option<Timestamp>) -> Verdict {
        let owned = self.owns().find(|(held, _)| held.block == block).and_then(|(_, places)| places);
        match owned {
            None => Verdict::Evict,
            Some(places) if places != examined.entry.places => Verdict::Shrink(Keep { places: Some(places), until }),
            Some(_) => whole,
        }
    }

    /// What the order still owns in each of its rows; nothing where every ticket of the row was given back.
    pub fn owns(&self) -> impl Iterator<Item = (&Held, Option<Places>)> + '_ {
        let is_kept = |number: u8| !self.order.returned.contains(number);
        let mut next = 0_u8;
        self.held.iter().map(move |held| match &held.what {
            What::Seats(places) => {
                let numbered: Vec<(u8, Place)> = (next..).zip(places.iter().copied()).collect();
                next = next.saturating_add(u8::try_from(numbered.len()).unwrap_or(u8::MAX));
                let kept = numbered.into_iter().filter(|(number, _)| is_kept(*number)).map(|(_, place)| place);
                (held, Places::new(kept.collect()).ok())
            }
            What::Person { ticket, places } => (held, is_kept(*ticket).then(|| places.clone())),
        })
    }

    /// The seat of a ticket; nothing where the order has no such ticket.
    pub fn seat_of(&self, ticket: u8) -> Option<(BlockAddress, Place)> {
        let seats = self.held.iter().filter_map(|held| match &held.what {
            What::Seats(places) => Some(places.iter().map(move |place| (held.block, *place))),
            What::Person { .. } => None,
        });
        seats.flatten().nth(usize::from(ticket))
    }

    /// What this order no longer owns of what it lists, with what it keeps there: everything where it has ended, and what
    /// stands for returned tickets where it has not. Nothing for an unpaid order, whether it is in time or not: it has not
    /// been settled.
    pub fn surplus(&self, now: Timestamp) -> Vec<(&Held, Keep)> {
        let over = self.order.is_over();
        // What stays for a paid order that waits for its tickets stays on the list of unfinished work.
        let until = matches!(self.order.state, State::Paid(_)).then_some(whole(now));
        let keep = |places: Option<Places>| match places {
            Some(places) if !over => Keep { places: Some(places), until },
            _ => Keep::NOTHING,
        };
        let keeps = self.owns().map(|(held, places)| (held, keep(places)));
        keeps.filter(|(held, keep)| keep.places.as_ref() != Some(held.what.places())).collect()
    }

    /// Whether an entry that was examined *before* this order was seen may now be reduced to `keep`.
    pub fn may_reduce(&self, block: BlockAddress, examined: &Examined, keep: Option<&Places>) -> bool {
        if matches!(self.order.state, State::Reserved { .. } | State::Reviving { .. }) {
            return false;
        }
        match self.verdict(block, examined) {
            Verdict::Evict => keep.is_none(),
            Verdict::Shrink(to) => to.places.as_ref() == keep,
            Verdict::Keep | Verdict::Move(_) | Verdict::Confirm => false,
        }
    }

    /// What takes the time limit off an entry that has another token than this order lists; nothing while the order is not
    /// ticketed, and where there is nothing to take off.
    pub fn confirming(&self, block: BlockAddress, examined: Examined, token: Token) -> Option<Change> {
        let is_ticketed = matches!(self.order.state, State::Ticketed(_) | State::Used(_));
        if !is_ticketed || examined.entry.until.is_none() {
            return None;
        }
        self.verdict(block, &examined).tidying(examined, token)
    }

    fn lists(&self, block: BlockAddress) -> bool {
        self.held.iter().any(|held| held.block == block)
    }
}

impl Held {
    /// How a revival takes what was listed once more: under a new token and deadline, so that a removal that is under way
    /// no longer matches. Nothing where an entry of the order has other places: another revival chose its rows anew, and may
    /// have paid it with them; it is left alone.
    pub fn again_in(&self, order: &Order, found: &Row, until: Timestamp, token: Token) -> Option<Change> {
        let places = self.what.places().clone();
        let entry = Entry { places, until: Some(whole(until)), token, instead_of: self.instead_of };
        match found.examine(order.id) {
            Some(examined) if examined.entry.places != entry.places => None,
            Some(examined) => Some(Change::Rewrite { examined, entry }),
            None => Some(Change::Hold { order: order.id, entry, evict: Vec::new() }),
        }
    }
}

#[cfg(test)]
mod tests;
