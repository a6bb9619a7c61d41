//! What is bought: of what, how many, and for how much.

use crate::{
    id::{EventId, Id as _, OptionId, RunId, SessionId},
    money::Money,
    order::Returned,
    rail::{coach::Class, stretch::Stretch},
};

/// How many tickets one order may hold: 1 to 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(u8);

/// Why a number is not a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {}", Quantity::MAX)]
pub struct QuantityError;

impl Quantity {
    /// The most that one order may hold.
    pub const MAX: u8 = 10;
    /// That many.
    pub const MOST: Self = Self(Self::MAX);

    /// Takes a number.
    pub fn parse(count: u64) -> Result<Self, QuantityError> {
        match u8::try_from(count) {
            Ok(count @ 1..=Self::MAX) => Ok(Self(count)),
            _ => Err(QuantityError),
        }
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// What tickets are for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A session of an event.
    Session {
        /// The event.
        event: EventId,
        /// Its session.
        session: SessionId,
        /// Its price option.
        option: OptionId,
    },
    /// A ride on a run of a train.
    Ride {
        /// The run.
        run: RunId,
        /// The class.
        class: Class,
        /// From which stop to which.
        stretch: Stretch,
    },
}

impl Subject {
    /// What the door lets people in to and counts: the session, or the run.
    pub fn session(&self) -> SessionId {
        match self {
            Self::Session { session, .. } => *session,
            Self::Ride { run, .. } => SessionId::from_bytes(run.bytes()),
        }
    }
}

/// What is bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// What the tickets are for.
    pub subject: Subject,
    /// How many tickets.
    pub quantity: Quantity,
    /// What they cost together.
    pub total: Money,
    /// What each ticket costs, in minor units, by number; nothing where all cost the same.
    pub each: Vec<u64>,
    /// What is printed on each ticket about its seat, by number; nothing where seats have no number.
    pub seats: Vec<String>,
}

impl Purchase {
    /// Tickets that all cost the same, without numbered seats.
    pub const fn alike(subject: Subject, quantity: Quantity, total: Money) -> Self {
        Self { subject, quantity, total, each: Vec::new(), seats: Vec::new() }
    }

    /// What some of its tickets cost together. Shares of one purchase add up to its total, in whatever order they are taken.
    pub fn worth(&self, tickets: Returned) -> Money {
        if self.each.is_empty() {
            return self.total.share(tickets.count(), self.quantity.get().into());
        }
        let each = (0..).zip(&self.each).filter(|(number, _)| tickets.contains(*number));
        Money { minor: each.map(|(_, price)| *price).sum(), ..self.total }
    }
}
