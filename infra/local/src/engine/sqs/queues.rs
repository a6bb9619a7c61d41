//! What a queue is, and the operations on queues as such.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;

use super::super::{ACCOUNT, REGION};
use super::errors::SqsError;
use super::wire::{
    AboutQueue, CreateQueue, GetQueueAttributes, GetQueueUrl, ListQueues, MoveTask, SetQueueAttributes, TagQueue,
    UntagQueue, queue_name,
};
use super::{Outcome, Sqs, State, done, store, write};

/// The longest name of a queue.
const NAME_MAX: usize = 80;

/// How many queues a list returns at most.
const LIST_MAX: usize = 1000;

/// The largest message, with its attributes.
pub(super) const MESSAGE_MAX_BYTES: usize = 256 * 1024;

/// The longest delay of a message.
pub(super) const DELAY_MAX_S: i64 = 900;

/// The longest time a received message can stay invisible.
pub(super) const VISIBILITY_MAX_S: i64 = 12 * 60 * 60;

/// The longest poll.
pub(super) const WAIT_MAX_S: i64 = 20;

/// The attributes that are stored and given back without any effect.
const WITHOUT_EFFECT: [&str; 6] = [
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "Policy",
    "RedriveAllowPolicy",
    "SqsManagedSseEnabled",
];

/// A queue as it is in memory; the file has the same.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) id: i64,
    pub(super) settings: Settings,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) created_ms: i64,
    pub(super) modified_ms: i64,
    /// Wakes long polls: one for each message sent, all when a moment in the future moves.
    pub(super) wake: Arc<Notify>,
}

/// What a queue's attributes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) visibility_s: i64,
    pub(super) delay_s: i64,
    pub(super) wait_s: i64,
    pub(super) retention_ms: i64,
    pub(super) redrive: Option<Redrive>,
}

/// Where a queue's messages go that were received too often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Redrive {
    pub(super) dead_letters: String,
    pub(super) max_receives: i64,
}

impl Settings {
    /// Reads the attributes, with Amazon's defaults for those that are missing.
    pub(super) fn parse(attributes: &BTreeMap<String, String>) -> Result<Self, SqsError> {
        let day = Duration::from_hours(24).as_secs().cast_signed();
        let mut settings =
            Self { visibility_s: 30, delay_s: 0, wait_s: 0, retention_ms: 4 * day * 1000, redrive: None };
        for (name, value) in attributes {
            match name.as_str() {
                "VisibilityTimeout" => {
                    settings.visibility_s = number(name, value, 0, VISIBILITY_MAX_S)?;
                }
                "DelaySeconds" => settings.delay_s = number(name, value, 0, DELAY_MAX_S)?,
                "ReceiveMessageWaitTimeSeconds" => {
                    settings.wait_s = number(name, value, 0, WAIT_MAX_S)?;
                }
                "MessageRetentionPeriod" => {
                    settings.retention_ms = number(name, value, 60, 14 * day)? * 1000;
                }
                "RedrivePolicy" => settings.redrive = Redrive::parse(value)?,
                "FifoQueue" | "ContentBasedDeduplication" => {
                    return Err(SqsError::UnsupportedOperation("A FIFO queue"));
                }
                name if WITHOUT_EFFECT.contains(&name) => {}
                _ => return Err(SqsError::InvalidAttributeName(name.clone())),
            }
        }
        Ok(settings)
    }
}

impl Redrive {
    /// Reads a redrive policy; an empty one takes it away.
    fn parse(policy: &str) -> Result<Option<Self>, SqsError> {
        if policy.is_empty() {
            return Ok(None);
        }
        let invalid = || SqsError::InvalidAttributeValue("RedrivePolicy".to_owned());
        let policy: Value = serde_json::from_str(policy).map_err(|_| invalid())?;
        let max_receives = match &policy["maxReceiveCount"] {
            Value::Number(count) => count.as_i64(),
            Value::String(count) => count.parse().ok(),
            _ => None,
        };
        let max_receives = max_receives.filter(|count| (1..=1000).contains(count));
        let dead_letters = policy["deadLetterTargetArn"].as_str().and_then(|arn| arn.rsplit(':').next());
        Ok(Some(Self {
            dead_letters: dead_letters.ok_or_else(invalid)?.to_owned(),
            max_receives: max_receives.ok_or_else(invalid)?,
        }))
    }
}

/// Returns a queue's Amazon name.
pub(super) fn arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
}

