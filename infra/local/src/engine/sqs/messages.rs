//! Sends, receives and deletes messages.

use std::collections::{BTreeMap, HashSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use super::super::ACCOUNT;
use super::errors::SqsError;
use super::queues::{DELAY_MAX_S, MESSAGE_MAX_BYTES, VISIBILITY_MAX_S, WAIT_MAX_S, arn};
use super::store::{self, DueMessage, NewMessage, Reception};
use super::wire::{
    AboutMessage, Attribute, Batch, BatchDone, Entry, Failed, Handle, Incoming, Nothing, Outgoing, ReceiveMessage,
    Received, SendMessage, Sent, Successful, Visibility, queue_name,
};
use super::{Outcome, Sqs, State, digest, done, parse, write};

/// How many messages one call sends, receives or deletes at most.
const BATCH_MAX: usize = 10;

/// The one attribute that a sender can set for Amazon itself.
const TRACE: &str = "AWSTraceHeader";

/// A receive whose parameters have been checked.
struct Poll {
    queue: String,
    limit: usize,
    /// The queue's own if the caller gives none.
    visibility_s: Option<i64>,
    request: ReceiveMessage,
}

/// What one look at a queue found.
struct Taken {
    messages: Vec<Incoming>,
    /// When the next message falls due, if there is one.
    next_due_ms: Option<i64>,
}

impl Sqs {
    pub(super) fn send(&self, request: SendMessage) -> Outcome {
        let mut state = self.state();
        let name = queue_name(&request.queue_url);
        let sent = self.store_all(&mut state, name, vec![request.message])?;
        match sent.into_iter().next() {
            Some(sent) => write(&sent?),
            None => Err(SqsError::EmptyBatchRequest),
        }
    }

    pub(super) fn send_batch(&self, request: Batch<Outgoing>) -> Outcome {
        check_batch(&request.entries)?;
        let bytes: usize = request.entries.iter().map(|entry| size(&entry.item)).sum();
        if bytes > MESSAGE_MAX_BYTES {
            return Err(SqsError::BatchRequestTooLong);
        }
        let (ids, messages): (Vec<_>, Vec<_>) = request.entries.into_iter().map(|entry| (entry.id, entry.item)).unzip();
        let mut state = self.state();
        let sent = self.store_all(&mut state, queue_name(&request.queue_url), messages)?;
        write(&batch_done(ids.into_iter().zip(sent)))
    }

    /// Stores the messages that are in order, in one commit, and wakes as many polls.
    fn store_all(
        &self,
        state: &mut State,
        name: &str,
        messages: Vec<Outgoing>,
    ) -> Result<Vec<Result<Sent, SqsError>>, SqsError> {
        let queue = state.queue(name)?;
        let (id, default_delay_s, wake) = (queue.id, queue.settings.delay_s, Arc::clone(&queue.wake));
        let now_ms = self.now_ms();
        let mut sent = Vec::with_capacity(messages.len());
        let (mut due, mut delayed) = (0, false);
        let commit = state.connection.transaction()?;
        for message in messages {
            sent.push(match prepare(message, default_delay_s, now_ms) {
                Ok((message, receipt)) => {
                    store::insert(&commit, id, &message)?;
                    if message.due_ms > now_ms {
                        delayed = true;
                    } else {
                        due += 1;
                    }
                    Ok(receipt)
                }
                Err(error) => Err(error),
            });
        }
        commit.commit()?;
        for _ in 0..due {
            wake.notify_one();
        }
        // Every poll must learn of a new moment to wait for: the one that is told might give up
        // before that moment.
        if delayed {
            wake.notify_waiters();
        }
        Ok(sent)
    }

    /// Receives messages, waiting for the first as long as the caller or the queue says.
    pub(super) async fn receive(&self, body: &[u8]) -> Outcome {
        let (poll, wake, deadline) = self.poll(parse(body)?)?;
        loop {
            // Registered before the look, so that a send right after it is not missed.
            let mut woken = pin!(wake.notified());
            woken.as_mut().enable();
            let taken = self.take(&poll)?;
            let now = Instant::now();
            if !taken.messages.is_empty() || now >= deadline {
                return write(&Received { messages: taken.messages });
            }
            let due = taken.next_due_ms.map(|due_ms| now + millis(due_ms - self.now_ms()));
            let until = due.map_or(deadline, |due| due.min(deadline));
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    fn poll(&self, request: ReceiveMessage) -> Result<(Poll, Arc<Notify>, Instant), SqsError> {
        let queue = queue_name(&request.queue_url).to_owned();
        let state = self.state();
        let stored = state.queue(&queue)?;
        let limit = request.max_number_of_messages.unwrap_or(1);
        let limit = usize::try_from(limit).ok().filter(|limit| (1..=BATCH_MAX).contains(limit));
        let limit = limit.ok_or_else(|| invalid("MaxNumberOfMessages", "Must be between 1 and 10, if provided."))?;
        let wait_s = request.wait_time_seconds.unwrap_or(stored.settings.wait_s);
        if !(0..=WAIT_MAX_S).contains(&wait_s) {
            return Err(invalid("WaitTimeSeconds", "Must be >= 0 and <= 20, if provided."));
        }
        if let Some(visibility_s) = request.visibility_timeout {
            check_visibility(visibility_s)?;
        }
        let deadline = Instant::now() + Duration::from_secs(wait_s.unsigned_abs());
        let wake = Arc::clone(&stored.wake);
        let visibility_s = request.visibility_timeout;
        Ok((Poll { queue, limit, visibility_s, request }, wake, deadline))
    }

    /// Takes what is due now, and buries what has been received too often.
    fn take(&self, poll: &Poll) -> Result<Taken, SqsError> {
        let now_ms = self.now_ms();
        let mut state = self.state();
        let queue = state.queue(&poll.queue)?;
        let (id, settings, wake) = (queue.id, queue.settings.clone(), Arc::clone(&queue.wake));
        let visible_ms = now_ms + poll.visibility_s.unwrap_or(settings.visibility_s) * 1000;
        let redrive = settings.redrive.as_ref().and_then(|redrive| {
            let grave = state.queues.get(&redrive.dead_letters)?;
            Some((redrive.max_receives, grave.id, Arc::clone(&grave.wake)))
        });
        let mut messages = Vec::new();
        let commit = state.connection.transaction()?;
        loop {
            let wanted = poll.limit - messages.len();
            let found = store::due(&commit, id, now_ms, i64::try_from(wanted).unwrap_or(1))?;
            let last = found.len() < wanted;
            for message in found {
                match &redrive {
                    Some((max, grave, wake)) if message.receives >= *max => {
                        store::bury(&commit, message.id, *grave, &arn(&poll.queue), now_ms)?;
                        wake.notify_one();
                    }
                    _ => {
                        store::receive(&commit, message.id, visible_ms, now_ms)?;
                        messages.push(hand_out(id, message, now_ms, &poll.request)?);
                    }
                }
            }
            // A visibility of zero leaves messages due: one look must do.
            if last || messages.len() == poll.limit || visible_ms <= now_ms {
                break;
            }
        }
        let next_due_ms = if messages.is_empty() { store::next_due(&commit, id)? } else { None };
        commit.commit()?;
        if messages.len() == poll.limit {
            // There may be more than this poll could carry.
            wake.notify_one();
        }
        Ok(Taken { messages, next_due_ms })
    }

    pub(super) fn delete(&self, request: &AboutMessage<Handle>) -> Outcome {
        let state = self.state();
        state.queue(queue_name(&request.queue_url))?;
        delete_one(&state, &request.item)?;
        Ok(done())
    }

    pub(super) fn delete_batch(&self, request: Batch<Handle>) -> Outcome {
        check_batch(&request.entries)?;
        self.each(request, delete_one)
    }

    pub(super) fn change_visibility(&self, request: &AboutMessage<Visibility>) -> Outcome {
        let state = self.state();
        let wake = Arc::clone(&state.queue(queue_name(&request.queue_url))?.wake);
        self.change_one(&state, &request.item)?;
        wake.notify_waiters();
        Ok(done())
    }

    pub(super) fn change_visibility_batch(&self, request: Batch<Visibility>) -> Outcome {
        check_batch(&request.entries)?;
        let name = queue_name(&request.queue_url).to_owned();
        let answer = self.each(request, |state, item| self.change_one(state, item))?;
        self.state().queue(&name)?.wake.notify_waiters();
        Ok(answer)
    }

    fn change_one(&self, state: &State, item: &Visibility) -> Result<(), SqsError> {
        let reception = read_handle(&item.receipt_handle)?;
        let visibility_s = item.visibility_timeout.ok_or(SqsError::MissingParameter("VisibilityTimeout"))?;
        check_visibility(visibility_s)?;
        let now_ms = self.now_ms();
        match store::due_of(&state.connection, reception)? {
            Some(due_ms) if due_ms > now_ms => {}
            Some(_) => return Err(SqsError::MessageNotInflight),
            None => {
                return Err(invalid(
                    "ReceiptHandle",
                    "Message does not exist or is not available for visibility timeout change.",
                ));
            }
        }
        store::set_due(&state.connection, reception.message, now_ms + visibility_s * 1000)?;
        Ok(())
    }

    /// Carries out the entries of a batch in one commit, each with an outcome of its own.
    fn each<T>(&self, request: Batch<T>, act: impl Fn(&State, &T) -> Result<(), SqsError>) -> Outcome {
        let state = self.state();
        state.queue(queue_name(&request.queue_url))?;
        let commit = state.connection.unchecked_transaction()?;
        let outcomes: Vec<_> = request
            .entries
            .into_iter()
            .map(|entry| (entry.id, act(&state, &entry.item).map(|()| Nothing {})))
            .collect();
        commit.commit()?;
        write(&batch_done(outcomes.into_iter()))
    }
}

fn delete_one(state: &State, item: &Handle) -> Result<(), SqsError> {
    // Deleting what is gone, or was received again since, is no error on Amazon either.
    store::delete(&state.connection, read_handle(&item.receipt_handle)?)?;
    Ok(())
}

/// Checks a message and makes what is stored of it and what the sender is told.
fn prepare(message: Outgoing, default_delay_s: i64, now_ms: i64) -> Result<(NewMessage, Sent), SqsError> {
    check_message(&message)?;
    let delay_s = message.delay_seconds.unwrap_or(default_delay_s);
    if !(0..=DELAY_MAX_S).contains(&delay_s) {
        return Err(invalid("DelaySeconds", "DelaySeconds must be >= 0 and <= 900."));
    }
    let sent = Sent {
        message_id: Uuid::now_v7().to_string(),
        body_md5: digest::of_body(&message.message_body),
        attributes_md5: digest::of_attributes(&message.message_attributes)?,
        system_attributes_md5: digest::of_attributes(&message.message_system_attributes)?,
    };
    let attributes = Some(&message.message_attributes).filter(|attributes| !attributes.is_empty());
    let attributes =
        attributes.map(serde_json::to_string).transpose().map_err(|error| SqsError::Unreadable(error.to_string()))?;
    let trace = message.message_system_attributes.get(TRACE);
    let stored = NewMessage {
        message_id: sent.message_id.clone(),
        due_ms: now_ms + delay_s * 1000,
        sent_ms: now_ms,
        body: message.message_body,
        body_md5: sent.body_md5.clone(),
        attributes,
        trace: trace.and_then(|trace| trace.string_value.clone()),
    };
    Ok((stored, sent))
}

fn check_message(message: &Outgoing) -> Result<(), SqsError> {
    if message.message_body.is_empty() {
        return Err(SqsError::MissingParameter("MessageBody"));
    }
    let bytes = size(message);
    if bytes > MESSAGE_MAX_BYTES {
        return Err(invalid("MessageBody", "Message must be shorter than 262144 bytes."));
    }
    if message.message_attributes.len() > BATCH_MAX {
        return Err(invalid("MessageAttributes", "A message has at most 10 attributes."));
    }
    let refused = |c: char| (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}');
    if message.message_body.contains(refused) {
        return Err(SqsError::InvalidMessageContents);
    }
    Ok(())
}

fn size(message: &Outgoing) -> usize {
    message.message_body.len() + digest::attributes_bytes(&message.message_attributes)
}

/// Makes what the receiver gets of a message.
fn hand_out(queue: i64, message: DueMessage, now_ms: i64, request: &ReceiveMessage) -> Result<Incoming, SqsError> {
    let reception = Reception { queue, message: message.id, number: message.receptions + 1 };
    let mut attributes = BTreeMap::from([
        ("ApproximateFirstReceiveTimestamp", message.first_received_ms.unwrap_or(now_ms).to_string()),
        ("ApproximateReceiveCount", (message.receives + 1).to_string()),
        ("SenderId", ACCOUNT.to_owned()),
        ("SentTimestamp", message.sent_ms.to_string()),
    ]);
    attributes.extend(message.trace.map(|trace| (TRACE, trace)));
    attributes.extend(message.dead_letter_source.map(|arn| ("DeadLetterQueueSourceArn", arn)));
    attributes.retain(|name, _| {
        let mut wanted = request.attribute_names.iter().chain(&request.message_system_attribute_names);
        wanted.any(|wanted| wanted == "All" || wanted == name)
    });
    let mut message_attributes: BTreeMap<String, Attribute> = match &message.attributes {
        Some(json) => serde_json::from_str(json).map_err(|error| SqsError::Unreadable(error.to_string()))?,
        None => BTreeMap::new(),
    };
    message_attributes.retain(|name, _| request.message_attribute_names.iter().any(|pattern| matches(pattern, name)));
    let attributes_md5 = digest::of_attributes(&message_attributes)?;
    Ok(Incoming {
        message_id: message.message_id,
        receipt_handle: write_handle(reception),
        body: message.body,
        body_md5: message.body_md5,
        attributes,
        message_attributes,
        attributes_md5,
    })
}

/// Tells whether a wanted name (`All`, `.*`, `prefix.*` or a name) means an attribute.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern {
        "All" | ".*" => true,
        _ => pattern.strip_suffix(".*").map_or(pattern == name, |prefix| name.starts_with(prefix)),
    }
}

fn write_handle(reception: Reception) -> String {
    let Reception { queue, message, number } = reception;
    URL_SAFE_NO_PAD.encode(format!("{queue}.{message}.{number}"))
}

fn read_handle(handle: &str) -> Result<Reception, SqsError> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(handle).ok()?).ok()?;
        let mut numbers = text.split('.').map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Reception { queue: next()?, message: next()?, number: next()? })
    };
    read().ok_or(SqsError::ReceiptHandleIsInvalid)
}

