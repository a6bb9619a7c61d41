//! Tickets that take the place of others: a passenger changes trains, a party is moved to other seats.
//!
//! The new tickets are an order of its own, which holds what it lists like any other. The old ones stay valid until, in one
//! write of both orders, the new one is paid and they are given back. So nobody ever stands there with neither, and of the
//! two at most one ever admits.
//!
//! Every order is paid by one capture, so that its money goes back the way it came. Where the new tickets cost no more than
//! the old ones, a part of what was taken for these pays them, and of the rest less a fee the buyer is given back. Where
//! they cost more, they are paid in full, and what was taken for the old ones goes back in full.

use jiff::Timestamp;

use crate::{
    id::{Id as _, OrderId, RefundId},
    money::Money,
    order::{Change, NotRefundable, Order, Returned, Settled, State, WrongState},
    payment::Capture,
    rail::change::{Difference, difference},
    refund::{self, Reason, Refund},
};

/// The tickets whose place an order takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaces {
    /// Of which order.
    pub order: OrderId,
    /// Which.
    pub tickets: Returned,
    /// Whether these could not be given back any more, so that the new ones cannot either.
    pub is_final: bool,
    /// How many changes have led to the new tickets, with this one.
    pub times: u8,
}

/// Two orders and the money between them, to be written together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The order of the new tickets, which is paid now.
    pub new: Change,
    /// The order of the old ones, which are given back now.
    pub old: Change,
    /// What the buyer gets back of what was paid for the old ones: perhaps nothing, but their stock has to be given back
    /// in any case.
    pub refund: Refund,
}

/// How an order that takes the place of tickets is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// What was paid for the old tickets pays it.
    Paid(Box<Exchange>),
    /// It costs more: it waits for a payment, like any order.
    Dearer,
}

impl Order {
    /// How this order, which is not written yet, is written: what the tickets are worth whose place it takes pays it, where
    /// that is enough. Of a difference in the buyer's favour so many percent are kept.
    ///
    /// # Errors
    /// When the tickets cannot be given up any more.
    pub fn carried(self, old: Self, fee_percent: u8, now: Timestamp) -> Result<Carried, NotRefundable> {
        let (tickets, worth) = self.giving_up(&old)?;
        let (amount, fee) = match difference(worth, self.purchase.total, fee_percent) {
            None | Some(Difference::Pay(_)) => return Ok(Carried::Dearer),
            Some(Difference::None) => (Money { minor: 0, ..worth }, 0),
            Some(Difference::GiveBack { amount, fee }) => (amount, fee.minor),
        };
        let total = self.purchase.total;
        let part = |capture: &Capture| Capture { amount: total, ..capture.clone() };
        let capture = old.paid().and_then(|paid| paid.capture.as_ref()).map(part).filter(|_| !total.is_zero());
        let state = State::Paid(Settled { at: now, capture });
        let new = Change { from: 0, order: Self { state, version: 1, updated: now, ..self } };
        let exchange = Exchange::of(new, old, tickets, (amount, total.minor + fee), now)?;
        Ok(Carried::Paid(Box::new(exchange)))
    }

    /// Gives the payment back that was to pay this order: the tickets whose place it was to take were used or given back
    /// meanwhile. What it holds is surplus from then on.
    ///
    /// # Errors
    /// When it does not wait for a payment.
    pub fn overtaken(self, capture: Capture, now: Timestamp) -> Result<Change, WrongState> {
        match self.state {
            State::Reserved { .. } => Ok(self.owing(capture, now)),
            _ => Err(WrongState),
        }
    }

    /// The numbers of the tickets whose place this order takes, and what they are worth.
    fn giving_up(&self, old: &Self) -> Result<(Vec<u8>, Money), NotRefundable> {
        let replaced = self.replaces.filter(|replaced| replaced.order == old.id && self.user == old.user);
        let numbers: Vec<u8> = replaced.ok_or(NotRefundable::UnknownTicket)?.tickets.numbers().collect();
        let worth = old.refundable(&numbers)?;
        Ok((numbers, worth))
    }
}

impl Exchange {
    /// The exchange by which a capture of its own pays an order: what was paid for the old tickets goes back in full.
    ///
    /// # Errors
    /// When these cannot be given up any more.
    pub fn paying(new: Change, old: Order, now: Timestamp) -> Result<Self, NotRefundable> {
        let (tickets, worth) = new.order.giving_up(&old)?;
        Self::of(new, old, tickets, (worth, 0), now)
    }

    /// `back` is what the buyer is given back, and how many minor units of what the old tickets are worth are not.
    fn of(
        new: Change,
        old: Order,
        tickets: Vec<u8>,
        (amount, kept): (Money, u64),
        now: Timestamp,
    ) -> Result<Self, NotRefundable> {
        let id = Self::refund_id(new.order.id);
        let capture = old.paid().and_then(|paid| paid.capture.clone()).ok_or(NotRefundable::Free)?;
        let order = old.id;
        let old = old.refund(&tickets, id, now)?;
        let refund = Refund {
            id,
            order,
            capture,
            amount,
            tickets,
            reason: Reason::Changed { to: new.order.id, kept },
            state: refund::State::Approved,
            created: now,
            version: 0,
        };
        Ok(Self { new, old, refund })
    }

    /// The refund that stands for an exchange: its id follows from the new order's, so that there is one.
    pub fn refund_id(new: OrderId) -> RefundId {
        RefundId::from_bytes(new.bytes())
    }
}

#[cfg(test)]
mod tests;
