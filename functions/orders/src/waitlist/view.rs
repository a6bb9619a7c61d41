//! What those who wait see of their requests.

use app::{
    Error,
    wire::{Instant, Text},
};
use domain::{
    id::{Id as _, OrderId},
    money::Currency,
    order::{Order, State},
    waitlist::{Phase, Why},
};
use schemars::JsonSchema;
use serde::Serialize;
use store::Waiting;

use super::alternative::{Alternative, Party};

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StatusWord {
    /// It is in line once it is paid.
    Unpaid,
    /// It is in line.
    Waiting,
    /// An order is being made for it.
    Serving,
    /// It was served, by the order that it names.
    Served,
    /// The party changed its mind; what was paid goes back.
    Cancelled,
    /// Its time was over, or it was not paid in time; what was paid goes back.
    Expired,
}

/// A request.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WaitingView {
    /// Its id. It is paid like an order of this id.
    id: Text<OrderId>,
    status: StatusWord,
    /// What is paid now, in minor units: the dearest alternative. What is not needed of it goes back.
    amount: u64,
    currency: Text<Currency>,
    /// Until when it may be paid; null once it is, or cannot be any more.
    expires_at: Option<Instant>,
    quantity: u8,
    /// What would do, best first.
    alternatives: Vec<Alternative>,
    /// Until when the party waits.
    until: Instant,
    /// Since when it is in line; null before it is paid.
    since: Option<Instant>,
    /// The order that serves it.
    order_id: Option<Text<OrderId>>,
    created_at: Instant,
}

impl WaitingView {
    /// A request with its deposit, where that is written.
    pub(crate) fn of(waiting: &Waiting, deposit: Option<&Order>) -> Result<Self, Error> {
        let request = &waiting.request;
        let amount = Party::read(&waiting.about).map_err(Error::internal)?.amount();
        let alternatives = request.alternatives().iter().map(|text| Alternative::read(text));
        Ok(Self {
            id: Text(waiting.id),
            status: status(waiting, deposit),
            amount: amount.minor,
            currency: Text(amount.currency),
            expires_at: deposit.and_then(Order::expires).map(Instant),
            quantity: request.party.get(),
            alternatives: alternatives.collect::<Result<_, _>>().map_err(Error::internal)?,
            until: Instant(request.until),
            since: waiting.is_paid.then_some(Instant(request.turn.asked)),
            order_id: match request.phase {
                Phase::Served { order } => Some(Text(order)),
                _ => None,
            },
            created_at: Instant(waiting.id.created()),
        })
    }
}

fn status(waiting: &Waiting, deposit: Option<&Order>) -> StatusWord {
    match waiting.request.phase {
        Phase::Waiting if waiting.is_paid => StatusWord::Waiting,
        Phase::Waiting => match deposit.map(|deposit| &deposit.state) {
            Some(State::Cancelled(_)) => StatusWord::Cancelled,
            Some(State::Expired(_) | State::Lapsed(_)) => StatusWord::Expired,
            // It was paid a moment ago, and is about to be in line.
            Some(State::Paid(_)) => StatusWord::Waiting,
            _ => StatusWord::Unpaid,
        },
        Phase::Serving { .. } => StatusWord::Serving,
        Phase::Served { .. } => StatusWord::Served,
        Phase::Left { why: Why::Cancelled, .. } => StatusWord::Cancelled,
        Phase::Left { why: Why::Expired, .. } => StatusWord::Expired,
    }
}
