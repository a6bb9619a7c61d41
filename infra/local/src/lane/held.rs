//! Messages that came before their time, by a clock that is moved by hand.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use app::App;
use providers::queue::DUE;
use runtime::queue::SqsMessage;
use tokio::{sync::Notify, time::sleep};

/// How often to look at a clock that tells nobody when it is moved.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// The most messages that are handed on together, as from the queue.
const BATCH: usize = 10;

/// Messages, each with the millisecond at which it is due.
#[derive(Debug, Default)]
pub(super) struct Held {
    messages: Mutex<Vec<(i64, SqsMessage)>>,
    kept: Notify,
}

impl Held {
    /// Keeps the messages that are early, and gives back the others.
    pub(super) fn keep_early(&self, messages: Vec<SqsMessage>, now_ms: i64) -> Vec<SqsMessage> {
        let is_early = |message: &SqsMessage| due_ms(message) > now_ms;
        let (early, ready): (Vec<_>, Vec<_>) = messages.into_iter().partition(is_early);
        if !early.is_empty() {
            self.messages().extend(early.into_iter().map(|message| (due_ms(&message), message)));
            self.kept.notify_one();
        }
        ready
    }

    /// Waits for messages that are due, and takes at most ten of them.
    pub(super) async fn due(&self, app: &App) -> Vec<SqsMessage> {
        loop {
            let due = self.take(app.now().as_millisecond());
            if !due.is_empty() {
                return due;
            }
            if self.messages().is_empty() {
                self.kept.notified().await;
            } else {
                sleep(LOOK_EVERY).await;
            }
        }
    }

    pub(super) fn take_all(&self) -> Vec<SqsMessage> {
        self.messages().drain(..).map(|(_, message)| message).collect()
    }

    /// How many are due later than that.
    pub(super) fn later_than(&self, now_ms: i64) -> usize {
        self.messages().iter().filter(|(due_ms, _)| *due_ms > now_ms).count()
    }

    /// Takes at most ten messages that are due, oldest first.
    pub(super) fn take(&self, now_ms: i64) -> Vec<SqsMessage> {
        let mut messages = self.messages();
        // Oldest first: a test reads more easily when what was due first happens first.
        messages.sort_by_key(|(due_ms, _)| *due_ms);
        let due = messages.iter().take(BATCH).take_while(|(due_ms, _)| *due_ms <= now_ms).count();
        messages.drain(..due).map(|(_, message)| message).collect()
    }

    fn messages(&self) -> MutexGuard<'_, Vec<(i64, SqsMessage)>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a message is due; what does not say is due at once.
fn due_ms(message: &SqsMessage) -> i64 {
    let due = message.message_attributes.get(DUE).and_then(|due| due.string_value.as_deref());
    due.and_then(|due| due.parse().ok()).unwrap_or(i64::MIN)
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::sqs::SqsMessageAttribute;

    use super::*;

    fn message(id: &str, due: Option<i64>) -> SqsMessage {
        let mut message = SqsMessage::default();
        message.message_id = Some(id.to_owned());
        if let Some(due) = due {
            let mut attribute = SqsMessageAttribute::default();
            attribute.string_value = Some(due.to_string());
            message.message_attributes.insert(DUE.to_owned(), attribute);
        }
        message
    }

    fn ids(messages: &[SqsMessage]) -> Vec<&str> {
        messages.iter().filter_map(|message| message.message_id.as_deref()).collect()
    }

    #[test]
    fn what_is_early_waits_for_its_time() {
        let held = Held::default();
        let ready = held.keep_early(vec![message("c", Some(30)), message("b", Some(20)), message("a", None)], 10);
        assert_eq!(ids(&ready), ["a"]);
        assert_eq!(held.later_than(10), 2);
        assert!(held.take(19).is_empty());
        assert_eq!(held.later_than(20), 1, "what is due now is work, not waiting");
        assert_eq!(ids(&held.take(30)), ["b", "c"]);
        assert_eq!(held.later_than(0), 0);
    }
}
