//! Schedules: a worker that runs every so many minutes.

use app::{App, Cause, Failure, Worker, clock::Stopwatch, dispatch::Chain};

use crate::queue::handle;

/// Runs a worker once. Its job is read from an empty object.
///
/// # Errors
/// Whatever the worker says; the next tick tries again.
pub async fn tick(worker: &'static Worker, app: &'static App) -> Result<(), Failure> {
    let watch = Stopwatch::start();
    let outcome = handle(worker, app, "{}").await;
    let (name, latency_ms) = (worker.duty.name, watch.elapsed_ms());
    let chain = |cause: &Cause| Chain(cause.as_ref()).to_string();
    match &outcome {
        Ok(()) => tracing::info!(target: "tick", worker = name, latency_ms),
        Err(Failure::Retry(cause) | Failure::Poison(cause)) => {
            tracing::error!(target: "tick", worker = name, latency_ms, cause = chain(cause));
        }
    }
    outcome
}
