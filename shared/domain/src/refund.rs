//! The life of a refund: `REQUESTED → (REFUSED) → APPROVED → DONE`, or `FAILED` for a person to look at.

use jiff::Timestamp;

use crate::{
    id::{OrderId, RefundId},
    money::Money,
    payment::Capture,
};

/// Money on its way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Also the provider's idempotency key: asking twice gives back once.
    pub id: RefundId,
    /// The order that was paid.
    pub order: OrderId,
    /// The capture that is given back, wholly or in part.
    pub capture: Capture,
    /// How much.
    pub amount: Money,
    /// Which tickets of the order are given up: their numbers, from 0. Empty where no ticket was ever due (a late or
    /// double payment).
    pub tickets: Vec<u8>,
    /// Why.
    pub reason: Reason,
    /// Where it stands.
    pub state: State,
    /// When it was asked for.
    pub created: Timestamp,
    /// Counts the changes.
    pub version: u32,
}

/// Why money goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The buyer asked, in these words.
    Asked(String),
    /// The payment came after the hold had ended and the tickets were gone.
    Late,
    /// The order was paid twice.
    Duplicate,
    /// The tickets were changed for others.
    Changed {
        /// The order of the new tickets.
        to: OrderId,
        /// How many minor units of what the old ones are worth do not go back: they paid the new ones, or are a fee.
        kept: u64,
    },
    /// It was paid by somebody who waited, and was not needed, or not all of it.
    Waited,
}

/// Where a refund stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits for a decision.
    Requested,
    /// Somebody said no.
    Refused {
        /// Why, for the buyer.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// Decided; the provider has to be told.
    Approved,
    /// The provider has given the money back.
    Done {
        /// When.
        at: Timestamp,
    },
    /// The provider refuses for good; a person has to act.
    Failed {
        /// The provider's word for it.
        reason: String,
        /// When.
        at: Timestamp,
    },
}

/// Why a refund cannot take that step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the refund has been decided already")]
pub struct Decided;

impl Refund {
    /// The refund without the words in which it was asked for; nothing where there are none.
    pub fn forget_words(self) -> Option<Self> {
        let has_words = matches!(&self.reason, Reason::Asked(words) if !words.is_empty());
        has_words.then(|| Self { reason: Reason::Asked(String::new()), version: self.version + 1, ..self })
    }

    /// How many minor units of what its tickets are worth do not go back, because they were changed for others.
    pub const fn kept(&self) -> u64 {
        match self.reason {
            Reason::Changed { kept, .. } => kept,
            Reason::Asked(_) | Reason::Late | Reason::Duplicate | Reason::Waited => 0,
        }
    }

    /// Approves a request.
    pub fn approve(self) -> Result<Self, Decided> {
        match self.state {
            State::Requested => Ok(self.to(State::Approved)),
            _ => Err(Decided),
        }
    }

    /// Refuses a request.
    pub fn refuse(self, reason: String, at: Timestamp) -> Result<Self, Decided> {
        match self.state {
            State::Requested => Ok(self.to(State::Refused { reason, at })),
            _ => Err(Decided),
        }
    }

    /// Notes that the provider gave the money back. A refund that failed and was sent again may still end well.
    pub fn done(self, at: Timestamp) -> Result<Self, Decided> {
        match self.state {
            State::Approved | State::Failed { .. } => Ok(self.to(State::Done { at })),
            _ => Err(Decided),
        }
    }

    /// Notes that the provider refused for good.
    pub fn fail(self, reason: String, at: Timestamp) -> Result<Self, Decided> {
        match self.state {
            State::Approved => Ok(self.to(State::Failed { reason, at })),
            _ => Err(Decided),
        }
    }

    /// Whether somebody or something still has to act on it.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Requested | State::Approved)
    }

    fn to(self, state: State) -> Self {
        Self { state, version: self.version + 1, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::{Id as _, PaymentId},
        money::Currency,
        payment::Provider,
    };

    fn refund(state: State) -> Refund {
        let amount = Money::new(100, Currency::CNY);
        let payment = PaymentId::from_bytes([1; 16]);
        Refund {
            id: RefundId::from_bytes([1; 16]),
            order: OrderId::from_bytes([1; 16]),
            capture: Capture { provider: Provider::Sandbox, id: "c".into(), payment, amount },
            amount,
            tickets: vec![0],
            reason: Reason::Late,
            state,
            created: Timestamp::UNIX_EPOCH,
            version: 0,
        }
    }

    #[test]
    fn a_decision_is_made_once() {
        let now = Timestamp::UNIX_EPOCH;
        assert!(refund(State::Requested).approve().is_ok());
        assert_eq!(refund(State::Approved).approve(), Err(Decided));
        assert_eq!(refund(State::Approved).refuse("no".into(), now), Err(Decided));
        assert_eq!(refund(State::Done { at: now }).refuse("no".into(), now), Err(Decided));
    }

    #[test]
    fn only_words_are_forgotten() {
        assert_eq!(refund(State::Requested).forget_words(), None);
        let asked = Refund { reason: Reason::Asked("ill".into()), ..refund(State::Requested) };
        let silent = asked.clone().forget_words().unwrap();
        assert_eq!(silent, Refund { reason: Reason::Asked(String::new()), version: 1, ..asked });
        assert_eq!(silent.forget_words(), None);
    }

    #[test]
    fn money_goes_back_only_after_approval() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(refund(State::Requested).done(now), Err(Decided));
        assert!(refund(State::Approved).done(now).is_ok());
        assert!(refund(State::Failed { reason: "closed".into(), at: now }).done(now).is_ok());
        assert_eq!(refund(State::Done { at: now }).done(now), Err(Decided));
    }
}