fn check_batch<T>(entries: &[Entry<T>]) -> Result<(), SqsError> {
    if entries.is_empty() {
        return Err(SqsError::EmptyBatchRequest);
    }
    if entries.len() > BATCH_MAX {
        return Err(SqsError::TooManyEntriesInBatchRequest);
    }
    let mut ids = HashSet::new();
    for Entry { id, .. } in entries {
        let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if id.is_empty() || id.len() > 80 || !id.chars().all(known) {
            return Err(SqsError::InvalidBatchEntryId);
        }
        if !ids.insert(id) {
            return Err(SqsError::BatchEntryIdsNotDistinct(id.clone()));
        }
    }
    Ok(())
}

fn batch_done<T: Serialize>(outcomes: impl Iterator<Item = (String, Result<T, SqsError>)>) -> BatchDone<T> {
    let mut done = BatchDone { successful: Vec::new(), failed: Vec::new() };
    for (id, outcome) in outcomes {
        match outcome {
            Ok(item) => done.successful.push(Successful { id, item }),
            Err(error) => done.failed.push(Failed {
                id,
                sender_fault: error.is_callers(),
                code: error.codes().0,
                message: error.to_string(),
            }),
        }
    }
    done
}

fn check_visibility(visibility_s: i64) -> Result<(), SqsError> {
    if (0..=VISIBILITY_MAX_S).contains(&visibility_s) {
        return Ok(());
    }
    Err(invalid("VisibilityTimeout", "VisibilityTimeout must be an integer between 0 and 43200."))
}

fn invalid(parameter: &str, reason: &str) -> SqsError {
    SqsError::InvalidParameterValue(format!("Value for parameter {parameter} is invalid. Reason: {reason}"))
}

/// A duration in milliseconds, none if it is past. One more than asked for: the two clocks
/// round differently, and waking too early costs another look.
fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms + 1).unwrap_or(0))
}
