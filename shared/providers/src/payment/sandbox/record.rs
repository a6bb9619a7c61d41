//! What the sandbox knows of one payment.

use std::collections::BTreeMap;

use domain::{
    Timestamp,
    id::{Id as _, OrderId, PaymentId},
    money::Money,
    payment::{Capture, Payment, Provider},
    refund::Refund,
};
use serde::{Deserialize, Serialize};

use super::{
    super::{GivenBack, Standing},
    ACTION,
    webhook::Event,
};
use crate::Failed;

/// Seconds after the closing of a payment in which money that was on its way is still taken.
pub const CROSSING_SECS: i64 = 60;

/// What the simulated buyer is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The buyer pays.
    Paid {
        /// How often: two captures are two different payments of the same order.
        captures: u8,
        /// How much, where it is not what was asked: minor units.
        amount: Option<u64>,
    },
    /// The buyer cannot pay. They may try again.
    Failed,
}

/// The record of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    order: String,
    amount: u64,
    currency: String,
    status: Status,
    captures: Vec<Taken>,
    /// By the refund's id.
    refunds: BTreeMap<String, Given>,
    /// When it failed, seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failed_at: Option<i64>,
    /// When it was closed, seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Status {
    Open,
    Captured,
    Failed,
    Closed,
}

/// Money taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Taken {
    id: String,
    amount: u64,
    /// Seconds since 1970.
    at: i64,
}

/// Money given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Given {
    capture: String,
    amount: u64,
}

impl Record {
    pub(super) fn open(payment: &Payment) -> Self {
        Self {
            order: payment.order.to_string(),
            amount: payment.amount.minor,
            currency: payment.amount.currency.to_string(),
            status: Status::Open,
            captures: Vec::new(),
            refunds: BTreeMap::new(),
            failed_at: None,
            closed_at: None,
        }
    }

    pub(super) fn read(text: &str) -> Result<Self, Failed> {
        serde_json::from_str(text).map_err(unreadable)
    }

    pub(super) fn write(&self) -> Result<String, Failed> {
        serde_json::to_string(self).map_err(unreadable)
    }

    pub(super) fn order(&self) -> Option<OrderId> {
        self.order.parse().ok()
    }

    /// Captures are numbered, so that asking for the same again takes nothing more.
    pub(super) fn complete(mut self, payment: PaymentId, wanted: Wanted, now: Timestamp) -> Self {
        match wanted {
            Wanted::Failed => {
                self.failed_at = self.failed_at.or(Some(now.as_second()));
                if self.status == Status::Open {
                    self.status = Status::Failed;
                }
            }
            Wanted::Paid { .. } if self.status == Status::Closed && !self.is_crossing(now) => {}
            Wanted::Paid { captures, amount } => {
                for number in self.captures.len()..usize::from(captures) {
                    let amount = amount.unwrap_or(self.amount);
                    self.captures.push(Taken { id: capture_id(payment, number), amount, at: now.as_second() });
                }
                self.status = Status::Captured;
            }
        }
        self
    }

    /// The events that tell what was asked for, as they were when it happened.
    pub(super) fn events(&self, payment: PaymentId, wanted: Wanted) -> Result<Vec<String>, Failed> {
        let event = |id: String, at, taken: Option<&Taken>| {
            serde_json::to_string(&Event {
                id,
                kind: if taken.is_some() { Event::CAPTURED.to_owned() } else { Event::FAILED.to_owned() },
                created_at: at,
                payment: payment.to_string(),
                order: self.order.clone(),
                capture: taken.map(|taken| taken.id.clone()),
                amount: taken.map_or(self.amount, |taken| taken.amount),
                currency: self.currency.clone(),
            })
            .map_err(unreadable)
        };
        match wanted {
            Wanted::Failed => {
                let id = ["evt_", &payment.bare(), "_failed"].concat();
                Ok(vec![event(id, self.failed_at.unwrap_or_default(), None)?])
            }
            Wanted::Paid { captures, .. } => self
                .captures
                .iter()
                .take(captures.into())
                .map(|taken| event(["evt_", &taken.id].concat(), taken.at, Some(taken)))
                .collect(),
        }
    }

    fn is_crossing(&self, now: Timestamp) -> bool {
        self.closed_at.is_some_and(|closed| now.as_second() < closed + CROSSING_SECS)
    }

    pub(super) fn standing(&self, payment: PaymentId, now: Timestamp) -> Result<Standing, Failed> {
        match self.status {
            // Who could not pay may try again.
            Status::Open | Status::Failed => Ok(Standing::Open),
            Status::Closed if self.is_crossing(now) => Ok(Standing::Closing),
            Status::Closed => Ok(Standing::Closed),
            Status::Captured => {
                let currency = self.currency.parse().map_err(unreadable)?;
                let capture = |taken: &Taken| Capture {
                    provider: Provider::Sandbox,
                    id: taken.id.clone(),
                    payment,
                    amount: Money::new(taken.amount, currency),
                };
                Ok(Standing::Captured(self.captures.iter().map(capture).collect()))
            }
        }
    }

    pub(super) fn close(self, now: Timestamp) -> Self {
        match self.status {
            Status::Open | Status::Failed => Self { status: Status::Closed, closed_at: Some(now.as_second()), ..self },
            Status::Captured | Status::Closed => self,
        }
    }

    /// Gives money back once for each refund's id, and never more than was taken.
    pub(super) fn give_back(mut self, refund: &Refund) -> (Self, GivenBack) {
        let id = refund.id.to_string();
        if self.refunds.contains_key(&id) {
            return (self, GivenBack::Done);
        }
        let capture = &refund.capture.id;
        let Some(taken) = self.captures.iter().find(|taken| taken.id == *capture) else {
            return (self, GivenBack::Refused { reason: "no such capture".to_owned() });
        };
        let before: u64 =
            self.refunds.values().filter(|given| given.capture == *capture).map(|given| given.amount).sum();
        if refund.amount.currency.code() != self.currency || before.saturating_add(refund.amount.minor) > taken.amount {
            return (self, GivenBack::Refused { reason: "more than was captured".to_owned() });
        }
        self.refunds.insert(id, Given { capture: capture.clone(), amount: refund.amount.minor });
        (self, GivenBack::Done)
    }
}

fn capture_id(payment: PaymentId, number: usize) -> String {
    ["cap_", &payment.bare(), "_", &(number + 1).to_string()].concat()
}

fn unreadable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failed {
    Failed::new(ACTION, cause)
}
