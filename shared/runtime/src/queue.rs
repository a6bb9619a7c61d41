//! Messages: a batch of SQS at a time, each message by itself.

use std::panic::AssertUnwindSafe;

use app::{App, Cause, Failure, Run, Source, Worker, clock::Stopwatch, dispatch::Chain, guard};
pub use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use providers::queue::{DUE, Queue};

/// The most messages of a batch that are dealt with at the same time.
const AT_ONCE: usize = 10;

/// Deals with a batch, and says which messages have to come back.
pub async fn deliver(worker: &'static Worker, app: &'static App, event: SqsEvent) -> SqsBatchResponse {
    let failed: Vec<String> = stream::iter(event.records)
        .map(|message| async move {
            let id = message.message_id.clone().unwrap_or_default();
            let outcome = receive(worker, app, &message).await;
            outcome.is_err().then_some(id)
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(std::future::ready)
        .collect()
        .await;
    let mut response = SqsBatchResponse::default();
    response.set_failures(failed);
    response
}

/// The message has to come back.
struct ComesBack;

async fn receive(worker: &'static Worker, app: &'static App, message: &SqsMessage) -> Result<(), ComesBack> {
    let body = message.body.as_deref().unwrap_or_default();
    let queue = queue_of(worker);
    if let (Some(queue), Some(rest)) = (queue, seconds_until_due(message, app)) {
        return wait(queue, app, body, rest).await;
    }
    let watch = Stopwatch::start();
    let outcome = handle(worker, app, body).await;
    log(worker, message, &outcome, watch);
    match (outcome, queue) {
        (Ok(()), _) => Ok(()),
        (Err(Failure::Poison(_)), Some(queue)) => bury(queue, app, body).await,
        (Err(_), _) => Err(ComesBack),
    }
}

/// Runs the worker's code, within its grants where they are enforced. A panic may be the fault of the moment: the message
/// comes back until it has been received too often.
pub(crate) async fn handle(worker: &'static Worker, app: &'static App, body: &str) -> Result<(), Failure> {
    let Run::One(run) = worker.run else { return Err(Failure::poison("a forwarder takes no messages")) };
    let running = AssertUnwindSafe(async move { run(body, app).await }).catch_unwind();
    let outcome = guard::scope(worker.duty.name, worker.duty.grants, running).await;
    outcome.unwrap_or_else(|_| Err(Failure::retry("panicked")))
}

/// Sends a message that came too early once more, for the rest of its time and a second: delays are whole seconds, and
/// waiting longer than the service can is several of these rounds.
async fn wait(queue: Queue, app: &App, body: &str, rest: u32) -> Result<(), ComesBack> {
    let sent = app.queues.send_text(queue, body.to_owned(), rest, app.now()).await;
    sent.map_err(|error| {
        tracing::warn!(target: "message", queue = queue.name(), error = %Chain(&error), "not delayed further");
        ComesBack
    })
}

async fn bury(queue: Queue, app: &App, body: &str) -> Result<(), ComesBack> {
    let sent = app.queues.bury(queue, body).await;
    sent.map_err(|error| {
        tracing::warn!(target: "message", queue = queue.name(), error = %Chain(&error), "not buried");
        ComesBack
    })
}

/// How long the message has to wait, where it came too early.
fn seconds_until_due(message: &SqsMessage, app: &App) -> Option<u32> {
    let due = message.message_attributes.get(DUE)?.string_value.as_deref()?.parse::<i64>().ok()?;
    rest_secs(due, app.now().as_millisecond())
}

/// Whole seconds, rounded up, and one more.
fn rest_secs(due_ms: i64, now_ms: i64) -> Option<u32> {
    let rest = due_ms.checked_sub(now_ms).filter(|rest| *rest > 0)?;
    Some(u32::try_from(rest.div_euclid(1_000)).unwrap_or(u32::MAX).saturating_add(1))
}

const fn queue_of(worker: &Worker) -> Option<Queue> {
    match worker.duty.source {
        Source::Queue(queue) => Some(queue),
        Source::Stream(_) | Source::Schedule { .. } => None,
    }
}

/// One line for each message.
fn log(worker: &Worker, message: &SqsMessage, outcome: &Result<(), Failure>, watch: Stopwatch) {
    let (name, latency_ms) = (worker.duty.name, watch.elapsed_ms());
    let message = message.message_id.as_deref().unwrap_or_default();
    let chain = |cause: &Cause| Chain(cause.as_ref()).to_string();
    match outcome {
        Ok(()) => tracing::info!(target: "message", worker = name, message, latency_ms),
        Err(Failure::Retry(cause)) => {
            tracing::warn!(target: "message", worker = name, message, latency_ms, cause = chain(cause), "comes back");
        }
        Err(Failure::Poison(cause)) => {
            tracing::error!(target: "message", worker = name, message, latency_ms, cause = chain(cause), "dead letter");
        }
    }
}

#[cfg(test)]
mod tests;
