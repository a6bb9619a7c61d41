//! What can go wrong between us and DynamoDB, as opposed to a condition that was refused.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

/// The database did not do what it was asked, and no rule of the product says why.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// It has too much to do, or another transaction was in the way: trying again soon helps.
    #[error("the database asks to slow down")]
    Throttled,
    /// It did not answer, or refused in a way that should not happen. Whether a write was applied is not known.
    #[error("the database failed: {0}")]
    Unreachable(String),
    /// What is stored cannot be read as what it should be.
    #[error("an item is not readable: {0}")]
    Corrupt(String),
    /// There is no such tenant: it has no data key.
    #[error("there is no such tenant")]
    NoTenant,
    /// The key service does not unwrap the tenant's key, or what runs may not ask it to.
    #[error("the keys are not available: {0}")]
    KeysUnavailable(String),
}

impl Failed {
    /// Whether trying again soon helps.
    pub const fn is_throttled(&self) -> bool {
        matches!(self, Self::Throttled)
    }

    /// What an answer of the service means that is no refused condition.
    pub(crate) fn service(error: &impl ProvideErrorMetadata) -> Self {
        if is_throttle(error) {
            return Self::Throttled;
        }
        let (code, message) = (error.code().unwrap_or("unknown"), error.message().unwrap_or_default());
        Self::Unreachable(format!("{code}: {message}"))
    }

    /// Names what cannot be read.
    pub(crate) fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Corrupt(what.to_string())
    }
}

/// The codes under which the database asks to slow down, or says that another transaction was in the way.
const THROTTLES: [&str; 6] = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TransactionConflictException",
    "TransactionInProgressException",
    "LimitExceededException",
];

/// Whether an error of the service asks to try again soon.
fn is_throttle(error: &impl ProvideErrorMetadata) -> bool {
    error.code().is_some_and(|code| THROTTLES.contains(&code))
}

impl<E> From<SdkError<E, HttpResponse>> for Failed
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        if is_throttle(&error) {
            return Self::Throttled;
        }
        Self::Unreachable(DisplayErrorContext(error).to_string())
    }
}

impl From<serde_dynamo::Error> for Failed {
    fn from(error: serde_dynamo::Error) -> Self {
        Self::corrupt(error)
    }
}
