//! What wakes a worker: a message, a change of a table, a tick.

use app::{Duty, Source};
use serde_json::{Value, json};
use store::{PARTITION, SORT, Stream, Table};

use super::plausible;

/// An event that the worker would get.
pub(super) fn event(duty: &Duty) -> Value {
    match duty.source {
        Source::Queue(queue) => message(queue.name()),
        Source::Stream(table) => change(table),
        Source::Schedule { .. } => tick(duty.name),
    }
}

/// Whether an event comes from where the worker's work does.
#[cfg(test)]
pub(super) fn fits(event: &Value, duty: &Duty) -> bool {
    match duty.source {
        Source::Queue(_) => event["Records"][0]["eventSource"] == "aws:sqs",
        Source::Stream(_) => event["Records"][0]["eventSource"] == "aws:dynamodb",
        Source::Schedule { .. } => event["source"] == "aws.events",
    }
}

/// The body is for people to fill in: a job says how it is read, not what a good one looks like.
fn message(queue: &str) -> Value {
    json!({ "Records": [{
        "messageId": "00000000-0000-4000-8000-000000000001",
        "receiptHandle": "sample",
        "body": "{}",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1798198200000",
            "SenderId": "sample",
            "ApproximateFirstReceiveTimestamp": "1798198200000",
        },
        "messageAttributes": {},
        "md5OfBody": "99914b932bd37a50b983c5e7c90ae93b",
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:eu-central-1:123456789012:onsale-{queue}"),
        "awsRegion": "eu-central-1",
    }] })
}

fn change(table: Table) -> Value {
    let keys = json!({
        PARTITION: { "S": format!("{}#sample", plausible::TENANT) },
        SORT: { "S": "sample" },
    });
    let mut change = json!({
        "ApproximateCreationDateTime": 1_798_198_200,
        "Keys": keys,
        "SequenceNumber": "100000000000000000001",
        "SizeBytes": 64,
        "StreamViewType": "KEYS_ONLY",
    });
    if table.stream() == Stream::NewImage {
        change["StreamViewType"] = "NEW_IMAGE".into();
        change["NewImage"] = keys;
    }
    let stream = "2026-12-25T00:00:00.000";
    json!({ "Records": [{
        "eventID": "00000000000000000000000000000001",
        "eventName": "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "eventSourceARN":
            format!("arn:aws:dynamodb:eu-central-1:123456789012:table/onsale-{}/stream/{stream}", table.name()),
        "awsRegion": "eu-central-1",
        "dynamodb": change,
    }] })
}

fn tick(name: &str) -> Value {
    json!({
        "version": "0",
        "id": "00000000-0000-4000-8000-000000000001",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2026-12-25T11:30:00Z",
        "region": "eu-central-1",
        "resources": [format!("arn:aws:events:eu-central-1:123456789012:rule/onsale-{name}")],
        "detail": {},
    })
}
