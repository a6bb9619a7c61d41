//! What runs without a caller: one message, one tick, or one record of a stream at a time.

use std::{fmt, pin::Pin};

use providers::queue::Queue;
use serde::{Serialize, de::DeserializeOwned};
use store::Table;

use crate::{App, Code, Grant};

/// A future that owns what it needs, of a type that is not named.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Where a worker's work comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Messages of a queue.
    Queue(Queue),
    /// Changes of a table.
    Stream(Table),
    /// A tick every so many minutes.
    Schedule {
        /// Minutes between ticks.
        minutes: u16,
    },
}

/// One worker.
#[derive(Clone, Copy, Debug)]
pub struct Duty {
    /// File, binary, Lambda function and sample event, all in one name.
    pub name: &'static str,
    /// Where its work comes from.
    pub source: Source,
    /// What it touches.
    pub grants: &'static [Grant],
    /// One sentence for the documentation.
    pub summary: &'static str,
}

/// Why a message was not dealt with.
#[derive(Debug)]
pub enum Failure {
    /// Trying again can help: the message comes back.
    Retry(Cause),
    /// Trying again cannot help: the message becomes a dead letter.
    Poison(Cause),
}

/// What lies behind a failure; for the log.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

impl Failure {
    /// Trying again can help.
    pub fn retry(cause: impl Into<Cause>) -> Self {
        Self::Retry(cause.into())
    }

    /// Trying again cannot help.
    pub fn poison(cause: impl Into<Cause>) -> Self {
        Self::Poison(cause.into())
    }
}

impl From<store::Failed> for Failure {
    fn from(failed: store::Failed) -> Self {
        Self::retry(failed)
    }
}

impl From<providers::Failed> for Failure {
    fn from(failed: providers::Failed) -> Self {
        Self::retry(failed)
    }
}

/// What the code of a route refuses because of the world outside may be better later; any other refusal stays one.
impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Self {
        match error.code {
            Code::Internal | Code::Unavailable | Code::Busy | Code::RateLimited => Self::retry(error),
            _ => Self::poison(error),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry(cause) | Self::Poison(cause) => cause.fmt(f),
        }
    }
}

/// A message or tick that knows its worker. Implemented once per worker of a queue or schedule.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// The declaration.
    const DUTY: Duty;

    /// Deals with one message. Must be safe to repeat after any crash, and in any order.
    fn handle(self, app: &'static App) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// One change of a table, as its stream tells it.
#[derive(Clone, Debug)]
pub struct Record {
    /// Partition key of the changed item.
    pub partition: String,
    /// Sort key of the changed item.
    pub sort: String,
    /// The item after the change, in the JSON of `DynamoDB`; `None` where it was removed or the stream carries keys only.
    pub item: Option<serde_json::Value>,
}

/// A message to be sent on. Equal messages of one batch are sent once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// Where to.
    pub queue: Queue,
    /// What.
    pub body: String,
}

/// How a worker's types were erased.
#[derive(Clone, Copy)]
pub enum Run {
    /// Deals with one message or tick, given as JSON.
    One(fn(&str, &'static App) -> BoxFuture<Result<(), Failure>>),
    /// Says what a change of a table gives others to do. Pure: the runtime sends.
    Forward(fn(&Record) -> Vec<Forwarded>),
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::One(_) => "One",
            Self::Forward(_) => "Forward",
        })
    }
}

/// A worker with its types erased, so that whoever runs it compiles once.
#[derive(Clone, Copy, Debug)]
pub struct Worker {
    /// The declaration.
    pub duty: Duty,
    /// What to call.
    pub run: Run,
}

impl Worker {
    /// Erases a job of a queue or a schedule.
    pub const fn of<J: Job>() -> Self {
        Self { duty: J::DUTY, run: Run::One(run::<J>) }
    }

    /// Everything that the worker's function touches: what its handler does, and what the runtime does with messages that
    /// come too early or cannot be dealt with.
    pub fn grants(&self) -> Vec<Grant> {
        let mut grants = self.duty.grants.to_vec();
        grants.extend(self.duty.grants.iter().filter_map(|grant| grant.implied()));
        if let Source::Queue(queue) = self.duty.source {
            grants.extend([Grant::send(queue), Grant::bury(queue)]);
        }
        grants.sort_unstable();
        grants.dedup();
        grants
    }

    /// The one reader of a stream: passes on what others have to do.
    pub const fn forwarder(duty: Duty, forward: fn(&Record) -> Vec<Forwarded>) -> Self {
        Self { duty, run: Run::Forward(forward) }
    }
}

fn run<J: Job>(body: &str, app: &'static App) -> BoxFuture<Result<(), Failure>> {
    let job = serde_json::from_str::<J>(body);
    Box::pin(async move { job.map_err(Failure::poison)?.handle(app).await })
}
