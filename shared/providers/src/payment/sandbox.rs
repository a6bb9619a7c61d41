//! The sandbox: a provider with which nobody pays. Local and test stages only.
//!
//! It keeps its own books, one record for each payment, and signs its webhooks as real providers do: header
//! `Sandbox-Signature: t=<seconds since 1970>,v1=<hex HMAC-SHA256 of "t.body">`. On request it takes the money twice, takes
//! a wrong amount, tells the same event twice, late, and in the wrong order.

mod record;
mod webhook;

use std::{fmt, future::Future};

use domain::{
    Timestamp,
    id::PaymentId,
    payment::{Capture, Payment},
    refund::Refund,
};
use http::HeaderMap;

use self::record::Record;
pub use self::{
    record::{CROSSING_SECS, Wanted},
    webhook::{HEADER, TOLERANCE_SECS},
};
use super::{BadNotice, Begun, ClientNeeds, GivenBack, Notification, PaymentProvider, Standing};
use crate::Failed;

/// How often a change of the books is decided anew when somebody else was quicker.
const ROUNDS: usize = 16;

/// Where the sandbox keeps its books: a text for each payment.
pub trait Books: Send + Sync {
    /// The text of a payment.
    ///
    /// # Errors
    /// When the books cannot be read.
    fn load(&self, payment: PaymentId) -> impl Future<Output = Result<Option<String>, Failed>> + Send;

    /// Replaces exactly `before`; `false` where something else stands there.
    ///
    /// # Errors
    /// When the books cannot be written.
    fn swap(
        &self,
        payment: PaymentId,
        before: Option<&str>,
        after: &str,
    ) -> impl Future<Output = Result<bool, Failed>> + Send;
}

/// The sandbox of one tenant.
pub struct Sandbox<B> {
    books: B,
    key: [u8; 32],
    public_url: String,
}

impl<B> fmt::Debug for Sandbox<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sandbox")
    }
}

/// A webhook, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The value of [`HEADER`].
    pub signature: String,
    /// The body.
    pub body: String,
}

impl<B: Books> Sandbox<B> {
    /// A sandbox that signs with `key` and whose pages lie below `public_url`.
    pub const fn new(books: B, key: [u8; 32], public_url: String) -> Self {
        Self { books, key, public_url }
    }

    /// Which order a payment is for; nothing where it was never begun.
    ///
    /// # Errors
    /// When the books cannot be read.
    pub async fn order_of(&self, payment: PaymentId) -> Result<Option<domain::id::OrderId>, Failed> {
        match self.books.load(payment).await? {
            Some(text) => Ok(Record::read(&text)?.order()),
            None => Ok(None),
        }
    }

    /// Does what the simulated buyer is asked to do, and says what is to be notified. Repeats change nothing: captures are
    /// numbered. A payment that was closed less than [`CROSSING_SECS`] ago is captured all the same, as happens at real
    /// providers when both come in one second; later there is nothing to be paid, and nothing to be told.
    ///
    /// # Errors
    /// When the books fail, or know no such payment.
    pub async fn complete(&self, payment: PaymentId, wanted: Wanted, now: Timestamp) -> Result<Vec<String>, Failed> {
        self.change(payment, |record| {
            let record = record.ok_or_else(|| Failed::new(ACTION, "the sandbox knows no such payment"))?;
            let record = record.complete(payment, wanted, now);
            let events = record.events(payment, wanted)?;
            Ok((record, events))
        })
        .await
    }

    /// Signs an event.
    pub fn sign(&self, body: String, now: Timestamp) -> Webhook {
        Webhook { signature: webhook::signature(&self.key, &body, now), body }
    }

    /// Reads a record, decides, and writes it if it is still the same; again where it is not.
    async fn change<T: Send>(
        &self,
        payment: PaymentId,
        decide: impl Fn(Option<Record>) -> Result<(Record, T), Failed> + Send + Sync,
    ) -> Result<T, Failed> {
        for _ in 0..ROUNDS {
            let before = self.books.load(payment).await?;
            let (after, told) = decide(before.as_deref().map(Record::read).transpose()?)?;
            let after = after.write()?;
            if before.as_deref() == Some(&after) || self.books.swap(payment, before.as_deref(), &after).await? {
                return Ok(told);
            }
        }
        Err(Failed::new(ACTION, "the sandbox's record keeps changing"))
    }
}

const ACTION: &str = "sandbox";

impl<B: Books> PaymentProvider for Sandbox<B> {
    async fn start(&self, payment: &Payment) -> Result<Begun, Failed> {
        let standing = self.change(payment.id, |record| {
            let record = record.unwrap_or_else(|| Record::open(payment));
            let standing = record.standing(payment.id, payment.created)?;
            Ok((record, standing))
        });
        let pay_url = [&self.public_url, "/api/payments/sandbox/", &payment.id.to_string(), "/complete"].concat();
        Ok(match standing.await? {
            Standing::Open | Standing::Captured(_) => Begun::Open(ClientNeeds::Sandbox { pay_url }),
            Standing::Closing | Standing::Closed => Begun::Closed,
        })
    }

    fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Notification, BadNotice> {
        let body = std::str::from_utf8(body).map_err(|_| BadNotice::Signature)?;
        let header = headers.get(HEADER).and_then(|value| value.to_str().ok()).ok_or(BadNotice::Signature)?;
        webhook::check(&self.key, header, body, now)?;
        self.read(body)
    }

    fn read(&self, body: &str) -> Result<Notification, BadNotice> {
        webhook::read(body)
    }

    async fn query(&self, payment: &Payment, now: Timestamp) -> Result<Standing, Failed> {
        match self.books.load(payment.id).await? {
            Some(text) => Record::read(&text)?.standing(payment.id, now),
            // Not begun yet: it may still be.
            None => Ok(Standing::Open),
        }
    }

    async fn refund(&self, refund: &Refund) -> Result<GivenBack, Failed> {
        let Capture { payment, .. } = refund.capture;
        if self.books.load(payment).await?.is_none() {
            return Ok(GivenBack::Refused { reason: "no such payment".to_owned() });
        }
        let given = self.change(payment, |record| {
            Ok(record.ok_or_else(|| Failed::new(ACTION, "the sandbox lost a payment"))?.give_back(refund))
        });
        given.await
    }

    async fn close(&self, payment: &Payment, now: Timestamp) -> Result<Standing, Failed> {
        let closed = self.change(payment.id, |record| {
            let record = record.unwrap_or_else(|| Record::open(payment)).close(now);
            let standing = record.standing(payment.id, now)?;
            Ok((record, standing))
        });
        closed.await
    }
}

#[cfg(test)]
mod tests;
