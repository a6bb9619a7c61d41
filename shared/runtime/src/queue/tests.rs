use app::{Duty, Grant, Job};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::*;
use crate::testing::{app, takes_all};

/// Does as it is told.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    act: String,
}

impl Job for Told {
    const DUTY: Duty = Duty {
        name: "told",
        source: Source::Queue(Queue::IssueTickets),
        grants: &[Grant::send(Queue::SendRefund)],
        summary: "does as it is told",
    };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        match self.act.as_str() {
            "fine" => Ok(()),
            "later" => Err(Failure::retry("not now")),
            "never" => Err(Failure::poison("not ever")),
            "send" => Ok(app.queues.send(Queue::SendRefund, &json!({}), 0, app.now()).await?),
            "steal" => Ok(app.queues.send(Queue::CreateOrder, &json!({}), 0, app.now()).await?),
            _ => panic!("on purpose"),
        }
    }
}

static WORKER: Worker = Worker::of::<Told>();

fn event(messages: &[(&str, &str, Option<i64>)]) -> SqsEvent {
    let records: Vec<_> = messages
        .iter()
        .map(|(id, body, due)| {
            let due = due.map(|due| (DUE, json!({"stringValue": due.to_string(), "dataType": "Number"})));
            let attributes: serde_json::Map<_, _> = due.into_iter().map(|(name, value)| (name.into(), value)).collect();
            json!({"messageId": id, "body": body, "messageAttributes": attributes})
        })
        .collect();
    serde_json::from_value(json!({"Records": records})).unwrap()
}

fn failures(response: &SqsBatchResponse) -> Vec<&str> {
    let mut ids: Vec<_> = response.batch_item_failures.iter().map(|it| it.item_identifier.as_str()).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn each_message_succeeds_or_comes_back_by_itself() {
    let (app, sent) = app(takes_all);
    let batch = event(&[
        ("1", r#"{"act":"fine"}"#, None),
        ("2", r#"{"act":"later"}"#, None),
        ("3", r#"{"act":"never"}"#, None),
        ("4", r#"{"act":"panic"}"#, None),
        ("5", "no job", None),
        ("6", r#"{"act":"send"}"#, None),
        ("7", r#"{"act":"steal"}"#, None),
    ]);
    let response = deliver(&WORKER, app, batch).await;
    assert_eq!(failures(&response), ["2", "4", "7"]);
    let sent = sent.lock().unwrap();
    let to = |queue: &str| -> Vec<_> {
        let url = ["http://127.0.0.1:9/000000000000/onsale-", queue].concat();
        sent.iter().filter(|(_, body)| body["QueueUrl"] == url).map(|(_, body)| body["MessageBody"].clone()).collect()
    };
    let mut buried = to("issue-tickets-dead");
    buried.sort_by_key(ToString::to_string);
    assert_eq!(buried, [json!("no job"), json!(r#"{"act":"never"}"#)]);
    assert_eq!(to("send-refund").len(), 1);
    assert_eq!(to("create-order").len(), 0, "what was not granted is not sent");
}

#[tokio::test]
async fn poison_that_cannot_be_buried_comes_back() {
    let (app, _) = app(|_, _| (400, json!({"__type": "AccessDenied"})));
    let response = deliver(&WORKER, app, event(&[("1", r#"{"act":"never"}"#, None)])).await;
    assert_eq!(failures(&response), ["1"]);
}

#[tokio::test]
async fn a_message_that_comes_too_early_is_sent_on_for_the_rest() {
    let (app, sent) = app(takes_all);
    let now = app.now().as_millisecond();
    let batch = event(&[("1", r#"{"act":"later"}"#, Some(now + 5_500)), ("2", r#"{"act":"fine"}"#, Some(now))]);
    assert!(failures(&deliver(&WORKER, app, batch).await).is_empty());
    let sent = sent.lock().unwrap();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].1["MessageBody"], r#"{"act":"later"}"#);
    assert_eq!(sent[0].1["MessageAttributes"]["due"]["StringValue"], (now + 6_000).to_string());
    assert!(sent[0].1.get("DelaySeconds").is_none(), "with a clock moved by hand the poller waits");
}

#[test]
fn the_rest_is_rounded_up_and_gets_a_second_more() {
    for (due, now, rest) in [
        (1_000, 1_000, None),
        (999, 1_000, None),
        (1_001, 1_000, Some(1)),
        (2_000, 1_000, Some(2)),
        (i64::MAX, 0, Some(u32::MAX)),
        (i64::MIN, 1, None),
    ] {
        assert_eq!(rest_secs(due, now), rest, "{due} {now}");
    }
}
