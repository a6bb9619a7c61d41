//! One queue with its worker: receives, delivers, deletes, and lets failures come back, as Lambda's poller does.
//!
//! Under a clock that is moved by hand messages come without delay and are held here until they are due. They stay
//! invisible in the queue meanwhile, so that a system that dies loses none.

mod held;
mod service;

use std::{collections::HashSet, sync::Arc, time::Duration};

use app::Worker;
use providers::queue::Queue;
use runtime::queue::{SqsEvent, SqsMessage, deliver};
use tokio::{task::JoinSet, time::sleep};

use self::{held::Held, service::Polled};
use crate::{invocation, machinery::Machinery};

/// The most batches of one queue at the same time.
const AT_ONCE: usize = 4;
/// The longest time until a failed message comes back.
const RETRY_MAX_SECS: u32 = 60;
/// Milliseconds until a failed message comes back under a clock that is moved by hand, times how often it came.
const TEST_RETRY_MS: u64 = 2;

/// One queue with its worker.
#[derive(Debug)]
pub(crate) struct Lane {
    worker: &'static Worker,
    queue: Queue,
    machinery: Machinery,
    polled: Polled,
    held: Held,
}

impl Lane {
    pub(crate) fn new(worker: &'static Worker, queue: Queue, machinery: Machinery) -> Self {
        let polled = Polled::new(machinery.aws.sqs.clone(), machinery.app.queues.url(queue));
        let polled = if machinery.app.clock.is_test() { polled.hide_for_long() } else { polled };
        Self { worker, queue, machinery, polled, held: Held::default() }
    }

    pub(crate) const fn queue(&self) -> Queue {
        self.queue
    }

    /// The queue's name, with the prefix of its stage.
    pub(crate) fn name(&self) -> &str {
        self.polled.name()
    }

    /// How many messages are held because their time has not come.
    pub(crate) fn waiting(&self) -> usize {
        self.held.later_than(self.machinery.now_ms())
    }

    /// Works until the system stops; what was begun is finished.
    pub(crate) async fn run(self: Arc<Self>) {
        let stopped = self.machinery.stopped();
        let mut stopped = std::pin::pin!(stopped);
        let mut batches = JoinSet::new();
        // One receive is carried on from round to round: one that was dropped could have taken messages along.
        let mut receiving = Box::pin(self.polled.receive());
        loop {
            let has_room = batches.len() < AT_ONCE;
            tokio::select! {
                () = &mut stopped => break,
                messages = &mut receiving, if has_room => {
                    self.sort(messages, &mut batches);
                    receiving = Box::pin(self.polled.receive());
                }
                due = self.held.due(self.machinery.app), if has_room => {
                    batches.spawn(Arc::clone(&self).work(due));
                }
                Some(_) = batches.join_next(), if !batches.is_empty() => {}
            }
        }
        while batches.join_next().await.is_some() {}
        for message in self.held.take_all() {
            self.polled.come_back(&message, 0).await;
        }
    }

    /// Holds what came too early, and begins to work on the rest.
    fn sort(self: &Arc<Self>, messages: Vec<SqsMessage>, batches: &mut JoinSet<()>) {
        let messages = if self.machinery.app.clock.is_test() {
            self.held.keep_early(messages, self.machinery.now_ms())
        } else {
            messages
        };
        // What is held changes what is left to wait for.
        self.machinery.activity.step();
        if !messages.is_empty() {
            batches.spawn(Arc::clone(self).work(messages));
        }
    }

    async fn work(self: Arc<Self>, messages: Vec<SqsMessage>) {
        let running = self.machinery.activity.begin();
        let (failed, done) = self.deliver(messages).await;
        self.machinery.activity.step();
        self.polled.delete(&done).await;
        drop(running);
        for message in failed {
            self.retry(&message).await;
        }
    }

    /// Hands messages to the worker; returns those that have to come back, and those that are dealt with.
    async fn deliver(&self, messages: Vec<SqsMessage>) -> (Vec<SqsMessage>, Vec<SqsMessage>) {
        let mut event = SqsEvent::default();
        event.records.clone_from(&messages);
        let delivered = invocation::run(self.worker.duty.name, deliver(self.worker, self.machinery.app, event)).await;
        // Of an invocation that died, everything comes back.
        let Ok(response) = delivered else { return (messages, Vec::new()) };
        let failed: HashSet<&str> =
            response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
        let has_failed = |message: &SqsMessage| message.message_id.as_deref().is_some_and(|id| failed.contains(id));
        messages.into_iter().partition(has_failed)
    }

    /// Takes what is there and due, without waiting. For [`crate::stepper`].
    pub(crate) async fn take(&self) -> Vec<SqsMessage> {
        let received = self.polled.receive_within(0).await;
        self.held.keep_early(received, self.machinery.now_ms())
    }

    /// Takes what was held and is due now. For [`crate::stepper`].
    pub(crate) fn take_due(&self) -> Vec<SqsMessage> {
        self.held.take(self.machinery.now_ms())
    }

    /// Hands one message to the worker, which may have had it before. A message that is not dealt with goes back to the
    /// queue at once. For [`crate::stepper`].
    pub(crate) async fn try_one(&self, message: SqsMessage) -> bool {
        let (failed, _) = self.deliver(vec![message]).await;
        for message in &failed {
            self.polled.come_back(message, 0).await;
        }
        failed.is_empty()
    }

    /// Removes a message that was dealt with. For [`crate::stepper`].
    pub(crate) async fn remove(&self, message: SqsMessage) {
        self.polled.delete(&[message]).await;
    }

    /// Lets a message come back: after one second, two, four, up to a minute. No test waits for seconds.
    async fn retry(&self, message: &SqsMessage) {
        let receives = receives(message);
        let seconds = if self.machinery.app.clock.is_test() {
            sleep(Duration::from_millis(TEST_RETRY_MS * u64::from(receives))).await;
            0
        } else {
            backoff_secs(receives)
        };
        self.polled.come_back(message, seconds).await;
    }
}

/// How often a message was received, this time included.
fn receives(message: &SqsMessage) -> u32 {
    message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}

fn backoff_secs(receives: u32) -> u32 {
    let doublings = receives.saturating_sub(1);
    1_u32.checked_shl(doublings).map_or(RETRY_MAX_SECS, |seconds| seconds.clamp(1, RETRY_MAX_SECS))
}

#[cfg(test)]
mod tests {
    use super::backoff_secs;

    #[test]
    fn a_failed_message_comes_back_later_each_time_but_at_least_every_minute() {
        let waits: Vec<u32> = [0, 1, 2, 3, 6, 7, 20, 32, 33, u32::MAX].map(backoff_secs).to_vec();
        assert_eq!(waits, [1, 1, 2, 4, 32, 60, 60, 60, 60, 60]);
    }
}
