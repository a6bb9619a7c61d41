//! The calls of a poller.

use std::{collections::HashMap, time::Duration};

use app::dispatch::Chain;
use aws_lambda_events::sqs::SqsMessageAttribute;
use aws_sdk_sqs::{
    Client,
    types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName},
};
use runtime::queue::SqsMessage;
use tokio::time::sleep;

use crate::engine::REGION;

/// The most messages of one receive.
const BATCH: i32 = 10;
/// Seconds that a receive waits for messages: the longest that the service allows.
const WAIT_SECS: i32 = 20;
/// Twelve hours: the longest that the service hides a message.
const HIDDEN_MAX_SECS: i32 = 43_200;
/// How long to pause where the service does not answer.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a message is tried to be deleted. What is not deleted comes again.
const TRIES: u32 = 5;
/// Milliseconds between tries, times how many there were.
const BETWEEN_TRIES_MS: u64 = 10;

/// A queue that is polled.
#[derive(Debug)]
pub(super) struct Polled {
    client: Client,
    url: String,
    /// For how long a received message is hidden, where it is not for as long as the queue says.
    hidden_secs: Option<i32>,
}

impl Polled {
    pub(super) const fn new(client: Client, url: String) -> Self {
        Self { client, url, hidden_secs: None }
    }

    /// The queue's name.
    pub(super) fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    /// Hides what is received for as long as the service can: it waits for a clock that is moved by hand.
    pub(super) fn hide_for_long(self) -> Self {
        Self { hidden_secs: Some(HIDDEN_MAX_SECS), ..self }
    }

    /// Waits for messages, but not longer than the service allows. Where it does not answer there are none.
    pub(super) fn receive(&self) -> impl Future<Output = Vec<SqsMessage>> + Send + use<> {
        self.receive_within(WAIT_SECS)
    }

    /// Waits so many seconds at most for messages.
    pub(super) fn receive_within(&self, wait_secs: i32) -> impl Future<Output = Vec<SqsMessage>> + Send + use<> {
        let call = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(BATCH)
            .wait_time_seconds(wait_secs)
            .set_visibility_timeout(self.hidden_secs)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::All);
        let source = source(&self.url);
        async move {
            let received = call.send().await;
            let Ok(received) = received.inspect_err(|error| tracing::warn!(source, error = %Chain(error), "no answer"))
            else {
                sleep(PAUSE).await;
                return Vec::new();
            };
            received.messages.unwrap_or_default().into_iter().map(|message| event(message, &source)).collect()
        }
    }

    /// Deletes what was dealt with. What cannot be deleted comes again, which every worker bears.
    pub(super) async fn delete(&self, messages: &[SqsMessage]) {
        let mut left: Vec<&SqsMessage> = messages.iter().collect();
        for tried in 1..=TRIES {
            left = self.try_delete(left).await;
            if left.is_empty() {
                return;
            }
            sleep(Duration::from_millis(BETWEEN_TRIES_MS * u64::from(tried))).await;
        }
        tracing::warn!(url = self.url, count = left.len(), "messages that were dealt with cannot be deleted");
    }

    /// Returns what was not deleted.
    async fn try_delete<'m>(&self, messages: Vec<&'m SqsMessage>) -> Vec<&'m SqsMessage> {
        if messages.is_empty() {
            return messages;
        }
        let entry = |(place, message): (usize, &&SqsMessage)| {
            let handle = message.receipt_handle.clone().unwrap_or_default();
            DeleteMessageBatchRequestEntry::builder().id(place.to_string()).receipt_handle(handle).build().ok()
        };
        let entries = messages.iter().enumerate().filter_map(entry).collect();
        match self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await {
            Ok(answer) => {
                let places = answer.failed().iter().filter_map(|entry| entry.id().parse::<usize>().ok());
                places.filter_map(|place| messages.get(place).copied()).collect()
            }
            Err(_) => messages,
        }
    }

    /// Lets a message come back after that many seconds. Where the service does not take it, it comes back when its
    /// time is over.
    pub(super) async fn come_back(&self, message: &SqsMessage, seconds: u32) {
        for tried in 1..=TRIES {
            let change = self
                .client
                .change_message_visibility()
                .queue_url(&self.url)
                .receipt_handle(message.receipt_handle.as_deref().unwrap_or_default())
                .visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX));
            match change.send().await {
                Ok(_) => return,
                // It is visible or gone already.
                Err(error) if error.as_service_error().is_some() => {
                    return tracing::debug!(url = self.url, error = %Chain(&error), "not in flight any more");
                }
                Err(error) => tracing::debug!(url = self.url, error = %Chain(&error), "not given back yet"),
            }
            sleep(Duration::from_millis(BETWEEN_TRIES_MS * u64::from(tried))).await;
        }
    }
}

/// The ARN of the queue of an address.
fn source(url: &str) -> String {
    let mut parts = url.rsplit('/');
    let (name, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    format!("arn:aws:sqs:{REGION}:{account}:{name}")
}

/// A message as Lambda shows it.
fn event(message: Message, source: &str) -> SqsMessage {
    let mut event = SqsMessage::default();
    event.message_id = message.message_id;
    event.receipt_handle = message.receipt_handle;
    event.body = message.body;
    event.md5_of_body = message.md5_of_body;
    event.md5_of_message_attributes = message.md5_of_message_attributes;
    event.event_source = Some("aws:sqs".to_owned());
    event.event_source_arn = Some(source.to_owned());
    event.aws_region = Some(REGION.to_owned());
    let system = message.attributes.unwrap_or_default().into_iter();
    event.attributes = system.map(|(name, value)| (name.as_str().to_owned(), value)).collect();
    let attributes: HashMap<_, _> = message.message_attributes.unwrap_or_default();
    event.message_attributes = attributes
        .into_iter()
        .map(|(name, value)| {
            let mut attribute = SqsMessageAttribute::default();
            attribute.data_type = Some(value.data_type);
            attribute.string_value = value.string_value;
            (name, attribute)
        })
        .collect();
    event
}
