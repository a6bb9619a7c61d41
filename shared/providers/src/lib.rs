//! The only crate that knows anyone else's interface: queues, files, payment and login providers, addresses of the web.
//!
//! **Invariant:** nothing here decides anything about orders, payments or tickets; it says what was sent and what came
//! back.

pub mod blob;
pub mod http;
pub mod kms;
pub mod notify;
pub mod oidc;
pub mod payment;
pub mod queue;
pub mod signed;
#[cfg(test)]
mod testing;
pub mod wechat;

use aws_smithy_runtime_api::client::result::SdkError;

/// A service outside did not do what it was asked to. The cause is for the log.
#[derive(Debug, thiserror::Error)]
#[error("{action} failed")]
pub struct Failed {
    /// What was asked for, such as `sqs:SendMessage`.
    pub action: &'static str,
    throttled: bool,
    #[source]
    cause: Box<dyn std::error::Error + Send + Sync>,
}

impl Failed {
    /// A failure with what lies behind it.
    pub fn new(action: &'static str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { action, throttled: false, cause: cause.into() }
    }

    /// The same, where trying again helps.
    #[must_use]
    pub(crate) fn busy(self) -> Self {
        Self { throttled: true, ..self }
    }

    /// Whether the service was too busy, so that waiting helps.
    pub const fn is_throttled(&self) -> bool {
        self.throttled
    }

    /// Explains the error of an SDK call.
    fn call<E, R>(action: &'static str, error: SdkError<E, R>) -> Self
    where
        E: std::error::Error + aws_smithy_types::error::metadata::ProvideErrorMetadata + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        let throttled = match &error {
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) => true,
            SdkError::ServiceError(refused) => refused.err().code().is_some_and(is_throttling),
            _ => false,
        };
        Self { action, throttled, cause: error.into() }
    }
}

/// The words by which the services say that they are busy.
fn is_throttling(code: &str) -> bool {
    matches!(
        code,
        "RequestThrottled" | "ThrottlingException" | "Throttling" | "SlowDown" | "ServiceUnavailable" | "OverLimit"
    )
}
