//! What providers tell us about money.

use std::{fmt, str::FromStr};

use jiff::Timestamp;

use crate::{
    id::{OrderId, PaymentId},
    money::Money,
};

/// A payment provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    /// The simulator of local and test stages.
    Sandbox,
}

impl Provider {
    /// The word used in paths and records.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// No provider has that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a payment provider: sandbox")]
pub struct UnknownProvider;

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, UnknownProvider> {
        match text {
            "sandbox" => Ok(Self::Sandbox),
            _ => Err(UnknownProvider),
        }
    }
}

/// Money that a provider has taken: the provider's id of the capture identifies it for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// Who took it.
    pub provider: Provider,
    /// The provider's id of the capture (WeChat's `transaction_id`, Stripe's charge).
    pub id: String,
    /// Our payment that it belongs to.
    pub payment: PaymentId,
    /// How much was taken; of an order that is paid by a part of what was taken for another, that part.
    pub amount: Money,
}

/// A payment that was begun, as its order remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Our id; the provider's reference for it. It tells when the payment was begun.
    pub id: PaymentId,
    /// Where.
    pub provider: Provider,
}

/// A payment that was begun at a provider. Its outcome is on the order, the only arbiter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Our id; the provider's reference for it.
    pub id: PaymentId,
    /// What is paid for.
    pub order: OrderId,
    /// Where.
    pub provider: Provider,
    /// How much was asked.
    pub amount: Money,
    /// When it was begun.
    pub created: Timestamp,
}
