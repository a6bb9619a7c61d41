use std::{collections::BTreeMap, path::Path};

use app::clock::Clock;
use domain::Timestamp;
use serde_json::{Value, json};

use super::insider::Insider;
use crate::{Options, System, engine::Data};

async fn start(folder: &Path, hours: i64) -> System {
    let clock = Clock::test(Timestamp::from_second(1_800_000_000 + hours * 3_600).unwrap());
    let options = Options { data: Data::Folder(folder.to_owned()), demo: true, ..Options::test(clock) };
    System::start(options).await.unwrap()
}

async fn events(system: &System) -> BTreeMap<String, Vec<String>> {
    // What is left may be remembered for two seconds.
    system.app.clock.advance(3);
    let publisher = Insider::admin(system, "publisher").await.unwrap();
    let listed = publisher.call("GET", "/api/admin/events?pageSize=100", &json!({})).await.unwrap();
    let mut events = BTreeMap::<_, Vec<_>>::new();
    for event in listed["items"].as_array().unwrap() {
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        events.entry(text("title")).or_default().push(text("status"));
    }
    events
}

#[tokio::test]
async fn the_demo_is_there_once_however_often_it_starts() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let system = start(folder.path(), 0).await;
        let expected = [
            ("Harbour Lights Live", "onSale"),
            ("Pearl River Summer", "upcoming"),
            ("The Night Ferry", "onSale"),
            ("Two Chairs, One Cello", "soldOut"),
        ];
        let expected = expected.map(|(title, status)| (title.to_owned(), vec![status.to_owned()]));
        assert_eq!(events(&system).await, BTreeMap::from(expected));
        system.stop().await;
    }
}

#[tokio::test]
async fn an_old_folder_has_something_on_sale_again() {
    let folder = tempfile::tempdir().unwrap();
    start(folder.path(), 0).await.stop().await;
    let system = start(folder.path(), 24).await;
    assert_eq!(events(&system).await["Harbour Lights Live"], ["onSale", "ended"]);
    let buyer = Insider::customer(&system, "buyer").await.unwrap();
    let profile: Value = buyer.call("GET", "/api/users/profile", &json!({})).await.unwrap();
    assert_eq!(profile["email"], "buyer@demo.test");
    system.stop().await;
}
