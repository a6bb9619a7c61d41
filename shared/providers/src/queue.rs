//! The queues (SQS standard): what is in them, and how to send.

use std::collections::HashMap;

use aws_sdk_sqs::{
    Client,
    types::{MessageAttributeValue, SendMessageBatchRequestEntry},
};
use domain::Timestamp;
use serde::Serialize;

use crate::Failed;

/// A queue. Each has a dead-letter queue of the same name with `-dead` behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Queue {
    /// Orders that hold their tickets and have to be written.
    CreateOrder,
    /// Orders whose hold ends, delayed until then.
    ExpireOrder,
    /// Paid orders whose tickets have to be issued.
    IssueTickets,
    /// Ended orders whose stock has to be given back.
    ReleaseStock,
    /// Shards of stock that have changed.
    SummariseStock,
    /// Notifications of payment providers.
    ApplyNotice,
    /// Payments whose provider has to be asked.
    PollPayment,
    /// Money that has to go back.
    SendRefund,
    /// Webhooks that the sandbox has to send. Local and test stages only.
    SandboxDeliver,
    /// Messages to people that have to be written and sent.
    Notify,
    /// People who are being erased.
    EraseUser,
    /// Runs of trains that have to be opened.
    MakeRuns,
    /// Lines of people who wait, to be served.
    ServeWaitlist,
}

impl Queue {
    /// Every queue.
    pub const ALL: [Self; 13] = [
        Self::CreateOrder,
        Self::ExpireOrder,
        Self::IssueTickets,
        Self::ReleaseStock,
        Self::SummariseStock,
        Self::ApplyNotice,
        Self::PollPayment,
        Self::SendRefund,
        Self::SandboxDeliver,
        Self::Notify,
        Self::EraseUser,
        Self::MakeRuns,
        Self::ServeWaitlist,
    ];

    /// The name without the stage's prefix.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreateOrder => "create-order",
            Self::ExpireOrder => "expire-order",
            Self::IssueTickets => "issue-tickets",
            Self::ReleaseStock => "release-stock",
            Self::SummariseStock => "summarise-stock",
            Self::ApplyNotice => "apply-notice",
            Self::PollPayment => "poll-payment",
            Self::SendRefund => "send-refund",
            Self::SandboxDeliver => "sandbox-deliver",
            Self::Notify => "notify",
            Self::EraseUser => "erase-user",
            Self::MakeRuns => "make-runs",
            Self::ServeWaitlist => "serve-waitlist",
        }
    }

    /// The name of its dead-letter queue without the stage's prefix.
    pub fn dead_letters(self) -> String {
        format!("{}-dead", self.name())
    }

    /// How often a message is tried before it is a dead letter. Money and orders are tried long: with the visibility
    /// time that makes an hour.
    pub const MAX_RECEIVES: u8 = 20;
    /// Seconds for which a received message is hidden: six times the workers' timeout, as the service advises.
    pub const VISIBILITY_SECS: u16 = 180;
    /// Seconds that a message is kept: four days. Tombstones of orders outlive this and the dead letters' fourteen days.
    pub const RETENTION_SECS: u32 = 4 * 24 * 3_600;
    /// The longest delay of the service, in seconds.
    pub const MAX_DELAY_SECS: u16 = 900;
}

/// The message attribute that says when a delayed message is due: milliseconds since 1970, of the application's clock.
pub const DUE: &str = "due";

/// Who keeps a delayed message back until it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delays {
    /// The service, for as long as it can; what remains is waited for in a further round.
    Service,
    /// Whoever polls the queue, by the application's clock. For clocks that are moved by hand.
    Poller,
}

/// The queues of one stage.
#[derive(Clone, Debug)]
pub struct Queues {
    client: Client,
    url_prefix: String,
    delays: Delays,
}

impl Queues {
    /// The most messages of one call.
    pub const BATCH: usize = 10;

    /// Queues whose URL is `url_prefix` and the queue's name.
    pub fn new(client: Client, url_prefix: String, delays: Delays) -> Self {
        Self { client, url_prefix, delays }
    }

    /// The queue's address.
    pub fn url(&self, queue: Queue) -> String {
        self.url_prefix.clone() + queue.name()
    }

