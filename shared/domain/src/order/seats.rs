//! What an order's entries in row blocks mean: the same decisions as for stock, for one seat after the other.
//!
//! A seat is listed or not, and given back or not; it never shrinks. So an order may list several parts of one row block, as
//! long as no seat is listed twice.

use jiff::Timestamp;

use crate::{
    block::Token,
    order::{Held, Order, State, Verdict, What},
    pool::BlockAddress,
    row::{self, Examined, Place, Places, RowBlock},
};

/// The seat of one ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seat {
    /// Which ticket of the order, from 0.
    pub ticket: u8,
    /// The block of the seat.
    pub block: BlockAddress,
    /// Its place in the block.
    pub place: Place,
}

impl Order {
    /// The seats that the order lists, by ticket; none of tickets without a number.
    pub fn seats(&self) -> impl Iterator<Item = Seat> + '_ {
        self.numbered().flat_map(|(held, tickets)| {
            let places = match held.what {
                What::Seats(places) => places,
                What::Tickets(_) | What::Rides(_) | What::Person { .. } => Places::NONE,
            };
            tickets.zip(places.iter()).map(|(ticket, place)| Seat { ticket, block: held.block, place })
        })
    }

    /// The seats of what is listed that the order still owns, and those whose tickets were given back.
    pub fn owned_seats(&self, held: &Held) -> (Places, Places) {
        let What::Seats(listed) = held.what else { return (Places::NONE, Places::NONE) };
        let here = self.seats().filter(|seat| seat.block == held.block && listed.contains(seat.place));
        let returned: Places = here.filter(|seat| self.returned.contains(seat.ticket)).map(|seat| seat.place).collect();
        (listed.without(returned), returned)
    }

    /// What the entry of a seat means that was found under this order. An unpaid order has to have been settled before: past
    /// due, it says `Move` to a moment that is over.
    pub fn seat_verdict(&self, block: BlockAddress, examined: &Examined) -> Verdict {
        let owns = || {
            let seat = self.seats().find(|seat| seat.block == block && seat.place == examined.place);
            seat.is_some_and(|seat| !self.returned.contains(seat.ticket))
        };
        match self.state {
            State::Reviving { until, .. } => Verdict::Move(until),
            State::Reserved { expires } if owns() => Verdict::Move(expires),
            State::Paid(_) if owns() => Verdict::Keep,
            State::Ticketed(_) | State::Used(_) if owns() => Verdict::Confirm,
            State::Reserved { .. }
            | State::Paid(_)
            | State::Ticketed(_)
            | State::Used(_)
            | State::Cancelled(_)
            | State::Expired(_)
            | State::Lapsed(_)
            | State::Refunding { .. }
            | State::Refunded { .. } => Verdict::Evict,
        }
    }
}

impl Held {
    /// How a revival takes listed seats once more where the block is as found: those that are still its own are rewritten, so
    /// that a removal that is under way no longer matches, and those that are gone are held anew. All of the changes have to
    /// be made; a buyer's seats are these and no others.
    pub fn seats_again(&self, order: &Order, found: &RowBlock, until: Timestamp, token: Token) -> Vec<row::Change> {
        let What::Seats(listed) = self.what else { return Vec::new() };
        let examined = found.examine(order.id, listed);
        let own: Places = examined.iter().map(|one| one.place).collect();
        let mut changes = Vec::new();
        if !examined.is_empty() {
            changes.push(row::Change::Rewrite { examined, until: Some(until), token });
        }
        let gone = listed.without(own);
        if !gone.is_none() {
            let entry = row::Entry { order: order.id, until: Some(until), token };
            changes.push(row::Change::Hold { places: gone, entry, evict: Vec::new() });
        }
        changes
    }
}

#[cfg(test)]
mod tests;
