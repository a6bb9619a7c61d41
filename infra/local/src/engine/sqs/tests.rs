//! Queues as the functions see them, through the real SDK.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
    SendMessageBatchRequestEntry, SendMessageBatchResultEntry,
};

use tokio::time::Instant;

use super::Counts;
use crate::engine::testing::{create_queue, memory, sqs};
use crate::engine::{Data, Engines};

async fn queue(attributes: &[(&str, &str)]) -> (Engines, Client, String) {
    let engines = memory();
    let client = sqs(&engines);
    let queue = create_queue(&client, "q", attributes).await;
    (engines, client, queue)
}

async fn send(client: &Client, queue: &str, body: &str) {
    client.send_message().queue_url(queue).message_body(body).send().await.unwrap();
}

async fn receive(client: &Client, queue: &str) -> Vec<Message> {
    let receive = client.receive_message().queue_url(queue).max_number_of_messages(10);
    let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
    receive.send().await.unwrap().messages.unwrap_or_default()
}

fn handle(message: &Message) -> &str {
    message.receipt_handle().unwrap()
}

fn counts(visible: usize, in_flight: usize, delayed: usize) -> Counts {
    Counts { visible, in_flight, delayed }
}

fn attribute<'a>(message: &'a Message, name: &str) -> &'a str {
    &message.attributes.as_ref().unwrap()[&MessageSystemAttributeName::from(name)]
}

#[tokio::test]
async fn a_message_is_sent_received_and_deleted() {
    let (engines, client, queue) = queue(&[]).await;
    let text = MessageAttributeValue::builder().data_type("String").string_value("one");
    let binary = MessageAttributeValue::builder().data_type("Binary").binary_value(b"\0\xff".to_vec().into());
    let send = client
        .send_message()
        .queue_url(&queue)
        .message_body("Grüße")
        .message_attributes("kind", text.build().unwrap())
        .message_attributes("raw", binary.build().unwrap());
    let sent = send.send().await.unwrap();
    let receive = client.receive_message().queue_url(&queue).message_attribute_names("All");
    let received = receive.send().await.unwrap().messages.unwrap_or_default();
    let [message] = received.as_slice() else { panic!("{received:?}") };
    assert_eq!(message.body(), Some("Grüße"));
    assert_eq!(message.message_id, sent.message_id);
    assert_eq!(message.md5_of_body, sent.md5_of_message_body);
    assert_eq!(message.md5_of_message_attributes, sent.md5_of_message_attributes);
    assert_eq!(message.message_attributes().unwrap().len(), 2);
    assert_eq!(engines.sqs().pending("q"), counts(0, 1, 0));
    let delete = client.delete_message().queue_url(&queue).receipt_handle(handle(message));
    delete.send().await.unwrap();
    assert_eq!(engines.sqs().pending("q").total(), 0);
}

#[tokio::test]
async fn a_delay_hides_a_message_until_it_has_passed() {
    let (engines, client, queue) = queue(&[("DelaySeconds", "5")]).await;
    send(&client, &queue, "by the queue").await;
    let send = client.send_message().queue_url(&queue).message_body("by the message");
    send.delay_seconds(900).send().await.unwrap();
    assert!(receive(&client, &queue).await.is_empty());
    assert_eq!(engines.sqs().pending("q"), counts(0, 0, 2));
    engines.sqs().advance(Duration::from_secs(5));
    assert_eq!(receive(&client, &queue).await.len(), 1);
    engines.sqs().advance(Duration::from_secs(895));
    assert_eq!(receive(&client, &queue).await.len(), 1 + 1, "and the first again");
}

