//! Money that goes out: tickets given back, and what is still owed.

use jiff::Timestamp;

use crate::{
    id::RefundId,
    money::Money,
    order::{Change, Ended, Order, State, WrongState},
};

/// Which tickets of an order have been given back: a bit for each number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Returned(u16);

impl Returned {
    /// Takes the bits as they were stored.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// The bits.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether that ticket has been given back.
    pub const fn contains(self, number: u8) -> bool {
        number < 16 && self.0 & (1 << number) != 0
    }

    /// How many have been given back.
    pub const fn count(self) -> u64 {
        self.0.count_ones() as u64
    }

    /// Their numbers.
    pub fn numbers(self) -> impl Iterator<Item = u8> {
        (0..16).filter(move |number| self.contains(*number))
    }

    const fn with(self, number: u8) -> Self {
        Self(self.0 | (1 << number))
    }
}

impl FromIterator<u8> for Returned {
    fn from_iter<N: IntoIterator<Item = u8>>(numbers: N) -> Self {
        numbers.into_iter().filter(|number| *number < 16).fold(Self::default(), Self::with)
    }
}

/// Why money does not go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRefundable {
    /// The order is not paid, or is over.
    #[error("the order is not paid")]
    NotPaid,
    /// Every ticket has been used.
    #[error("the tickets have been used")]
    Used,
    /// The order has no such ticket, or it was given back before.
    #[error("a ticket is not part of the order any more")]
    UnknownTicket,
    /// Nothing was paid.
    #[error("the order cost nothing")]
    Free,
}

/// What a provider has to be asked, or told, about an order that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Whether the payment that was begun has been captured.
    AskPayment,
    /// That money goes back.
    Refund,
}

impl Order {
    /// What tickets with these numbers are worth, or why they cannot go back. Shares of one order add up to its total.
    pub fn refundable(&self, tickets: &[u8]) -> Result<Money, NotRefundable> {
        match self.state {
            State::Paid(_) | State::Ticketed(_) => {}
            State::Used(_) => return Err(NotRefundable::Used),
            _ => return Err(NotRefundable::NotPaid),
        }
        if self.purchase.total.is_zero() {
            return Err(NotRefundable::Free);
        }
        let after = self.purchase.worth(self.with_returned(tickets)?);
        let before = self.purchase.worth(self.returned);
        Ok(Money { minor: after.minor.saturating_sub(before.minor), ..after })
    }

    /// Gives tickets back. When none is left, the order is on its way to being refunded.
    pub fn refund(self, tickets: &[u8], refund: RefundId, now: Timestamp) -> Result<Change, NotRefundable> {
        self.refundable(tickets)?;
        let returned = self.with_returned(tickets)?;
        let all = returned.count() == u64::from(self.purchase.quantity.get());
        let state = match self.state.clone() {
            State::Paid(paid) | State::Ticketed(paid) if all => State::Refunding { paid, refund },
            state => state,
        };
        Ok(Self { returned, ..self }.to(state, now))
    }

    /// Notes that the money of the refund that took the last ticket is back.
    pub fn refunded(self, refund: RefundId, now: Timestamp) -> Result<Change, WrongState> {
        match self.state.clone() {
            State::Refunding { paid, refund: last } if last == refund => {
                Ok(self.to(State::Refunded { paid, at: now }, now))
            }
            _ => Err(WrongState),
        }
    }

    /// Notes that a refund stands for the money that was owed.
    pub fn debt_recorded(self, now: Timestamp) -> Result<Change, WrongState> {
        match self.state.clone() {
            State::Cancelled(ended) if ended.owed.is_some() => {
                Ok(self.to(State::Cancelled(Ended { owed: None, ..ended }), now))
            }
            State::Lapsed(ended) if ended.owed.is_some() => {
                Ok(self.to(State::Lapsed(Ended { owed: None, ..ended }), now))
            }
            _ => Err(WrongState),
        }
    }

    /// What a provider has to be asked or told.
    pub const fn due(&self) -> Option<Due> {
        match &self.state {
            State::Cancelled(ended) | State::Expired(ended) | State::Lapsed(ended) => {
                if ended.owed.is_some() {
                    Some(Due::Refund)
                } else if ended.paying {
                    Some(Due::AskPayment)
                } else {
                    None
                }
            }
            _ => None,
        }
    }

    fn with_returned(&self, tickets: &[u8]) -> Result<Returned, NotRefundable> {
        if tickets.is_empty() {
            return Err(NotRefundable::UnknownTicket);
        }
        tickets.iter().try_fold(self.returned, |returned, number| {
            let unknown = *number >= self.purchase.quantity.get() || returned.contains(*number);
            if unknown { Err(NotRefundable::UnknownTicket) } else { Ok(returned.with(*number)) }
        })
    }
}
