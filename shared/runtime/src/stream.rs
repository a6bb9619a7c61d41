//! Streams of tables: what a change gives others to do is sent to their queues.

use std::collections::{BTreeMap, HashMap};

use app::{App, Forwarded, Record, Run, Worker, guard};
pub use aws_lambda_events::{
    dynamodb::{Event, EventRecord},
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use providers::queue::Queue;
use store::{PARTITION, SORT};

/// Sends on what a batch of changes gives others to do, and says from which record on the batch has to come again.
pub async fn forward(worker: &'static Worker, app: &'static App, event: Event) -> DynamoDbEventResponse {
    let sending = send_on(worker, app, &event.records);
    let first_failed = guard::scope(worker.duty.name, worker.duty.grants, sending).await;
    let mut response = DynamoDbEventResponse::default();
    if let Some(place) = first_failed {
        // Lambda repeats everything from this record on; what was sent already is sent again, and every receiver bears it.
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier.clone_from(&event.records[place].change.sequence_number);
        response.batch_item_failures.push(failure);
    }
    response
}

/// The place of the first record whose message was not taken.
async fn send_on(worker: &Worker, app: &App, records: &[EventRecord]) -> Option<usize> {
    let mut first_failed = None;
    for (queue, messages) in messages(worker, records) {
        let (places, bodies): (Vec<usize>, Vec<String>) = messages.into_iter().unzip();
        for (number, error) in app.queues.send_batch(queue, &bodies).await {
            let place = places[number];
            tracing::warn!(target: "stream", worker = worker.duty.name, queue = queue.name(), %error, "comes back");
            first_failed = Some(first_failed.map_or(place, |first: usize| first.min(place)));
        }
    }
    first_failed
}

/// What to send to each queue, each message once, with the place of the record that first gave it.
fn messages(worker: &Worker, records: &[EventRecord]) -> BTreeMap<Queue, Vec<(usize, String)>> {
    let mut messages = BTreeMap::<Queue, Vec<(usize, String)>>::new();
    let Run::Forward(forward) = worker.run else { return messages };
    let mut seen = HashMap::new();
    for (place, record) in records.iter().enumerate() {
        for Forwarded { queue, body } in forward(&record_of(record)) {
            if seen.insert((queue, body.clone()), place).is_none() {
                messages.entry(queue).or_default().push((place, body));
            }
        }
    }
    messages
}

/// A change, as the worker sees it.
fn record_of(record: &EventRecord) -> Record {
    // The JSON of DynamoDB writes every value with its type: {"S": "text"}.
    let keys = serde_json::to_value(&record.change.keys).unwrap_or_default();
    let key = |name: &str| keys[name]["S"].as_str().unwrap_or_default().to_owned();
    let item = serde_json::to_value(&record.change.new_image).ok();
    let item = item.filter(|item| item.as_object().is_some_and(|fields| !fields.is_empty()));
    Record { partition: key(PARTITION), sort: key(SORT), item }
}

#[cfg(test)]
mod tests;
