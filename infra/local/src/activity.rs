//! What happens in the background: counted, so that a test can wait until nothing does.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};

/// How long a system may take to come to rest.
const REST_WITHIN: Duration = Duration::from_mins(1);
/// After how long to look again although nobody said that something moved.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// The system does not come to rest: something goes round in circles, or fails each time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system does not come to rest: {0}")]
pub struct NotDrained(pub String);

/// Counts steps of background work. Clones share the count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activity(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    steps: AtomicU64,
    running: AtomicUsize,
    moved: Notify,
}

/// Background work while it runs.
#[derive(Debug)]
pub(crate) struct Running(Activity);

impl Activity {
    /// Says that work was done. Comes after what the work gave others to do became visible, and before the work itself
    /// disappears: whoever sees neither sees at least that the count has moved.
    pub(crate) fn step(&self) {
        self.0.steps.fetch_add(1, Ordering::SeqCst);
        self.0.moved.notify_waiters();
    }

    /// Says that work has begun that is in no queue.
    pub(crate) fn begin(&self) -> Running {
        self.0.running.fetch_add(1, Ordering::SeqCst);
        Running(self.clone())
    }

    /// Waits until nothing runs and `left` finds nothing, with not one step in between.
    pub(crate) async fn rest(&self, left: impl Fn() -> Option<String>) -> Result<(), NotDrained> {
        let deadline = Instant::now() + REST_WITHIN;
        loop {
            let mut moved = std::pin::pin!(self.0.moved.notified());
            moved.as_mut().enable();
            let before = self.0.steps.load(Ordering::SeqCst);
            let running = self.0.running.load(Ordering::SeqCst);
            let left = if running > 0 { Some(format!("{running} workers run")) } else { left() };
            let still = self.0.steps.load(Ordering::SeqCst) == before;
            match left {
                None if still => return Ok(()),
                Some(left) if Instant::now() >= deadline => return Err(NotDrained(left)),
                _ => {}
            }
            // Work that runs on this very thread must come to its turn.
            tokio::task::yield_now().await;
            drop(timeout(LOOK_EVERY, moved).await);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.step();
        self.0.0.running.fetch_sub(1, Ordering::SeqCst);
        self.0.0.moved.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_to_do_is_rest_and_running_work_is_not() {
        let activity = Activity::default();
        assert_eq!(activity.rest(|| None).await, Ok(()));
        let running = activity.begin();
        let resting = activity.clone();
        let waiting = tokio::spawn(async move { resting.rest(|| None).await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(running);
        assert_eq!(waiting.await.unwrap(), Ok(()));
    }
}