    /// The address of its dead-letter queue.
    pub fn dead_letters_url(&self, queue: Queue) -> String {
        self.url_prefix.clone() + &queue.dead_letters()
    }

    /// Sends a message that is due `delay_secs` seconds after `now`. Delays of any length are kept: the runtime sends a
    /// message on that arrives before it is due.
    ///
    /// # Errors
    /// When the message could not be written or the service did not take it.
    pub async fn send(
        &self,
        queue: Queue,
        body: &(impl Serialize + Sync),
        delay_secs: u32,
        now: Timestamp,
    ) -> Result<(), Failed> {
        let body = serde_json::to_string(body).map_err(|error| Failed::new(SEND, error))?;
        self.send_text(queue, body, delay_secs, now).await
    }

    /// Sends a message that is written already; otherwise like [`Queues::send`].
    ///
    /// # Errors
    /// When the service did not take it.
    pub async fn send_text(&self, queue: Queue, body: String, delay_secs: u32, now: Timestamp) -> Result<(), Failed> {
        let due = (delay_secs > 0).then(|| now.as_millisecond().saturating_add(i64::from(delay_secs) * 1_000));
        self.client
            .send_message()
            .queue_url(self.url(queue))
            .message_body(body)
            .set_delay_seconds(self.service_delay(delay_secs))
            .set_message_attributes(due.map(attribute).transpose()?.map(|due| HashMap::from([(DUE.to_owned(), due)])))
            .send()
            .await
            .map(drop)
            .map_err(|error| Failed::call(SEND, error))
    }

    /// Sends messages at once, ten a call, and says which of `bodies` were not taken, by their places.
    pub async fn send_batch(&self, queue: Queue, bodies: &[String]) -> Vec<(usize, Failed)> {
        let mut failed = Vec::new();
        for (number, chunk) in bodies.chunks(Self::BATCH).enumerate() {
            let first = number * Self::BATCH;
            match self.send_chunk(queue, chunk).await {
                Ok(refused) => failed.extend(refused.into_iter().map(|(place, why)| (first + place, why))),
                Err(error) => {
                    let reason = error.to_string();
                    failed.push((first, error));
                    failed.extend((1..chunk.len()).map(|place| (first + place, Failed::new(SEND, reason.clone()))));
                }
            }
        }
        failed
    }

    /// Sends a message that cannot be dealt with to the queue's dead letters.
    ///
    /// # Errors
    /// When the service did not take it.
    pub async fn bury(&self, queue: Queue, body: &str) -> Result<(), Failed> {
        self.client
            .send_message()
            .queue_url(self.dead_letters_url(queue))
            .message_body(body)
            .send()
            .await
            .map(drop)
            .map_err(|error| Failed::call(SEND, error))
    }

    /// Sends at most ten messages, and says which were refused, by their places.
    async fn send_chunk(&self, queue: Queue, bodies: &[String]) -> Result<Vec<(usize, Failed)>, Failed> {
        let mut call = self.client.send_message_batch().queue_url(self.url(queue));
        for (place, body) in bodies.iter().enumerate() {
            let entry = SendMessageBatchRequestEntry::builder().id(place.to_string()).message_body(body);
            call = call.entries(entry.build().map_err(|error| Failed::new(SEND, error))?);
        }
        let answer = call.send().await.map_err(|error| Failed::call(SEND, error))?;
        Ok(answer
            .failed()
            .iter()
            .filter_map(|entry| Some((entry.id().parse().ok()?, Failed::new(SEND, entry.code()))))
            .collect())
    }

    fn service_delay(&self, delay_secs: u32) -> Option<i32> {
        let longest = i32::from(Queue::MAX_DELAY_SECS);
        (self.delays == Delays::Service && delay_secs > 0)
            .then(|| i32::try_from(delay_secs).map_or(longest, |delay| delay.min(longest)))
    }
}

const SEND: &str = "sqs:SendMessage";

fn attribute(due: i64) -> Result<MessageAttributeValue, Failed> {
    MessageAttributeValue::builder()
        .data_type("Number")
        .string_value(due.to_string())
        .build()
        .map_err(|error| Failed::new(SEND, error))
}

#[cfg(test)]
mod tests;