fn address(endpoint: &str, name: &str) -> String {
    format!("{endpoint}/{ACCOUNT}/{name}")
}

fn number(name: &str, value: &str, least: i64, most: i64) -> Result<i64, SqsError> {
    let number = value.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| SqsError::InvalidAttributeValue(name.to_owned()))
}

fn json_text<T: serde::Serialize>(value: &T) -> Result<String, SqsError> {
    serde_json::to_string(value).map_err(|error| SqsError::Unreadable(error.to_string()))
}

/// Refuses a redrive policy whose dead-letter queue does not exist.
fn check_redrive(state: &State, settings: &Settings) -> Result<(), SqsError> {
    match &settings.redrive {
        Some(redrive) if !state.queues.contains_key(&redrive.dead_letters) => Err(SqsError::InvalidParameterValue(
            "Value for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.".to_owned(),
        )),
        _ => Ok(()),
    }
}

fn check_name(name: &str) -> Result<(), SqsError> {
    if name.to_ascii_lowercase().ends_with(".fifo") {
        return Err(SqsError::UnsupportedOperation("A FIFO queue"));
    }
    let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(known) {
        return Err(SqsError::InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length".to_owned(),
        ));
    }
    Ok(())
}

impl Sqs {
    pub(super) fn create_queue(&self, request: CreateQueue, endpoint: &str) -> Outcome {
        let CreateQueue { queue_name, attributes, tags } = request;
        check_name(&queue_name)?;
        let settings = Settings::parse(&attributes)?;
        let created = write(&json!({ "QueueUrl": address(endpoint, &queue_name) }));
        let mut state = self.state();
        if let Some(queue) = state.queues.get(&queue_name) {
            // Only what the caller states must agree, as on Amazon.
            let differs = attributes.iter().find(|(name, value)| queue.attributes.get(*name) != Some(value));
            return match differs {
                Some((name, _)) => Err(SqsError::QueueNameExists(name.clone())),
                None => created,
            };
        }
        check_redrive(&state, &settings)?;
        let now_ms = self.now_ms();
        let (texts, labels) = (json_text(&attributes)?, json_text(&tags)?);
        let id = store::insert_queue(&state.connection, &queue_name, &texts, &labels, now_ms)?;
        let queue = Queue {
            id,
            settings,
            attributes,
            tags,
            created_ms: now_ms,
            modified_ms: now_ms,
            wake: Arc::new(Notify::new()),
        };
        state.queues.insert(queue_name, queue);
        created
    }

    pub(super) fn delete_queue(&self, request: &AboutQueue) -> Outcome {
        let name = queue_name(&request.queue_url);
        let mut state = self.state();
        let id = state.queue(name)?.id;
        store::delete_queue(&mut state.connection, id)?;
        if let Some(queue) = state.queues.remove(name) {
            queue.wake.notify_waiters();
        }
        Ok(done())
    }

    pub(super) fn purge_queue(&self, request: &AboutQueue) -> Outcome {
        let state = self.state();
        let id = state.queue(queue_name(&request.queue_url))?.id;
        store::purge(&state.connection, id)?;
        Ok(done())
    }

    pub(super) fn queue_url(&self, request: &GetQueueUrl, endpoint: &str) -> Outcome {
        self.state().queue(&request.queue_name)?;
        write(&json!({ "QueueUrl": address(endpoint, &request.queue_name) }))
    }

    pub(super) fn list_queues(&self, request: &ListQueues, endpoint: &str) -> Outcome {
        let mut names: Vec<String> = self.state().queues.keys().cloned().collect();
        names.retain(|name| name.starts_with(&request.queue_name_prefix));
        names.sort_unstable();
        // The token is the last name of the page before.
        if let Some(after) = &request.next_token {
            names.retain(|name| name > after);
        }
        let page = request.max_results.unwrap_or(LIST_MAX).clamp(1, LIST_MAX);
        let more = names.len() > page;
        names.truncate(page);
        let addresses: Vec<String> = names.iter().map(|name| address(endpoint, name)).collect();
        let mut answer = json!({ "QueueUrls": addresses });
        if let Some(last) = names.pop().filter(|_| more) {
            answer["NextToken"] = Value::from(last);
        }
        write(&answer)
    }

