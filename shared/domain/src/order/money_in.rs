//! Money that comes in: payments begun, captures on time, late, twice and wrong.

use jiff::Timestamp;

use crate::{
    block::Token,
    event::later,
    order::{Change, Ended, Held, Order, Settled, State, WrongState},
    payment::{Begun, Capture},
};

/// A payment may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// What to write first; nothing where this payment was begun before.
    pub change: Option<Change>,
    /// Until when the tickets are held.
    pub expires: Timestamp,
}

/// Why a payment may not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayRefused {
    /// It is paid.
    #[error("the order is paid")]
    Paid,
    /// The hold has ended, or the order was called off.
    #[error("the order has ended")]
    Over,
    /// Too many payments were begun for it.
    #[error("too many payments were begun")]
    TooMany,
}

/// What a capture means for an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// It pays the order: write this.
    Pays(Change),
    /// It pays the order, together with giving up the tickets whose place it takes: see [`super::Exchange::paying`].
    Exchanges(Change),
    /// The hold has ended meanwhile: write this, then look again.
    ExpireFirst(Change),
    /// The hold had ended: write this, then hold the tickets again.
    Revives(Change),
    /// Another revival is under way: look again later.
    Wait,
    /// It has been applied already.
    Known,
    /// The order was paid otherwise: give this one back.
    Duplicate,
    /// The order is over and cannot be revived: write this, which records that the money is owed.
    Owes(Change),
    /// The amount or currency is not the order's: put it aside for a person.
    Wrong,
}

/// How long a revival may take.
const REVIVE_SECS: i64 = 2 * 60;

impl Order {
    /// The most payments that may be begun for one order: a buyer who changes their mind, not one who tries the doors.
    pub const MAX_PAYMENTS: usize = 5;

    /// Begins a payment. The first stretches the hold.
    pub fn start_payment(mut self, payment: Begun, now: Timestamp) -> Result<Started, PayRefused> {
        match self.state {
            State::Reserved { expires } if expires <= now => Err(PayRefused::Over),
            State::Reserved { expires } if self.begun.contains(&payment) => Ok(Started { change: None, expires }),
            State::Reserved { .. } if self.begun.len() >= Self::MAX_PAYMENTS => Err(PayRefused::TooMany),
            State::Reserved { expires } => {
                let expires = if self.is_paying() { expires } else { self.stretched(expires, now) };
                self.begun.push(payment);
                let change = self.to(State::Reserved { expires }, now);
                Ok(Started { change: Some(change), expires })
            }
            State::Paid(_) | State::Ticketed(_) | State::Used(_) | State::Reviving { .. } => Err(PayRefused::Paid),
            State::Cancelled(_)
            | State::Expired(_)
            | State::Lapsed(_)
            | State::Refunding { .. }
            | State::Refunded { .. } => Err(PayRefused::Over),
        }
    }

    /// Decides what a capture means. `token` names the revival that this may begin.
    pub fn capture(self, capture: Capture, token: Token, now: Timestamp) -> Arrived {
        if self.paid().and_then(|paid| paid.capture.as_ref()).is_some_and(|known| known.id == capture.id) {
            return Arrived::Known;
        }
        if capture.amount != self.purchase.total {
            return Arrived::Wrong;
        }
        match self.state.clone() {
            State::Reserved { expires } if now < expires => {
                let pays = if self.replaces.is_some() { Arrived::Exchanges } else { Arrived::Pays };
                pays(self.to(State::Paid(Settled { at: now, capture: Some(capture) }), now))
            }
            State::Reserved { .. } => Arrived::ExpireFirst(self.to(unresolved(now), now)),
            State::Reviving { until, .. } if until <= now => Arrived::ExpireFirst(self.to(unresolved(now), now)),
            State::Reviving { .. } => Arrived::Wait,
            // Whoever wanted other tickets still has the old ones.
            State::Expired(_) if self.replaces.is_some() => Arrived::Owes(self.owing(capture, now)),
            State::Expired(_) => {
                let until = later(now, REVIVE_SECS);
                Arrived::Revives(self.to(State::Reviving { until, token, capture }, now))
            }
            State::Paid(_) | State::Ticketed(_) | State::Used(_) | State::Refunding { .. } | State::Refunded { .. } => {
                Arrived::Duplicate
            }
            State::Cancelled(ended) => self.owe(ended, capture, State::Cancelled, now),
            State::Lapsed(ended) => self.owe(ended, capture, State::Lapsed, now),
        }
    }

    /// Ends a revival that holds everything again. Only the revival that began may end it, and only in time.
    pub fn revived(self, token: Token, held: Vec<Held>, now: Timestamp) -> Result<Change, WrongState> {
        match self.state.clone() {
            State::Reviving { until, token: mine, capture } if mine == token && now < until => {
                let paid = State::Paid(Settled { at: now, capture: Some(capture) });
                Ok(Self { held, ..self }.to(paid, now))
            }
            _ => Err(WrongState),
        }
    }

    /// Gives a revival up: the tickets are gone and the money is owed, in one write.
    pub fn lapse(self, token: Token, now: Timestamp) -> Result<Change, WrongState> {
        match self.state.clone() {
            State::Reviving { token: mine, capture, .. } if mine == token => Ok(self.owing(capture, now)),
            _ => Err(WrongState),
        }
    }

    /// Ends the order with a payment that has to go back.
    pub(super) fn owing(self, capture: Capture, now: Timestamp) -> Change {
        self.to(State::Lapsed(Ended { at: now, paying: false, owed: Some(capture) }), now)
    }

    /// Notes that the provider will not capture anything any more.
    pub fn payment_closed(self, now: Timestamp) -> Result<Change, WrongState> {
        match self.state.clone() {
            State::Cancelled(ended) if ended.paying => {
                Ok(self.to(State::Cancelled(Ended { paying: false, ..ended }), now))
            }
            State::Expired(ended) if ended.paying => Ok(self.to(State::Expired(Ended { paying: false, ..ended }), now)),
            _ => Err(WrongState),
        }
    }

    /// One debt at a time: the next capture waits until a refund stands for the one before.
    fn owe(self, ended: Ended, capture: Capture, state: fn(Ended) -> State, now: Timestamp) -> Arrived {
        let Ended { at, owed, .. } = ended;
        match owed {
            Some(owed) if owed.id == capture.id => Arrived::Known,
            Some(_) => Arrived::Wait,
            None => Arrived::Owes(self.to(state(Ended { at, paying: false, owed: Some(capture) }), now)),
        }
    }
}

fn unresolved(now: Timestamp) -> State {
    State::Expired(Ended { at: now, paying: true, owed: None })
}
