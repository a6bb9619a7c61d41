//! Opening and closing the data.

use super::testing::{create_queue, create_table, dynamodb, memory, put, s, sqs};
use super::{Data, EngineError, Engines};

#[test]
fn engines_can_be_shared_between_threads() {
    fn check<T: Clone + Send + Sync + 'static>() {}
    check::<Engines>();
}

#[test]
fn a_data_folder_opens_once_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::Folder(folder.path().join("new"));
    let first = Engines::open(&data).unwrap();
    let second = Engines::open(&data).unwrap_err();
    assert!(matches!(second, EngineError::InUse(_)), "{second}");
    assert!(second.to_string().contains("another program"), "{second}");
    drop(first);
    Engines::open(&data).unwrap();
}

#[test]
fn memory_is_private_and_goes_with_the_last_handle() {
    let file = |engines: &Engines| {
        let side = engines.dynamodb().turn();
        std::path::PathBuf::from(side.path().unwrap())
    };
    let (one, other) = (memory(), memory());
    let path = file(&one);
    assert_ne!(path, file(&other));
    let sqs = one.sqs().clone();
    drop(one);
    assert!(path.exists());
    drop(sqs);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_folder_keeps_tables_items_and_messages() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::Folder(folder.path().to_owned());
    let queue = {
        let engines = Engines::open(&data).unwrap();
        let client = dynamodb(&engines);
        create_table(&client, "shows").await;
        put(&client, "shows", "a", "1").await;
        let client = sqs(&engines);
        let queue = create_queue(&client, "q", &[("VisibilityTimeout", "7")]).await;
        client.send_message().queue_url(&queue).message_body("kept").send().await.unwrap();
        queue
    };
    let engines = Engines::open(&data).unwrap();
    let get = dynamodb(&engines).get_item().table_name("shows").key("pk", s("a")).key("sk", s("1"));
    assert!(get.send().await.unwrap().item.is_some());
    assert_eq!(engines.sqs().pending("q").visible, 1);
    let received = sqs(&engines).receive_message().queue_url(queue).send().await.unwrap();
    assert_eq!(received.messages()[0].body(), Some("kept"));
}
