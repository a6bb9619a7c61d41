//! The one error that a client can see.

use std::fmt;

use serde_json::{Map, Value};

use crate::{Code, worker::Cause};

/// A wrong field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Which, as a path: `userInfo.name`, `sessions[0].startsAt`.
    pub field: String,
    /// What is wrong with it: `must be 1 to 10`.
    pub reason: String,
}

/// A refusal. What it says is written for the client; the cause is for the log alone.
#[derive(Debug)]
pub struct Error {
    /// Why.
    pub code: Code,
    /// Which fields, for `validation_failed`.
    pub details: Vec<Detail>,
    /// Facts that belong to the refusal, beside the standard fields: `remaining`, `usedAt`, `reason`.
    pub facts: Map<String, Value>,
    /// After how many seconds trying again makes sense.
    pub retry_after_secs: Option<u32>,
    cause: Option<Cause>,
}

impl Error {
    /// A refusal.
    pub fn new(code: Code) -> Self {
        let retry_after_secs = matches!(code, Code::Busy | Code::RateLimited | Code::Unavailable).then_some(1);
        Self { code, details: Vec::new(), facts: Map::new(), retry_after_secs, cause: None }
    }

    /// One wrong field.
    pub fn field(field: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self::fields(vec![Detail { field: field.into(), reason: reason.to_string() }])
    }

    /// Wrong fields, all at once.
    pub fn fields(details: Vec<Detail>) -> Self {
        Self { details, ..Self::new(Code::ValidationFailed) }
    }

    /// Something that should not happen; the cause goes to the log.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(Code::Internal) }
    }

    /// Something that may be better in a moment; the cause goes to the log.
    pub fn unavailable(cause: impl Into<Cause>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(Code::Unavailable) }
    }

    /// Adds a fact.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after_secs: Some(seconds), ..self }
    }

    /// What lies behind it; for the log.
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<store::Failed> for Error {
    fn from(failed: store::Failed) -> Self {
        match failed {
            store::Failed::Throttled => Self::unavailable(failed),
            store::Failed::NoTenant => Code::NotFound.into(),
            _ => Self::internal(failed),
        }
    }
}

impl From<providers::Failed> for Error {
    fn from(failed: providers::Failed) -> Self {
        if failed.is_throttled() { Self::unavailable(failed) } else { Self::internal(failed) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.word())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