#[tokio::test]
async fn an_unfinished_message_comes_again_and_its_old_handle_is_void() {
    let (engines, client, queue) = queue(&[("VisibilityTimeout", "10")]).await;
    send(&client, &queue, "m").await;
    let first = receive(&client, &queue).await;
    assert!(receive(&client, &queue).await.is_empty());
    engines.sqs().advance(Duration::from_secs(10));
    let second = receive(&client, &queue).await;
    assert_eq!(attribute(&second[0], "ApproximateReceiveCount"), "2");
    let sent = attribute(&second[0], "SentTimestamp");
    assert_eq!(sent, attribute(&first[0], "SentTimestamp"));
    let delete = client.delete_message().queue_url(&queue).receipt_handle(handle(&first[0]));
    delete.send().await.unwrap();
    assert_eq!(engines.sqs().pending("q"), counts(0, 1, 0));
    let forged = client.delete_message().queue_url(&queue).receipt_handle("forged");
    assert!(forged.send().await.unwrap_err().into_service_error().is_receipt_handle_is_invalid());
}

#[tokio::test]
async fn a_receiver_can_change_the_visibility() {
    let (engines, client, queue) = queue(&[]).await;
    send(&client, &queue, "m").await;
    let message = receive(&client, &queue).await.remove(0);
    let change = client.change_message_visibility().queue_url(&queue);
    let change = change.receipt_handle(handle(&message));
    change.clone().visibility_timeout(600).send().await.unwrap();
    engines.sqs().advance(Duration::from_mins(1));
    assert_eq!(engines.sqs().pending("q"), counts(0, 1, 0));
    change.clone().visibility_timeout(0).send().await.unwrap();
    assert_eq!(engines.sqs().pending("q"), counts(1, 0, 0));
    let late = change.visibility_timeout(30).send().await.unwrap_err().into_service_error();
    assert!(late.is_message_not_inflight(), "{late:?}");
}

#[tokio::test]
async fn a_message_received_too_often_goes_to_the_dead_letters_and_can_come_back() {
    let engines = memory();
    let client = sqs(&engines);
    create_queue(&client, "dead", &[]).await;
    let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":"2"}"#;
    let queue = create_queue(&client, "q", &[("RedrivePolicy", policy)]).await;
    for body in ["poison", "poison too"] {
        send(&client, &queue, body).await;
    }
    for _ in 0..2 {
        assert_eq!(receive(&client, &queue).await.len(), 2);
        engines.sqs().advance(Duration::from_secs(30));
    }
    send(&client, &queue, "good").await;
    let left = receive(&client, &queue).await;
    assert_eq!(left.iter().filter_map(Message::body).collect::<Vec<_>>(), ["good"]);
    let dead = client.get_queue_url().queue_name("dead").send().await.unwrap().queue_url.unwrap();
    let buried = receive(&client, &dead).await;
    assert_eq!(buried.len(), 2);
    assert_eq!(attribute(&buried[0], "DeadLetterQueueSourceArn"), "arn:aws:sqs:us-east-1:000000000000:q");
    let back = client.start_message_move_task().source_arn("arn:aws:sqs:us-east-1:000000000000:dead");
    back.send().await.unwrap();
    assert_eq!(receive(&client, &queue).await.len(), 2);
    assert_eq!(engines.sqs().pending("dead").total(), 0);
}

