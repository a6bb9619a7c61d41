//! SQS on a local file: standard queues with delays, visibility, long polling and dead letters.
//!
//! Written here because the embeddable engines keep their messages in memory only, wake long
//! polls on a timer and search all messages on every receive. Here a send is acknowledged after
//! its commit, a receive is one index look-up, and a long poll is woken by the send itself or at
//! the moment the next message falls due.
//!
//! Standard queues only: no FIFO queues, no permissions, no encryption. Order is oldest first,
//! which callers must not rely on. Which messages are in flight survives a restart.

mod digest;
mod errors;
mod messages;
mod queues;
mod store;
mod wire;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Answer, Durability, EngineError, Holding, prepare, since_epoch};
use errors::SqsError;
use queues::Queue;

/// How many messages a queue holds, by what they are waiting for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Can be received now.
    pub visible: usize,
    /// Were received and are neither deleted nor visible again.
    pub in_flight: usize,
    /// Were sent with a delay that has not passed.
    pub delayed: usize,
}

impl Counts {
    /// Returns the number of all messages.
    pub fn total(&self) -> usize {
        self.visible + self.in_flight + self.delayed
    }
}

/// The embedded SQS. Clones share it.
#[derive(Clone, Debug)]
pub struct Sqs {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    /// How far this engine's clock is ahead of the system's, in milliseconds.
    ahead_ms: AtomicI64,
    /// Keeps the folder locked, and a temporary one alive.
    _holding: Arc<Holding>,
}

/// The file, and the queues as it says they are. One lock: `SQLite` has one writer anyway.
#[derive(Debug)]
struct State {
    connection: Connection,
    queues: HashMap<String, Queue>,
}

impl State {
    fn queue(&self, name: &str) -> Result<&Queue, SqsError> {
        self.queues.get(name).ok_or(SqsError::QueueDoesNotExist)
    }

    fn queue_mut(&mut self, name: &str) -> Result<&mut Queue, SqsError> {
        self.queues.get_mut(name).ok_or(SqsError::QueueDoesNotExist)
    }
}

/// The text of an answer, or the error that becomes one.
type Outcome = Result<Vec<u8>, SqsError>;

impl Sqs {
    pub(super) fn open(holding: &Arc<Holding>, durability: Durability) -> Result<Self, EngineError> {
        let connection = Connection::open(holding.join("sqs.sqlite"))?;
        prepare(&connection, holding, durability)?;
        store::create_tables(&connection)?;
        let queues = store::load_queues(&connection)?;
        Ok(Self {
            inner: Arc::new(Inner {
                state: Mutex::new(State { connection, queues }),
                ahead_ms: AtomicI64::new(0),
                _holding: Arc::clone(holding),
            }),
        })
    }

    /// Carries out one call of the JSON protocol, given the operation's name and the body.
    ///
    /// `endpoint` is the scheme and host by which the caller reaches this engine: queue
    /// addresses begin with it. Only `ReceiveMessage` ever waits.
    pub async fn call(&self, operation: &str, body: &[u8], endpoint: &str) -> Answer {
        let outcome = match operation {
            "ReceiveMessage" => self.receive(body).await,
            _ => self.carry_out(operation, body, endpoint),
        };
        outcome.map_or_else(|error| error.to_answer(), Answer::ok)
    }

    /// Counts a queue's messages; all zero for a queue that does not exist.
    pub fn pending(&self, queue: &str) -> Counts {
        let state = self.state();
        let Ok(queue) = state.queue(queue) else { return Counts::default() };
        store::count(&state.connection, queue.id, self.now_ms()).unwrap_or_else(|error| {
            tracing::error!(%error, "cannot count messages");
            Counts::default()
        })
    }

    /// The bodies of all messages there are, whatever their queue: for tests of what may not stand in one.
    ///
    /// # Errors
    /// What the database said.
    pub fn every_body(&self) -> Result<Vec<String>, rusqlite::Error> {
        store::every_body(&self.state().connection)
    }

    /// Puts this engine's clock forward: delays and visibility timeouts pass without waiting.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.inner.ahead_ms.fetch_add(by, Ordering::Relaxed);
        for queue in self.state().queues.values() {
            queue.wake.notify_waiters();
        }
    }

    /// Makes every message visible that is in flight, and returns how many there were: whoever opens the folder knows
    /// that the program which had received them is gone.
    ///
    /// # Errors
    /// What the database said.
    pub fn take_back(&self) -> Result<usize, rusqlite::Error> {
        let now_ms = self.now_ms();
        let state = self.state();
        let taken = store::take_back(&state.connection, now_ms)?;
        for queue in state.queues.values() {
            queue.wake.notify_waiters();
        }
        Ok(taken)
    }

    /// Deletes the messages that are past their queue's retention and returns how many.
    ///
    /// # Errors
    /// What the database said.
    pub fn sweep(&self) -> Result<usize, rusqlite::Error> {
        let now = self.now_ms();
        let state = self.state();
        let expired = state
            .queues
            .values()
            .map(|queue| store::delete_sent_before(&state.connection, queue.id, now - queue.settings.retention_ms));
        expired.sum()
    }

    fn carry_out(&self, operation: &str, body: &[u8], endpoint: &str) -> Outcome {
        match operation {
            "SendMessage" => self.send(parse(body)?),
            "SendMessageBatch" => self.send_batch(parse(body)?),
            "DeleteMessage" => self.delete(&parse(body)?),
            "DeleteMessageBatch" => self.delete_batch(parse(body)?),
            "ChangeMessageVisibility" => self.change_visibility(&parse(body)?),
            "ChangeMessageVisibilityBatch" => self.change_visibility_batch(parse(body)?),
            "CreateQueue" => self.create_queue(parse(body)?, endpoint),
            "DeleteQueue" => self.delete_queue(&parse(body)?),
            "PurgeQueue" => self.purge_queue(&parse(body)?),
            "GetQueueUrl" => self.queue_url(&parse(body)?, endpoint),
            "ListQueues" => self.list_queues(&parse(body)?, endpoint),
            "ListDeadLetterSourceQueues" => self.dead_letter_sources(&parse(body)?, endpoint),
            "GetQueueAttributes" => self.attributes(&parse(body)?),
            "SetQueueAttributes" => self.set_attributes(parse(body)?),
            "TagQueue" => self.tag(parse(body)?),
            "UntagQueue" => self.untag(&parse(body)?),
            "ListQueueTags" => self.tags(&parse(body)?),
            "StartMessageMoveTask" => self.move_back(&parse(body)?),
            _ => Err(SqsError::UnknownOperation(operation.to_owned())),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // SQLite rolls back what a panicking caller left open; queues change after the commit.
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> i64 {
        let system = i64::try_from(since_epoch().as_millis()).unwrap_or(i64::MAX);
        system.saturating_add(self.inner.ahead_ms.load(Ordering::Relaxed))
    }
}

fn parse<Q: DeserializeOwned>(body: &[u8]) -> Result<Q, SqsError> {
    // An SDK sends nothing for an operation without parameters.
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| SqsError::Unreadable(error.to_string()))
}

fn write<R: Serialize>(response: &R) -> Outcome {
    serde_json::to_vec(response).map_err(|error| SqsError::Unreadable(error.to_string()))
}

/// The answer of operations that only say that it was done.
fn done() -> Vec<u8> {
    b"{}".to_vec()
}

#[cfg(test)]
mod tests;
