//! What workers are told. Areas do not depend on each other; they meet in these messages.
//!
//! A worker makes its job of one of them: `#[serde(transparent)] struct CreateOrder(message::OrderPlaced)`.

use domain::{
    block::Token,
    id::{EventId, OptionId, OrderId, PaymentId, RefundId, RunId, SessionId, UserId},
    order::{Held, Replaces, Subject, What},
    pool::{BlockAddress, PoolKey},
    rail::{
        self,
        coach::Class,
        stretch::{Stretch, StretchError},
    },
    row::Places,
    tenant::TenantId,
};
use serde::{Deserialize, Serialize};

use crate::wire::Text;

/// An order whose tickets are held and that has to be written. Until a worker has done so, it exists in this message alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are those of `domain::order::Draft`")]
pub struct OrderPlaced {
    pub tenant: Text<TenantId>,
    pub order: Text<OrderId>,
    pub user: Text<UserId>,
    #[serde(flatten)]
    pub subject: SubjectPart,
    pub quantity: u8,
    /// Minor units.
    pub total: u64,
    pub currency: Text<domain::money::Currency>,
    /// Minor units of each ticket, where that differs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub each: Vec<u64>,
    /// What is printed on each ticket about its seat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seats: Vec<String>,
    /// Whom to reach, sealed, in base64.
    pub contact: String,
    pub held: Vec<HeldPart>,
    pub hold_minutes: u8,
    /// Milliseconds since 1970.
    pub expires: i64,
    /// Milliseconds since 1970.
    pub created: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<ReplacedPart>,
}

/// The tickets whose place an order takes: [`domain::order::Replaces`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are those of `domain::order::Replaces`")]
pub struct ReplacedPart {
    pub order: Text<OrderId>,
    /// The numbers of the tickets.
    pub tickets: Vec<u8>,
    pub is_final: bool,
    pub times: u8,
}

/// What is bought: [`domain::order::Subject`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the fields are those of `domain::order::Subject`")]
pub enum SubjectPart {
    Session { event: Text<EventId>, session: Text<SessionId>, option: Text<OptionId> },
    Ride { run: Text<RunId>, class: Text<Class>, from: u16, to: u16 },
}

/// Something held in one block: [`domain::order::Held`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of `domain::order::Held`")]
pub struct HeldPart {
    pub pool: Text<PoolKey>,
    pub block: u16,
    #[serde(flatten)]
    pub what: WhatPart,
    pub token: [u8; 6],
}

/// What is held: [`domain::order::What`]. Places of rides are seat, from and to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the fields are those of `domain::order::What`")]
pub enum WhatPart {
    Seats {
        /// The bits of the places.
        seats: u16,
    },
    Rides {
        rides: Vec<(u8, u16, u16)>,
    },
    Person {
        person: u8,
        times: Vec<(u8, u16, u16)>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instead_of: Option<Text<OrderId>>,
    },
    Tickets {
        count: u8,
    },
}

impl SubjectPart {
    /// As it is told.
    pub fn of(subject: &Subject) -> Self {
        match subject {
            Subject::Session { event, session, option } => {
                Self::Session { event: Text(*event), session: Text(*session), option: Text(*option) }
            }
            Subject::Ride { run, class, stretch } => {
                Self::Ride { run: Text(*run), class: Text(class.clone()), from: stretch.from(), to: stretch.to() }
            }
        }
    }

    /// What was told.
    ///
    /// # Errors
    /// When a ride ends before it begins.
    pub fn read(&self) -> Result<Subject, StretchError> {
        Ok(match self {
            Self::Session { event, session, option } => {
                Subject::Session { event: event.0, session: session.0, option: option.0 }
            }
            Self::Ride { run, class, from, to } => {
                Subject::Ride { run: run.0, class: class.0.clone(), stretch: Stretch::new(*from, *to)? }
            }
        })
    }
}

impl ReplacedPart {
    /// As it is told.
    pub fn of(replaces: &Replaces) -> Self {
        let Replaces { order, tickets, is_final, times } = *replaces;
        Self { order: Text(order), tickets: tickets.numbers().collect(), is_final, times }
    }

    /// What was told.
    pub fn read(&self) -> Replaces {
        let tickets = self.tickets.iter().copied().collect();
        Replaces { order: self.order.0, tickets, is_final: self.is_final, times: self.times }
    }
}

