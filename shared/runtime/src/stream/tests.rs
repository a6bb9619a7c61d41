use app::{Duty, Grant, Source};
use serde_json::{Value, json};
use store::Table;

use super::*;
use crate::testing::{app, takes_all};

const DUTY: Duty = Duty {
    name: "forward-orders",
    source: Source::Stream(Table::Orders),
    grants: &[Grant::send(Queue::IssueTickets), Grant::send(Queue::ReleaseStock)],
    summary: "passes on",
};

/// Sends the text of an attribute on to the queue that another names.
fn pass_on(record: &Record) -> Vec<Forwarded> {
    let queue = match record.item.as_ref().and_then(|item| item["to"]["S"].as_str()) {
        None => return Vec::new(),
        Some("issue") => Queue::IssueTickets,
        Some("refund") => Queue::SendRefund,
        Some(_) => Queue::ReleaseStock,
    };
    vec![Forwarded { queue, body: [&record.partition, "/", &record.sort].concat() }]
}

static WORKER: Worker = Worker::forwarder(DUTY, pass_on);

fn event(changes: &[(&str, Option<&str>)]) -> Event {
    let records: Vec<Value> = changes
        .iter()
        .enumerate()
        .map(|(number, (key, to))| {
            let image = to.map(|to| json!({"pk": {"S": key}, "sk": {"S": "order"}, "to": {"S": to}}));
            json!({
                "awsRegion": "local", "eventID": number.to_string(), "eventName": "MODIFY",
                "dynamodb": {
                    "Keys": {"pk": {"S": key}, "sk": {"S": "order"}}, "NewImage": image,
                    "SequenceNumber": (100 + number).to_string(), "SizeBytes": 1,
                },
            })
        })
        .collect();
    serde_json::from_value(json!({"Records": records})).unwrap()
}

fn failed_from(response: &DynamoDbEventResponse) -> Vec<&str> {
    response.batch_item_failures.iter().filter_map(|it| it.item_identifier.as_deref()).collect()
}

#[tokio::test]
async fn equal_messages_of_a_batch_are_sent_once_and_ten_at_a_time() {
    let (app, sent) = app(takes_all);
    let keys: Vec<String> = (0..11).map(|number| format!("key-{number:02}")).collect();
    let mut changes: Vec<_> = keys.iter().map(|key| (key.as_str(), Some("issue"))).collect();
    changes.extend([("key-00", Some("issue")), ("key-00", Some("release")), ("gone", None)]);
    let response = forward(&WORKER, app, event(&changes)).await;
    assert!(failed_from(&response).is_empty());
    let sent = sent.lock().unwrap();
    let sizes: Vec<_> = sent.iter().map(|(_, body)| body["Entries"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [10, 1, 1]);
    assert_eq!(sent[0].1["Entries"][0]["MessageBody"], "key-00/order");
}

#[tokio::test]
async fn the_batch_comes_again_from_the_first_record_that_failed() {
    let (app, _) = app(|_, body| {
        let entries = body["Entries"].as_array().unwrap();
        let refused = |entry: &&Value| matches!(entry["MessageBody"].as_str(), Some("b/order" | "c/order"));
        let refused = entries.iter().filter(refused);
        let refused: Vec<_> = refused.map(|it| json!({"Id": it["Id"], "SenderFault": false, "Code": "Busy"})).collect();
        (200, json!({"Failed": refused, "Successful": []}))
    });
    let batch = event(&[("a", Some("issue")), ("b", Some("issue")), ("c", Some("release")), ("d", Some("issue"))]);
    assert_eq!(failed_from(&forward(&WORKER, app, batch).await), ["101"]);
}

#[tokio::test]
async fn a_queue_that_was_not_granted_gets_nothing() {
    let (app, sent) = app(takes_all);
    let batch = event(&[("a", Some("issue")), ("b", Some("refund")), ("c", Some("refund"))]);
    assert_eq!(failed_from(&forward(&WORKER, app, batch).await), ["101"]);
    assert_eq!(sent.lock().unwrap().len(), 1);
}
