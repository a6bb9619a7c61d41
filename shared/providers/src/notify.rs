//! Messages to people: by e-mail, by text message, or kept where tests and developers find them.

mod ses;
mod sns;

use std::{fmt, future::Future, time::Duration};

use domain::Timestamp;

pub use self::{ses::Ses, sns::Sns};
use crate::Failed;

/// How long a service may take to accept a message.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where a message goes.
#[derive(Clone, PartialEq, Eq)]
pub enum Recipient {
    /// An e-mail address.
    Email(String),
    /// A telephone number in E.164.
    Phone(String),
}

impl Recipient {
    /// The word for the way.
    pub const fn channel(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Phone(_) => "phone",
        }
    }

    /// The address or number.
    pub fn address(&self) -> &str {
        match self {
            Self::Email(address) | Self::Phone(address) => address,
        }
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({})", self.channel())
    }
}

/// A message. Does not print: it may hold a code.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// To whom.
    pub to: Recipient,
    /// What it is about, where the way has a place for that.
    pub subject: String,
    /// What it says.
    pub text: String,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("to", &self.to).finish_non_exhaustive()
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Delivered {
    /// The service took it. Whether it arrives nobody knows.
    Taken,
    /// The service will never take it: an address that it does not serve, a sender that it does not know.
    Refused {
        /// The HTTP status.
        status: u16,
    },
}

/// Whoever delivers messages.
pub trait Notifier: Send + Sync {
    /// Delivers a message. A repeat may deliver it twice.
    ///
    /// # Errors
    /// Where trying again may help.
    fn send(&self, message: &Message, now: Timestamp) -> impl Future<Output = Result<Delivered, Failed>> + Send;
}

/// Where the outbox keeps its messages.
pub trait Shelf: Send + Sync {
    /// Keeps a message for a day.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn keep(&self, message: &Message, now: Timestamp) -> impl Future<Output = Result<(), Failed>> + Send;
}

/// Delivers nothing and keeps everything: local and test stages only.
#[derive(Debug)]
pub struct Outbox<S>(S);

impl<S: Shelf> Outbox<S> {
    /// Keeps messages on this shelf.
    pub const fn new(shelf: S) -> Self {
        Self(shelf)
    }
}

impl<S: Shelf> Notifier for Outbox<S> {
    async fn send(&self, message: &Message, now: Timestamp) -> Result<Delivered, Failed> {
        self.0.keep(message, now).await?;
        // Neither the address nor the text: logs are read by more people than messages are.
        tracing::info!(target: "notify", channel = message.to.channel(), "a message is in the outbox");
        Ok(Delivered::Taken)
    }
}

/// What an answer of a service means: 429 and its own failures are worth another try, and so is a clock that is wrong.
fn delivered(action: &'static str, status: u16) -> Result<Delivered, Failed> {
    match status {
        200..=299 => Ok(Delivered::Taken),
        // The answer may quote the address, so it is not told.
        403 | 429 | 500.. => Err(Failed::new(action, format!("status {status}"))),
        status => Ok(Delivered::Refused { status }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_better_later_is_tried_again() {
        assert_eq!(delivered("x", 200).unwrap(), Delivered::Taken);
        assert_eq!(delivered("x", 400).unwrap(), Delivered::Refused { status: 400 });
        for status in [403, 429, 500, 503] {
            assert!(delivered("x", status).is_err(), "{status}");
        }
    }

    #[test]
    fn messages_do_not_print() {
        let to = Recipient::Email("ana@demo.test".to_owned());
        let message = Message { to, subject: "Your code".to_owned(), text: "Code 123456".to_owned() };
        let printed = format!("{message:?}");
        assert!(!printed.contains("123456") && !printed.contains("ana@"), "{printed}");
    }
}