impl HeldPart {
    /// As it is told.
    pub fn of(held: &Held) -> Self {
        let rides = |places: &rail::row::Places| {
            places.iter().map(|place| (place.seat, place.stretch.from(), place.stretch.to())).collect()
        };
        let what = match &held.what {
            What::Tickets(count) => WhatPart::Tickets { count: *count },
            What::Seats(places) => WhatPart::Seats { seats: places.bits() },
            What::Rides(places) => WhatPart::Rides { rides: rides(places) },
            What::Person { ticket, places, instead_of } => {
                WhatPart::Person { person: *ticket, times: rides(places), instead_of: instead_of.map(Text) }
            }
        };
        Self { pool: Text(held.block.pool), block: held.block.number, what, token: held.token.0 }
    }

    /// What was told; nothing where places are none.
    pub fn read(&self) -> Option<Held> {
        let rides = |places: &[(u8, u16, u16)]| {
            let place = |(seat, from, to): &(u8, u16, u16)| {
                Some(rail::row::Place { seat: *seat, stretch: Stretch::new(*from, *to).ok()? })
            };
            rail::row::Places::new(places.iter().map(place).collect::<Option<_>>()?).ok()
        };
        let what = match &self.what {
            WhatPart::Tickets { count } => What::Tickets(*count),
            WhatPart::Seats { seats } => What::Seats(Places::from_bits(*seats)),
            WhatPart::Rides { rides: places } => What::Rides(rides(places)?),
            WhatPart::Person { person, times, instead_of } => What::Person {
                ticket: *person,
                places: rides(times)?,
                instead_of: instead_of.as_ref().map(|order| order.0),
            },
        };
        let block = BlockAddress { pool: self.pool.0, number: self.block };
        Some(Held { block, what, token: Token(self.token) })
    }
}

/// An order that something has to be done about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderNamed {
    /// Whose.
    pub tenant: Text<TenantId>,
    /// Which.
    pub order: Text<OrderId>,
}

/// Somebody who is being erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserErased {
    /// Whose user.
    pub tenant: Text<TenantId>,
    /// Who.
    pub user: Text<UserId>,
    /// Whether nobody comes after this.
    pub last: bool,
}

/// A shard of stock that has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardChanged {
    /// Whose.
    pub tenant: Text<TenantId>,
    /// Of which pool.
    pub pool: Text<PoolKey>,
    /// Which.
    pub shard: u16,
}

/// Somebody may be served who waits: what they wait for has changed, or they have paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineMoved {
    /// Whose.
    pub tenant: Text<TenantId>,
    /// In which line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Text<SessionId>>,
    /// Whose request, by its deposit: in all the lines that it stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Text<OrderId>>,
}

/// Runs that an opening is to make: parts of one of its dates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunsAsked {
    /// Whose.
    pub tenant: Text<TenantId>,
    /// Which opening.
    pub opening: String,
    /// Of which date.
    pub date: Text<jiff::civil::Date>,
    /// The first part.
    pub from: u16,
    /// Behind the last part.
    pub to: u16,
}

/// A provider's notification that is kept and has to be applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeKept {
    /// Whose.
    pub tenant: Text<TenantId>,
    /// From whom.
    pub provider: String,
    /// The provider's id of the event.
    pub event: String,
    /// The provider's time of the event, seconds since 1970.
    pub at: i64,
}

/// A payment that was begun and whose provider has to be asked how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentBegun {
    /// Whose.
    pub tenant: Text<TenantId>,
    /// For which order.
    pub order: Text<OrderId>,
    /// Which payment.
    pub payment: Text<PaymentId>,
    /// How often it was asked before.
    pub asked: u8,
}

/// A message that somebody is to be sent. What it is about is sealed, for it names people; a code or a token is not in it:
/// the worker makes them ([0018](../../../docs/decisions/0019-messages-to-people.md)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notify {
    /// Whose.
    pub tenant: Text<TenantId>,
    /// Sealed for the tenant.
    pub sealed: String,
}

/// Money that has to go back, or a payment of an ended order whose outcome is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyDue {
    /// Whose.
    pub tenant: Text<TenantId>,
    /// Of which order.
    pub order: Text<OrderId>,
    /// Which refund; none where it is the order itself that owes or has to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<Text<RefundId>>,
}
