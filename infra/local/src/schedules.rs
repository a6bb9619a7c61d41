//! Workers that run every so many minutes.

use std::time::Duration;

use app::{Failure, Source, Worker};
use runtime::schedule::tick;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::{
    invocation::{self, Died},
    machinery::Machinery,
};

/// When everything runs for the first time: soon after the start, for whatever was left undone.
const FIRST_AFTER: Duration = Duration::from_secs(5);

/// One worker and its interval.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    worker: &'static Worker,
    every: Duration,
}

impl Schedule {
    /// The schedule of a worker that has one.
    pub(crate) fn of(worker: &'static Worker) -> Option<Self> {
        let Source::Schedule { minutes } = worker.duty.source else { return None };
        Some(Self { worker, every: Duration::from_mins(u64::from(minutes.max(1))) })
    }

    /// Runs the worker whenever its time comes, until the system stops.
    pub(crate) async fn run(self, machinery: Machinery) {
        let mut ticks = interval_at(Instant::now() + FIRST_AFTER, self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stopped = machinery.stopped();
        let mut stopped = std::pin::pin!(stopped);
        loop {
            tokio::select! {
                () = &mut stopped => return,
                _ = ticks.tick() => drop(self.once(&machinery).await), // The worker has said what failed.
            }
        }
    }

    /// Runs the worker once.
    pub(crate) async fn once(self, machinery: &Machinery) -> Result<(), Failure> {
        let _running = machinery.activity.begin();
        let ran = invocation::run(self.worker.duty.name, tick(self.worker, machinery.app)).await;
        ran.unwrap_or_else(|Died| Err(Failure::retry("died")))
    }
}