#[tokio::test]
async fn a_send_wakes_every_long_poll_that_it_can_serve() {
    let (_engines, client, queue) = queue(&[]).await;
    let polls: Vec<_> = (0..3)
        .map(|_| {
            let poll = client.receive_message().queue_url(&queue).wait_time_seconds(20);
            tokio::spawn(async move { poll.send().await.unwrap().messages().len() })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let start = Instant::now();
    for body in ["1", "2", "3"] {
        send(&client, &queue, body).await;
    }
    for poll in polls {
        assert_eq!(poll.await.unwrap(), 1);
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_long_poll_wakes_when_a_message_falls_due() {
    let (engines, client, queue) = queue(&[]).await;
    let poll = client.receive_message().queue_url(&queue).wait_time_seconds(20);
    let poll = tokio::spawn(async move { poll.send().await.unwrap().messages().len() });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let start = Instant::now();
    let send = client.send_message().queue_url(&queue).message_body("m").delay_seconds(60);
    send.send().await.unwrap();
    engines.sqs().advance(Duration::from_millis(59_900));
    assert_eq!(poll.await.unwrap(), 1);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_poll_of_an_empty_queue_ends_in_time_and_empty() {
    let (_engines, client, queue) = queue(&[]).await;
    assert!(receive(&client, &queue).await.is_empty());
    let poll = client.receive_message().queue_url(&queue).wait_time_seconds(1);
    let start = Instant::now();
    assert!(poll.send().await.unwrap().messages().is_empty());
    assert!(start.elapsed() >= Duration::from_millis(950));
}

#[tokio::test]
async fn a_batch_succeeds_and_fails_by_entry() {
    let (engines, client, queue) = queue(&[]).await;
    let entry = |id: &str, body: &str, delay| {
        let entry = SendMessageBatchRequestEntry::builder().id(id).message_body(body);
        entry.delay_seconds(delay).build().unwrap()
    };
    let send = client.send_message_batch().queue_url(&queue).entries(entry("good", "m", 0));
    let send = send.entries(entry("late", "m", 901)).entries(entry("odd", "\u{1}", 0));
    let sent = send.send().await.unwrap();
    assert_eq!(sent.successful().iter().map(SendMessageBatchResultEntry::id).collect::<Vec<_>>(), ["good"]);
    let failed: Vec<_> = sent.failed().iter().map(|f| (f.id(), f.code(), f.sender_fault())).collect();
    let expected = [("late", "InvalidParameterValue", true), ("odd", "InvalidMessageContents", true)];
    assert_eq!(failed, expected);

    let message = receive(&client, &queue).await.remove(0);
    let entry = |id: &str, handle: &str| {
        DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap()
    };
    let delete = client.delete_message_batch().queue_url(&queue);
    let delete = delete.entries(entry("a", handle(&message))).entries(entry("b", "forged"));
    let deleted = delete.send().await.unwrap();
    assert_eq!((deleted.successful().len(), deleted.failed()[0].id()), (1, "b"));
    assert_eq!(engines.sqs().pending("q").total(), 0);

    let twice = client.delete_message_batch().queue_url(&queue);
    let twice = twice.entries(entry("a", handle(&message))).entries(entry("a", handle(&message)));
    assert!(twice.send().await.unwrap_err().into_service_error().is_batch_entry_ids_not_distinct());
    let none = client.send_message_batch().queue_url(&queue).set_entries(Some(Vec::new()));
    assert!(none.send().await.unwrap_err().into_service_error().is_empty_batch_request());
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let (_engines, client, queue) = queue(&[]).await;
    send(&client, &queue, &"x".repeat(256 * 1024)).await;
    let large = client.send_message().queue_url(&queue).message_body("x".repeat(256 * 1024 + 1));
    let refused = large.send().await.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("InvalidParameterValue"));
    let half = |id: &str| {
        let entry = SendMessageBatchRequestEntry::builder().id(id);
        entry.message_body("x".repeat(140 * 1024)).build().unwrap()
    };
    let batch = client.send_message_batch().queue_url(&queue).entries(half("a")).entries(half("b"));
    assert!(batch.send().await.unwrap_err().into_service_error().is_batch_request_too_long());
}

#[tokio::test]
async fn a_queue_has_attributes_and_tags() {
    let (engines, client, queue) = queue(&[("VisibilityTimeout", "7")]).await;
    let set = client.set_queue_attributes().queue_url(&queue);
    set.attributes(QueueAttributeName::DelaySeconds, "3").send().await.unwrap();
    send(&client, &queue, "m").await;
    let get = client.get_queue_attributes().queue_url(&queue);
    let got = get.attribute_names(QueueAttributeName::All).send().await.unwrap();
    let got = got.attributes.unwrap();
    for (name, value) in [
        (QueueAttributeName::VisibilityTimeout, "7"),
        (QueueAttributeName::DelaySeconds, "3"),
        (QueueAttributeName::ApproximateNumberOfMessagesDelayed, "1"),
        (QueueAttributeName::QueueArn, "arn:aws:sqs:us-east-1:000000000000:q"),
    ] {
        assert_eq!(got[&name], value, "{name}");
    }
    let wrong = client.set_queue_attributes().queue_url(&queue);
    let wrong = wrong.attributes(QueueAttributeName::DelaySeconds, "901").send().await;
    assert_eq!(wrong.unwrap_err().code(), Some("InvalidAttributeValue"));
    client.tag_queue().queue_url(&queue).tags("a", "b").send().await.unwrap();
    let tags = client.list_queue_tags().queue_url(&queue).send().await.unwrap();
    assert_eq!(tags.tags.unwrap()["a"], "b");
    // The same queue again is no error; a different one of the same name is.
    let create = client.create_queue().queue_name("q");
    create.clone().send().await.unwrap();
    let other = create.attributes(QueueAttributeName::VisibilityTimeout, "8").send().await;
    assert!(other.unwrap_err().into_service_error().is_queue_name_exists());
    client.purge_queue().queue_url(&queue).send().await.unwrap();
    assert_eq!(engines.sqs().pending("q").total(), 0);
    client.delete_queue().queue_url(&queue).send().await.unwrap();
    let gone = client.receive_message().queue_url(&queue).send().await.unwrap_err();
    assert!(gone.into_service_error().is_queue_does_not_exist());
}

#[tokio::test]
async fn messages_in_flight_stay_in_flight_across_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::Folder(folder.path().to_owned());
    let (queue, message) = {
        let engines = Engines::open(&data).unwrap();
        let client = sqs(&engines);
        let queue = create_queue(&client, "q", &[]).await;
        send(&client, &queue, "in flight").await;
        let message = receive(&client, &queue).await.remove(0);
        send(&client, &queue, "visible").await;
        (queue, message)
    };
    let engines = Engines::open(&data).unwrap();
    let client = sqs(&engines);
    assert_eq!(engines.sqs().pending("q"), counts(1, 1, 0));
    let delete = client.delete_message().queue_url(&queue).receipt_handle(handle(&message));
    delete.send().await.unwrap();
    assert_eq!(engines.sqs().pending("q"), counts(1, 0, 0));
}

#[tokio::test]
async fn messages_past_their_retention_are_swept() {
    let (engines, client, queue) = queue(&[("MessageRetentionPeriod", "60")]).await;
    send(&client, &queue, "old").await;
    engines.sqs().advance(Duration::from_secs(61));
    send(&client, &queue, "new").await;
    assert_eq!(engines.sqs().sweep().unwrap(), 1);
    assert_eq!(engines.sqs().pending("q").total(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_workers_share_a_queue_without_losing_or_waiting() {
    const EACH: usize = 50;
    let (engines, client, queue) = queue(&[]).await;
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (client, queue) = (client.clone(), queue.clone());
            tokio::spawn(async move {
                let mut bodies = Vec::new();
                loop {
                    let poll = client.receive_message().queue_url(&queue).wait_time_seconds(20);
                    let message = poll.send().await.unwrap().messages.unwrap().remove(0);
                    let delete = client.delete_message().queue_url(&queue);
                    delete.receipt_handle(handle(&message)).send().await.unwrap();
                    match message.body.unwrap().as_str() {
                        "stop" => return bodies,
                        body => bodies.push(body.to_owned()),
                    }
                }
            })
        })
        .collect();
    let start = Instant::now();
    let senders = (0..4).map(|sender| {
        let (client, queue) = (client.clone(), queue.clone());
        tokio::spawn(async move {
            for number in 0..EACH {
                send(&client, &queue, &format!("{sender}-{number}")).await;
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
    for _ in 0..4 {
        send(&client, &queue, "stop").await;
    }
    let mut received = Vec::new();
    for worker in workers {
        received.extend(worker.await.unwrap());
    }
    received.sort_unstable();
    received.dedup();
    assert_eq!(received.len(), 4 * EACH);
    assert_eq!(engines.sqs().pending("q").total(), 0);
    // A missed wake-up would have cost a whole long poll.
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}