    pub(super) fn dead_letter_sources(&self, request: &AboutQueue, endpoint: &str) -> Outcome {
        let target = queue_name(&request.queue_url);
        let state = self.state();
        state.queue(target)?;
        let sources = state
            .queues
            .iter()
            .filter(|(_, queue)| queue.settings.redrive.as_ref().is_some_and(|redrive| redrive.dead_letters == target));
        let mut addresses: Vec<String> = sources.map(|(name, _)| address(endpoint, name)).collect();
        addresses.sort_unstable();
        write(&json!({ "queueUrls": addresses }))
    }

    pub(super) fn attributes(&self, request: &GetQueueAttributes) -> Outcome {
        let name = queue_name(&request.queue_url);
        let state = self.state();
        let queue = state.queue(name)?;
        let counts = store::count(&state.connection, queue.id, self.now_ms())?;
        let settings = &queue.settings;
        let mut all: BTreeMap<&str, String> = BTreeMap::from([
            ("ApproximateNumberOfMessages", counts.visible.to_string()),
            ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
            ("CreatedTimestamp", (queue.created_ms / 1000).to_string()),
            ("DelaySeconds", settings.delay_s.to_string()),
            ("LastModifiedTimestamp", (queue.modified_ms / 1000).to_string()),
            ("MaximumMessageSize", MESSAGE_MAX_BYTES.to_string()),
            ("MessageRetentionPeriod", (settings.retention_ms / 1000).to_string()),
            ("QueueArn", arn(name)),
            ("ReceiveMessageWaitTimeSeconds", settings.wait_s.to_string()),
            ("VisibilityTimeout", settings.visibility_s.to_string()),
        ]);
        for (name, value) in &queue.attributes {
            if !value.is_empty() {
                all.insert(name, value.clone());
            }
        }
        let wanted = &request.attribute_names;
        if !wanted.iter().any(|name| name == "All") {
            all.retain(|name, _| wanted.iter().any(|wanted| wanted == name));
        }
        write(&if all.is_empty() { json!({}) } else { json!({ "Attributes": all }) })
    }

    pub(super) fn set_attributes(&self, request: SetQueueAttributes) -> Outcome {
        self.change(queue_name(&request.queue_url), |queue| {
            queue.0.extend(request.attributes);
        })
    }

    pub(super) fn tag(&self, request: TagQueue) -> Outcome {
        self.change(queue_name(&request.queue_url), |queue| queue.1.extend(request.tags))
    }

    pub(super) fn untag(&self, request: &UntagQueue) -> Outcome {
        self.change(queue_name(&request.queue_url), |queue| {
            queue.1.retain(|key, _| !request.tag_keys.contains(key));
        })
    }

    pub(super) fn tags(&self, request: &AboutQueue) -> Outcome {
        let state = self.state();
        let tags = &state.queue(queue_name(&request.queue_url))?.tags;
        write(&if tags.is_empty() { json!({}) } else { json!({ "Tags": tags }) })
    }

    /// Moves all dead letters back to where they came from, at once and completely.
    pub(super) fn move_back(&self, request: &MoveTask) -> Outcome {
        let name = |arn: &str| arn.rsplit(':').next().unwrap_or_default().to_owned();
        let (from, to) = (name(&request.source_arn), request.destination_arn.as_deref().map(name));
        let now_ms = self.now_ms();
        let state = self.state();
        let dead_letters = state.queue(&from)?.id;
        for source in store::sources(&state.connection, dead_letters)? {
            let target = state.queue(&to.clone().unwrap_or_else(|| name(&source)))?;
            store::unbury(&state.connection, dead_letters, &source, target.id, now_ms)?;
            target.wake.notify_waiters();
        }
        write(&json!({ "TaskHandle": from }))
    }

    /// Changes a queue's attributes and tags, in the file first.
    fn change(
        &self,
        name: &str,
        change: impl FnOnce(&mut (BTreeMap<String, String>, BTreeMap<String, String>)),
    ) -> Outcome {
        let mut state = self.state();
        let queue = state.queue(name)?;
        let id = queue.id;
        let mut changed = (queue.attributes.clone(), queue.tags.clone());
        change(&mut changed);
        let (attributes, tags) = changed;
        let settings = Settings::parse(&attributes)?;
        check_redrive(&state, &settings)?;
        let now_ms = self.now_ms();
        let (texts, labels) = (json_text(&attributes)?, json_text(&tags)?);
        store::update_queue(&state.connection, id, &texts, &labels, now_ms)?;
        let queue = state.queue_mut(name)?;
        queue.settings = settings;
        queue.attributes = attributes;
        queue.tags = tags;
        queue.modified_ms = now_ms;
        Ok(done())
    }
}
