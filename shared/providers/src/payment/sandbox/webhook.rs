//! The sandbox's webhooks: how they are written, signed and checked.

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use domain::{
    Timestamp,
    money::Money,
    payment::{Capture, Provider},
};
use serde::{Deserialize, Serialize};

use super::super::{BadNotice, Notification, Outcome};

/// The header that carries time and signature.
pub const HEADER: &str = "sandbox-signature";
/// Seconds by which the time of a signature may differ from ours, either way.
pub const TOLERANCE_SECS: i64 = 5 * 60;

/// The body of a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// Seconds since 1970.
    pub(super) created_at: i64,
    pub(super) payment: String,
    pub(super) order: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) capture: Option<String>,
    /// Minor units.
    pub(super) amount: u64,
    pub(super) currency: String,
}

impl Event {
    pub(super) const CAPTURED: &'static str = "payment.captured";
    pub(super) const FAILED: &'static str = "payment.failed";
}

/// The value of the header for a body that is sent now.
pub(super) fn signature(key: &[u8; 32], body: &str, now: Timestamp) -> String {
    let at = now.as_second().to_string();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed(&at, body).as_bytes());
    ["t=", &at, ",v1=", &HEXLOWER.encode(tag.as_ref())].concat()
}

/// Whether the header is of this body and of this time. Compares in constant time.
pub(super) fn check(key: &[u8; 32], header: &str, body: &str, now: Timestamp) -> Result<(), BadNotice> {
    let part = |name: &str| header.split(',').find_map(|part| part.trim().strip_prefix(name));
    let (at, tag) = part("t=").zip(part("v1=")).ok_or(BadNotice::Signature)?;
    let tag = HEXLOWER.decode(tag.as_bytes()).map_err(|_| BadNotice::Signature)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::verify(&key, signed(at, body).as_bytes(), &tag).map_err(|_| BadNotice::Signature)?;
    let age = at.parse::<i64>().ok().and_then(|at| now.as_second().checked_sub(at)).ok_or(BadNotice::Signature)?;
    if age.unsigned_abs() <= TOLERANCE_SECS.unsigned_abs() { Ok(()) } else { Err(BadNotice::Signature) }
}

fn signed(at: &str, body: &str) -> String {
    [at, ".", body].concat()
}

/// Reads a body.
pub(super) fn read(body: &str) -> Result<Notification, BadNotice> {
    let event: Event = serde_json::from_str(body).map_err(|_| BadNotice::Unreadable)?;
    let payment = event.payment.parse().map_err(|_| BadNotice::Unreadable)?;
    let outcome = match (event.kind.as_str(), event.capture) {
        (Event::CAPTURED, Some(id)) => {
            let currency = event.currency.parse().map_err(|_| BadNotice::Unreadable)?;
            let amount = Money::new(event.amount, currency);
            Outcome::Captured(Capture { provider: Provider::Sandbox, id, payment, amount })
        }
        (Event::FAILED, None) => Outcome::Failed,
        _ => return Err(BadNotice::Unreadable),
    };
    Ok(Notification {
        event: event.id,
        at: Timestamp::from_second(event.created_at).map_err(|_| BadNotice::Unreadable)?,
        order: event.order.parse().map_err(|_| BadNotice::Unreadable)?,
        payment,
        outcome,
    })
}
