//! Waiting for what is sold out: who gets what comes back.
//!
//! **The rule.** Requests are served in the order in which they were made. A request names alternatives, best first, and is
//! served wholly by one of them or not at all. A request is passed over only while none of its alternatives can be had
//! whole; what could serve it never goes to a later request, nor to a buyer who did not wait: they buy while [`serve`]
//! grants nothing. So a large party may wait
//! while smaller ones are served with what is too little for it; nothing is kept empty to be gathered for it, because most
//! of what would be gathered would be empty when the doors close. See docs/decisions/0033-waiting-in-line.md.
//!
//! **The life of a request.** It is paid for when it is made. To serve it, an order is named in the request *before* anything
//! is held; the order is held, written and paid like any other, with the request's money. A request lets go of an order only
//! when that order has been settled unpaid, so its money pays one order at most; money goes back only from a request that
//! names no order.

use jiff::Timestamp;

use crate::{id::OrderId, order::Quantity};

/// A request's place in the line: requests that were made at once come in the order of the second number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Turn {
    /// When it was made; once it is paid, when that was.
    pub asked: Timestamp,
    /// Its own number, drawn when it was made.
    pub number: u64,
}

/// A request of a whole party. `A` says what an alternative is: a session with a price option, or a run with a class and a
/// stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<A> {
    /// Its place in the line.
    pub turn: Turn,
    /// For how many.
    pub party: Quantity,
    /// What would do, best first.
    alternatives: Vec<A>,
    /// Until when the party waits.
    pub until: Timestamp,
    /// How far it has come.
    pub phase: Phase,
    /// Counts the changes. A change is written if the stored request still has the version that it was decided on.
    pub version: u32,
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// In line.
    Waiting,
    /// An order is being made for it.
    Serving {
        /// Which. Nothing else decides whether the request was served.
        order: OrderId,
    },
    /// It was served.
    Served {
        /// By which order.
        order: OrderId,
    },
    /// It left the line; its money goes back.
    Left {
        /// Why.
        why: Why,
        /// Whether a refund stands for the money already.
        refunded: bool,
    },
}

/// Why a request left the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// The party changed its mind.
    Cancelled,
    /// Nothing came back in time.
    Expired,
}

/// Why a request cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It names nothing, too much, or one thing twice.
    #[error("must name 1 to {} different alternatives", MAX_ALTERNATIVES)]
    Alternatives,
    /// It would end before it begins.
    #[error("must wait until a later moment")]
    Over,
}

/// Why a request cannot take a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// An order is being made for it: ask again when that is settled.
    #[error("the request is being served")]
    Serving,
    /// It was served, or it left the line.
    #[error("the request is no longer waiting")]
    Over,
    /// Its time is not over yet, or the order is not the one that it names.
    #[error("the request is not in a state that allows this")]
    WrongState,
}

/// What became of the order that was made for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was paid with the request's money.
    Paid,
    /// It was settled and can never be paid: nothing could be held, or the server died on the way.
    Failed,
}

/// The most alternatives of a request.
pub const MAX_ALTERNATIVES: usize = 8;

impl<A: PartialEq> Request<A> {
    /// A request, as it is made.
    pub fn new(turn: Turn, party: Quantity, alternatives: Vec<A>, until: Timestamp) -> Result<Self, RequestError> {
        let is_new = |(place, one): (usize, &A)| !alternatives[..place].contains(one);
        let good = (1..=MAX_ALTERNATIVES).contains(&alternatives.len()) && alternatives.iter().enumerate().all(is_new);
        if !good {
            return Err(RequestError::Alternatives);
        }
        if until <= turn.asked {
            return Err(RequestError::Over);
        }
        Ok(Self { turn, party, alternatives, until, phase: Phase::Waiting, version: 0 })
    }
}

impl<A> Request<A> {
    /// What would do, best first.
    pub fn alternatives(&self) -> &[A] {
        &self.alternatives
    }

    /// Whether it may be served now.
    pub fn is_waiting(&self, now: Timestamp) -> bool {
        self.phase == Phase::Waiting && now < self.until
    }

