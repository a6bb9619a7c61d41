//! A reader sees every write once, in order, across restarts.

use std::time::Duration;

use super::{StreamError, StreamReader};
use crate::engine::testing::{create_table, dynamodb, memory, put, s};
use crate::engine::{Data, Engines};

fn sequence(record: &serde_json::Value) -> &str {
    record["dynamodb"]["SequenceNumber"].as_str().unwrap()
}

fn sort_keys(records: &[serde_json::Value]) -> Vec<&str> {
    let keys = records.iter().map(|record| record["dynamodb"]["Keys"]["sk"]["S"].as_str());
    keys.map(Option::unwrap).collect()
}

#[tokio::test]
async fn records_have_the_shape_of_dynamodb_streams() {
    let engines = memory();
    let client = dynamodb(&engines);
    create_table(&client, "shows").await;
    let mut reader = StreamReader::open(engines.dynamodb(), "shows", "r").unwrap();
    put(&client, "shows", "a", "1").await;
    let delete = client.delete_item().table_name("shows").key("pk", s("a")).key("sk", s("1"));
    delete.send().await.unwrap();
    let records = reader.next(10).unwrap();
    assert_eq!(records.len(), 2);
    let event: aws_lambda_events::event::dynamodb::Event =
        serde_json::from_value(serde_json::json!({ "Records": records })).unwrap();
    let names: Vec<_> = event.records.iter().map(|r| r.event_name.as_str()).collect();
    assert_eq!(names, ["INSERT", "REMOVE"]);
    assert!(records[0]["eventSourceARN"].as_str().unwrap().contains(":us-east-1:"));
    assert_eq!(records[0]["dynamodb"]["NewImage"]["n"]["N"], "1");
    assert_eq!(records[1]["dynamodb"]["OldImage"]["n"]["N"], "1");
}

#[tokio::test]
async fn a_reader_continues_at_its_checkpoint_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::Folder(folder.path().to_owned());
    {
        let engines = Engines::open(&data).unwrap();
        let client = dynamodb(&engines);
        create_table(&client, "shows").await;
        for sk in ["1", "2", "3", "4"] {
            put(&client, "shows", "a", sk).await;
        }
        let mut reader = StreamReader::open(engines.dynamodb(), "shows", "r").unwrap();
        let first = reader.next(2).unwrap();
        assert_eq!(sort_keys(&first), ["1", "2"]);
        reader.checkpoint(sequence(&first[1])).unwrap();
        assert_eq!(sort_keys(&reader.next(2).unwrap()), ["3", "4"]);
        assert_eq!(reader.backlog().unwrap(), 2);
        reader.rewind();
        assert_eq!(sort_keys(&reader.next(1).unwrap()), ["3"]);
    }
    let engines = Engines::open(&data).unwrap();
    let mut reader = StreamReader::open(engines.dynamodb(), "shows", "r").unwrap();
    let rest = reader.next(10).unwrap();
    assert_eq!(sort_keys(&rest), ["3", "4"]);
    reader.checkpoint(sequence(&rest[1])).unwrap();
    assert_eq!(reader.backlog().unwrap(), 0);
    // The newest record stays, so that numbers go on counting from it.
    put(&dynamodb(&engines), "shows", "a", "5").await;
    let last = reader.next(10).unwrap();
    assert_eq!(sort_keys(&last), ["5"]);
    assert!(sequence(&last[0]) > sequence(&rest[1]));
}

#[tokio::test]
async fn records_go_when_every_reader_has_read_them() {
    let engines = memory();
    let client = dynamodb(&engines);
    create_table(&client, "shows").await;
    let mut fast = StreamReader::open(engines.dynamodb(), "shows", "fast").unwrap();
    let mut slow = StreamReader::open(engines.dynamodb(), "shows", "slow").unwrap();
    for sk in ["1", "2", "3"] {
        put(&client, "shows", "a", sk).await;
    }
    let records = fast.next(10).unwrap();
    fast.checkpoint(sequence(&records[2])).unwrap();
    assert_eq!(engines.dynamodb().unread("shows", 0).unwrap(), 3);
    assert_eq!(slow.next(10).unwrap().len(), 3);
    slow.checkpoint(sequence(&records[1])).unwrap();
    assert_eq!(engines.dynamodb().unread("shows", 0).unwrap(), 1);
    assert_eq!(engines.dynamodb().trim_stream("shows", sequence(&records[2])).unwrap(), 0);
}

#[tokio::test]
async fn a_new_table_of_an_old_name_has_a_new_stream() {
    let engines = memory();
    let client = dynamodb(&engines);
    create_table(&client, "shows").await;
    put(&client, "shows", "a", "old").await;
    client.delete_table().table_name("shows").send().await.unwrap();
    create_table(&client, "shows").await;
    put(&client, "shows", "a", "new").await;
    let mut reader = StreamReader::open(engines.dynamodb(), "shows", "r").unwrap();
    assert_eq!(sort_keys(&reader.next(10).unwrap()), ["new"]);
}

#[tokio::test]
async fn a_forgotten_reader_holds_nothing_back() {
    let engines = memory();
    let client = dynamodb(&engines);
    create_table(&client, "shows").await;
    let mut reader = StreamReader::open(engines.dynamodb(), "shows", "r").unwrap();
    let _gone = StreamReader::open(engines.dynamodb(), "shows", "gone").unwrap();
    for sk in ["1", "2"] {
        put(&client, "shows", "a", sk).await;
    }
    let records = reader.next(10).unwrap();
    engines.dynamodb().forget_reader("shows", "gone").unwrap();
    reader.checkpoint(sequence(&records[1])).unwrap();
    assert_eq!(engines.dynamodb().unread("shows", 0).unwrap(), 1);
}

#[tokio::test]
async fn a_write_wakes_a_waiting_reader() {
    let engines = memory();
    let client = dynamodb(&engines);
    create_table(&client, "shows").await;
    let mut reader = StreamReader::open(engines.dynamodb(), "shows", "r").unwrap();
    assert!(reader.next(10).unwrap().is_empty());
    let wait = tokio::spawn(async move {
        reader.written().await;
        reader.next(10).unwrap().len()
    });
    tokio::task::yield_now().await;
    put(&client, "shows", "a", "1").await;
    let woken = tokio::time::timeout(Duration::from_secs(5), wait).await;
    assert_eq!(woken.unwrap().unwrap(), 1);
}

#[test]
fn a_table_without_a_stream_is_refused() {
    let engines = memory();
    let refused = StreamReader::open(engines.dynamodb(), "nothing", "r").unwrap_err();
    assert!(matches!(refused, StreamError::NoStream(_)), "{refused}");
}
