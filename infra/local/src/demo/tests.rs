use std::{collections::BTreeMap, path::Path};

use app::clock::Clock;
use data_encoding::BASE64;
use domain::{
    Timestamp,
    seat_state::{SeatState, SeatStates},
    venue::SeatIndex,
};
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
            ("The Paper Lantern", "onSale"),
            ("Two Chairs, One Cello", "soldOut"),
        ];
        let expected = expected.map(|(title, status)| (title.to_owned(), vec![status.to_owned()]));
        assert_eq!(events(&system).await, BTreeMap::from(expected));
        assert_eq!(seats(&system).await, (1_200, 32, 8));
        for (days, trains) in [(-1, 0), (0, 6), (13, 6), (14, 0)] {
            assert_eq!(runs(&system, days).await, trains, "{days} days later");
        }
        system.stop().await;
    }
}

/// Of the house whose seats are numbered: how many there are, how many are kept back, and how many are not for anybody.
async fn seats(system: &System) -> (u64, usize, usize) {
    let publisher = Insider::admin(system, "publisher").await.unwrap();
    let venues = publisher.call("GET", "/api/admin/venues", &json!({})).await.unwrap();
    assert_eq!((&venues["total"], &venues["items"][0]["mapVersion"]), (&json!(1), &json!(1)));
    let venue = ["/api/venues/", venues["items"][0]["id"].as_str().unwrap()].concat();
    let map = publisher.call("GET", &venue, &json!({})).await.unwrap()["map"].take();
    let rows = map["sections"].as_array().unwrap().iter().flat_map(|section| section["rows"].as_array().unwrap());
    let kinds = rows.flat_map(|row| row["seats"].as_array().unwrap()).filter(|seat| seat.get("kind").is_some()).count();
    let listed = publisher.call("GET", "/api/admin/events?pageSize=100", &json!({})).await.unwrap();
    let event = listed["items"].as_array().unwrap().iter().find(|event| event["title"] == "The Paper Lantern").unwrap();
    let seats = ["/api/events/", event["id"].as_str().unwrap(), "/sessions/"].concat();
    let seats = [&seats, event["sessions"][0]["id"].as_str().unwrap(), "/seats"].concat();
    let states = publisher.call("GET", &seats, &json!({})).await.unwrap();
    let states = BASE64.decode(states["states"].as_str().unwrap().as_bytes()).unwrap();
    let states = SeatStates::decode(&states).unwrap();
    let kept = (0..states.len()).filter(|seat| states.get(SeatIndex(*seat)) != Some(SeatState::Free)).count();
    (map["seats"].as_u64().unwrap(), kept, kinds)
}

/// How many trains set out so many days after the start.
async fn runs(system: &System, days: i64) -> u64 {
    let admin = Insider::admin(system, "admin").await.unwrap();
    // 1 800 000 000 is eight in the morning of the 15th of January 2027 at Greenwich, and four in the afternoon in China.
    let date = jiff::civil::date(2027, 1, 15).saturating_add(jiff::Span::new().days(days));
    let runs = admin.call("GET", &format!("/api/admin/rail/runs?date={date}&status=open"), &json!({})).await.unwrap();
    runs["total"].as_u64().unwrap()
}

#[tokio::test]
async fn an_old_folder_has_something_on_sale_again() {
    let folder = tempfile::tempdir().unwrap();
    start(folder.path(), 0).await.stop().await;
    let system = start(folder.path(), 24).await;
    assert_eq!(events(&system).await["Harbour Lights Live"], ["onSale", "ended"]);
    // And another day of trains.
    assert_eq!((runs(&system, 13).await, runs(&system, 14).await), (6, 6));
    let buyer = Insider::customer(&system, "buyer").await.unwrap();
    let profile: Value = buyer.call("GET", "/api/users/profile", &json!({})).await.unwrap();
    assert_eq!(profile["email"], "buyer@demo.test");
    system.stop().await;
}
