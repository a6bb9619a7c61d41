//! What an order's entries in blocks mean, and what is to be done with each: the decisions between the one write that
//! settles an order and the writes that follow from it in blocks.

use jiff::Timestamp;

use crate::{
    block::{self, Examined, Keep, StockBlock, Token},
    order::{Held, Order, State},
    payment::Capture,
    pool::BlockAddress,
};

/// What is to be done with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is surplus: it may go.
    Evict,
    /// It stays as it is, on the list of unfinished work: its order waits for its tickets.
    Keep,
    /// Its order has more time: it follows.
    Move(Timestamp),
    /// Its order is ticketed: its time limit goes.
    Confirm,
    /// Some of its tickets were given back: so many stay, with a time limit while the order waits for its tickets.
    Shrink(Keep),
}

impl Verdict {
    /// What a walk over unfinished work writes; nothing where the issuer has to be woken instead.
    pub fn tidying(self, examined: Examined, token: Token) -> Option<block::Change> {
        match self {
            Self::Evict => Some(block::Change::Release { examined }),
            Self::Shrink(keep) => Some(block::Change::reduce(examined, keep, token)),
            Self::Move(until) => Some(block::Change::follow(examined, until)),
            Self::Confirm => Some(block::Change::Confirm { order: examined.order, token: examined.entry.token }),
            Self::Keep => None,
        }
    }
}

impl Order {
    /// What an entry of this order means in the stock block where it was found. The order lists such a block at most once;
    /// an entry in a block that it does not list is surplus, except while a revival is choosing its blocks.
    ///
    /// An unpaid order has to have been settled before: past due, it says `Move` to a moment that is over.
    pub fn verdict(&self, block: BlockAddress, examined: &Examined) -> Verdict {
        match self.state {
            State::Reviving { until, .. } => Verdict::Move(until),
            State::Reserved { expires } if self.owned_in(block).is_some() => Verdict::Move(expires),
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
        match self.owned_in(block) {
            None | Some(0) => Verdict::Evict,
            Some(count) if count < examined.entry.count => Verdict::Shrink(Keep { count, until }),
            Some(_) => whole,
        }
    }

    /// Whether whatever this order has in a block is surplus.
    pub const fn is_over(&self) -> bool {
        match self.state {
            State::Cancelled(_)
            | State::Expired(_)
            | State::Lapsed(_)
            | State::Refunding { .. }
            | State::Refunded { .. } => true,
            State::Reserved { .. } | State::Reviving { .. } | State::Paid(_) | State::Ticketed(_) | State::Used(_) => {
                false
            }
        }
    }

    /// Whether the order itself says what became of a capture. One of a wrong amount was put aside.
    pub fn shows(&self, capture: &Capture) -> bool {
        let known = match &self.state {
            State::Cancelled(ended) | State::Expired(ended) | State::Lapsed(ended) => ended.owed.as_ref(),
            _ => self.paid().and_then(|paid| paid.capture.as_ref()),
        };
        known.is_some_and(|known| known.id == capture.id) || capture.amount != self.purchase.total
    }

    /// How many tickets the order still owns in a block; nothing where it does not list the block.
    fn owned_in(&self, block: BlockAddress) -> Option<u8> {
        self.owns().find(|(held, _)| held.block == block).map(|(_, count)| count)
    }
}

impl Held {
    /// How a revival takes what was listed once more: under a new token and deadline, so that a removal that is under way
    /// no longer matches.
    pub fn again(&self, order: &Order, until: Timestamp, token: Token) -> block::Change {
        let entry = block::Entry { count: self.count(), until: None, token: self.token };
        block::Change::Rewrite { examined: Examined { order: order.id, entry }, entry: self.renewed(until, token) }
    }

    /// What a revival tries next where what was listed is not there any more. An entry of another size is none of its
    /// making: another revival of the order chose its blocks anew, and may have paid it with them, so that writing over it
    /// would take tickets from a paid order. It is left alone.
    pub fn again_in(&self, order: &Order, found: &StockBlock, until: Timestamp, token: Token) -> Option<block::Change> {
        let entry = self.renewed(until, token);
        match found.examine(order.id) {
            Some(examined) if examined.entry.count != self.count() => None,
            Some(examined) => Some(block::Change::Rewrite { examined, entry }),
            None => Some(block::Change::Hold { order: order.id, entry, evict: Vec::new() }),
        }
    }

    fn renewed(&self, until: Timestamp, token: Token) -> block::Entry {
        block::Entry { count: self.count(), until: Some(until), token }
    }
}