    /// Whether money has to go back for which no refund stands yet.
    pub const fn owes_refund(&self) -> bool {
        matches!(self.phase, Phase::Left { refunded: false, .. })
    }

    /// Puts it in line at the moment at which it was paid for: nobody overtakes by asking early and paying late. That may be
    /// after its time is over; then it leaves at once, with its money.
    pub fn paid(self, at: Timestamp) -> Result<Self, Refused> {
        match self.phase {
            Phase::Waiting => Ok(Self { turn: Turn { asked: at, ..self.turn }, ..self }.to(Phase::Waiting)),
            Phase::Serving { .. } => Err(Refused::Serving),
            Phase::Served { .. } | Phase::Left { .. } => Err(Refused::Over),
        }
    }

    /// Names the order that is to serve it, before anything is held for that order.
    pub fn begin(self, order: OrderId, now: Timestamp) -> Result<Self, Refused> {
        match self.phase {
            Phase::Waiting if now < self.until => Ok(self.to(Phase::Serving { order })),
            Phase::Serving { .. } => Err(Refused::Serving),
            Phase::Waiting | Phase::Served { .. } | Phase::Left { .. } => Err(Refused::Over),
        }
    }

    /// Notes what became of the order that it names. A request whose order failed is in line again, at its old place.
    pub fn settled(self, settled: OrderId, outcome: Outcome) -> Result<Self, Refused> {
        match (self.phase, outcome) {
            (Phase::Serving { order }, Outcome::Paid) if order == settled => Ok(self.to(Phase::Served { order })),
            (Phase::Serving { order }, Outcome::Failed) if order == settled => Ok(self.to(Phase::Waiting)),
            _ => Err(Refused::WrongState),
        }
    }

    /// Takes it out of the line because the party asked.
    pub fn cancel(self) -> Result<Self, Refused> {
        self.leave(Why::Cancelled)
    }

    /// Takes it out of the line because its time is over.
    pub fn expire(self, now: Timestamp) -> Result<Self, Refused> {
        if now < self.until { Err(Refused::WrongState) } else { self.leave(Why::Expired) }
    }

    /// Notes that a refund stands for its money.
    pub fn refund_recorded(self) -> Result<Self, Refused> {
        match self.phase {
            Phase::Left { why, refunded: false } => Ok(self.to(Phase::Left { why, refunded: true })),
            _ => Err(Refused::WrongState),
        }
    }

    fn leave(self, why: Why) -> Result<Self, Refused> {
        match self.phase {
            Phase::Waiting => Ok(self.to(Phase::Left { why, refunded: false })),
            Phase::Serving { .. } => Err(Refused::Serving),
            Phase::Served { .. } | Phase::Left { .. } => Err(Refused::Over),
        }
    }

    fn to(self, phase: Phase) -> Self {
        Self { phase, version: self.version + 1, ..self }
    }
}

/// What a request is to be served with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant<T> {
    /// Whose turn it is.
    pub turn: Turn,
    /// Which of its alternatives.
    pub alternative: usize,
    /// What was taken for it.
    pub taken: T,
}

/// Goes through the line once and says who is served with what is free.
///
/// `take` takes an alternative for a whole party out of what is free, or leaves it as it is and says no. Requests may come in
/// any order; those that are not waiting are left out.
pub fn serve<A, T>(
    line: &[Request<A>],
    now: Timestamp,
    mut take: impl FnMut(&A, Quantity) -> Option<T>,
) -> Vec<Grant<T>> {
    let mut waiting: Vec<&Request<A>> = line.iter().filter(|request| request.is_waiting(now)).collect();
    waiting.sort_by_key(|request| request.turn);
    let mut first_that_can = |request: &Request<A>| {
        let mut tries = request.alternatives.iter().enumerate();
        tries.find_map(|(place, alternative)| Some((place, take(alternative, request.party)?)))
    };
    let grant = |request: &Request<A>| {
        let (alternative, taken) = first_that_can(request)?;
        Some(Grant { turn: request.turn, alternative, taken })
    };
    waiting.into_iter().filter_map(grant).collect()
}

#[cfg(test)]
mod tests;
