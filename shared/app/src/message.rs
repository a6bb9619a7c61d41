//! What workers are told. Areas do not depend on each other; they meet in these messages.
//!
//! A worker makes its job of one of them: `#[serde(transparent)] struct CreateOrder(message::OrderPlaced)`.

use domain::{
    id::{EventId, OptionId, OrderId, PaymentId, RefundId, SessionId, UserId},
    pool::PoolKey,
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
    pub event: Text<EventId>,
    pub session: Text<SessionId>,
    pub option: Text<OptionId>,
    pub quantity: u8,
    /// Minor units.
    pub total: u64,
    pub currency: Text<domain::money::Currency>,
    /// Whom to reach, sealed, in base64.
    pub contact: String,
    pub held: Vec<HeldPart>,
    pub hold_minutes: u8,
    /// Milliseconds since 1970.
    pub expires: i64,
    /// Milliseconds since 1970.
    pub created: i64,
}

/// Tickets held in one block.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of `domain::order::Held`")]
pub struct HeldPart {
    pub pool: Text<PoolKey>,
    pub block: u16,
    pub count: u8,
    /// Of a row block, the bits of the places; a message that was sent before there were any has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<u16>,
    pub token: [u8; 6],
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
