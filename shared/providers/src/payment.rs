//! Payment providers: what we ask of them, and what they tell us.
//!
//! **Invariant:** nothing here knows an order's state. A provider says what became of money; what that means for an order
//! is decided by the domain.

pub mod sandbox;

use domain::{
    Timestamp,
    id::{OrderId, PaymentId},
    payment::{Capture, Payment},
    refund::Refund,
};
use http::HeaderMap;

use crate::Failed;

/// What became of asking a provider to take money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// The buyer may pay. A repeat finds the payment that the first call made.
    Open(ClientNeeds),
    /// The payment was closed before it could be begun.
    Closed,
}

/// What the buyer's client needs to pay; each provider's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientNeeds {
    /// An address that stands for the provider's page.
    Sandbox {
        /// The address.
        pay_url: String,
    },
}

/// Where a payment stands at its provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The buyer may still pay.
    Open,
    /// Money was taken, perhaps more than once.
    Captured(Vec<Capture>),
    /// The buyer cannot begin to pay any more; money that was on its way when the payment was closed may still be taken. To
    /// be asked again in a minute.
    Closing,
    /// Nothing was taken, and nothing will be.
    Closed,
}

/// What became of asking a provider to give money back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GivenBack {
    /// It has been given back; perhaps by an earlier call.
    Done,
    /// The provider refuses for good.
    Refused {
        /// In its words.
        reason: String,
    },
}

/// A notification whose signature was verified, or that was kept after that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The provider's id of the event.
    pub event: String,
    /// The provider's time of the event, in whole seconds.
    pub at: Timestamp,
    /// The order, as we named it when the payment was begun.
    pub order: OrderId,
    /// Our payment.
    pub payment: PaymentId,
    /// What happened.
    pub outcome: Outcome,
}

/// What a notification tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Money was taken.
    Captured(Capture),
    /// The buyer could not pay.
    Failed,
}

/// Why a notification is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadNotice {
    /// There is no signature, or it is of something else, or of another time.
    #[error("the signature is not good")]
    Signature,
    /// It is signed, but says nothing that is understood.
    #[error("the notification is not readable")]
    Unreadable,
}

/// One payment provider, for one tenant.
pub trait PaymentProvider: Send + Sync {
    /// Asks the provider to take money. The payment's id makes repeats one.
    ///
    /// # Errors
    /// When the provider does not answer. Whether it has begun is not known.
    fn start(&self, payment: &Payment) -> impl Future<Output = Result<Begun, Failed>> + Send;

    /// Verifies a notification as it came, and reads it.
    ///
    /// # Errors
    /// When it is not the provider's, or too old, or not readable.
    fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Notification, BadNotice>;

    /// Reads a notification that was verified before.
    ///
    /// # Errors
    /// When it is not readable.
    fn read(&self, body: &str) -> Result<Notification, BadNotice>;

    /// Asks where a payment stands.
    ///
    /// # Errors
    /// When the provider does not answer.
    fn query(&self, payment: &Payment, now: Timestamp) -> impl Future<Output = Result<Standing, Failed>> + Send;

    /// Gives money back. The refund's id is the key by which a repeat is recognised.
    ///
    /// # Errors
    /// When the provider does not answer. Whether it has given money back is not known: ask again.
    fn refund(&self, refund: &Refund) -> impl Future<Output = Result<GivenBack, Failed>> + Send;

    /// Sees to it that the buyer cannot pay any more, unless they have. A provider whose captures may cross this call answers
    /// [`Standing::Closing`] until none can.
    ///
    /// # Errors
    /// When the provider does not answer.
    fn close(&self, payment: &Payment, now: Timestamp) -> impl Future<Output = Result<Standing, Failed>> + Send;
}
