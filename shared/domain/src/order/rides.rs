//! What an order's entries in coach rows, and in the weeks of its passengers, mean: the decisions about stock, for places.
//!
//! Nothing here decides anything that the order does not: an entry's fate follows from the order's state, from what it
//! lists in the row, and from which of its tickets were given back. An order lists a row at most once.

use jiff::Timestamp;

use crate::{
    block::{Token, whole},
    order::{Held, Order, State, What},
    pool::BlockAddress,
    rail::row::{Change, Entry, Examined, Keep, Place, Places, Row},
};

/// What is to be done with an entry of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RideVerdict {
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

impl RideVerdict {
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

impl Order {
    /// What an entry of this order means in the row where it was found. An entry in a row that the order does not list is
    /// surplus, except while a revival is choosing its rows.
    ///
    /// An unpaid order has to have been settled before: past due, it says `Move` to a moment that is over.
    pub fn ride_verdict(&self, block: BlockAddress, examined: &Examined) -> RideVerdict {
        match self.state {
            State::Reviving { until, .. } => RideVerdict::Move(until),
            State::Reserved { expires } if self.lists(block) => RideVerdict::Move(expires),
            State::Paid(_) => self.owned_places(block, examined, RideVerdict::Keep, examined.entry.until),
            State::Ticketed(_) | State::Used(_) => self.owned_places(block, examined, RideVerdict::Confirm, None),
            State::Reserved { .. }
            | State::Cancelled(_)
            | State::Expired(_)
            | State::Lapsed(_)
            | State::Refunding { .. }
            | State::Refunded { .. } => RideVerdict::Evict,
        }
    }

    fn owned_places(
        &self,
        block: BlockAddress,
        examined: &Examined,
        whole: RideVerdict,
        until: Option<Timestamp>,
    ) -> RideVerdict {
        let owned = self.owns_places().find(|(held, _)| held.block == block).and_then(|(_, places)| places);
        match owned {
            None => RideVerdict::Evict,
            Some(places) if places != examined.entry.places => {
                RideVerdict::Shrink(Keep { places: Some(places), until })
            }
            Some(_) => whole,
        }
    }

    /// What the order still owns in each of its coach rows and weeks; nothing where every ticket of the row was given back.
    pub fn owns_places(&self) -> impl Iterator<Item = (&Held, Option<Places>)> + '_ {
        let is_kept = |number: u8| !self.returned.contains(number);
        self.numbered().filter_map(move |(held, numbers)| match &held.what {
            What::Rides(places) => {
                let kept = numbers.zip(places).filter(|(number, _)| is_kept(*number)).map(|(_, place)| *place);
                Some((held, Places::new(kept.collect()).ok()))
            }
            What::Person { ticket, places, .. } => Some((held, is_kept(*ticket).then(|| places.clone()))),
            What::Tickets(_) | What::Seats(_) => None,
        })
    }

    /// The seat of a ticket; nothing where the order has no such ticket, or not in a coach row.
    pub fn ride_of(&self, ticket: u8) -> Option<(BlockAddress, Place)> {
        let (held, numbers) = self.numbered().find(|(_, numbers)| numbers.contains(&ticket))?;
        let What::Rides(places) = &held.what else { return None };
        let place = places.iter().nth(usize::from(ticket - numbers.start))?;
        Some((held.block, *place))
    }

    fn lists(&self, block: BlockAddress) -> bool {
        self.owns_places().any(|(held, _)| held.block == block)
    }
}

impl What {
    /// What is written in a coach row or a week; nothing of the other kinds.
    pub fn entry(&self, until: Option<Timestamp>, token: Token) -> Option<Entry> {
        let (places, instead_of) = match self {
            Self::Rides(places) => (places, None),
            Self::Person { places, instead_of, .. } => (places, *instead_of),
            Self::Tickets(_) | Self::Seats(_) => return None,
        };
        Some(Entry { places: places.clone(), until, token, instead_of })
    }
}

impl Held {
    /// How a revival takes what was listed once more: under a new token and deadline, so that a removal that is under way
    /// no longer matches. Nothing where an entry of the order has other places: another revival chose its rows anew, and may
    /// have paid it with them; it is left alone.
    pub fn ride_again(&self, order: &Order, found: &Row, until: Timestamp, token: Token) -> Option<Change> {
        let entry = self.what.entry(Some(whole(until)), token)?;
        match found.examine(order.id) {
            Some(examined) if examined.entry.places != entry.places => None,
            Some(examined) => Some(Change::Rewrite { examined, entry }),
            None => Some(Change::Hold { order: order.id, entry, evict: Vec::new() }),
        }
    }
}

#[cfg(test)]
mod tests;
