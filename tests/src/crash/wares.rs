//! What is sold in the flows.

use jiff::civil::Date;
use serde_json::{Value, json};
use store::keys::{run_date, run_id};

use crate::{
    rail::{open, opening, railway_of},
    shop::{Draft, Offer, Shop, Wares, text},
};

/// A map of so many rows of two seats.
pub(super) fn hall_of(rows: u8) -> Value {
    json!({"sections": [{"id": "stalls", "name": "Stalls", "category": "A", "rows": rows, "seats": 2}]})
}

/// A venue with a map of four seats in two rows.
pub(super) async fn small_hall(shop: &Shop) -> String {
    let place = json!({"name": "Small Hall", "city": "Shanghai", "address": "1 Example Road"});
    let venue = text(&shop.create(&shop.admin, "/api/admin/venues", place).await.expect(201), "id");
    shop.post(&shop.admin, &format!("/api/admin/venues/{venue}/map/generate"), hall_of(2)).await.expect(200);
    venue
}

/// How an event would sell the seats of a newer map: with a third row, and without the last seat of the second.
pub(super) async fn newer_map(shop: &Shop, offer: &Offer) -> Value {
    let event = shop.look(&format!("/api/events/{}", offer.event)).await.expect(200);
    let mut seating = event["seating"].clone();
    let venue = text(&seating, "venueId");
    shop.post(&shop.admin, &format!("/api/admin/venues/{venue}/map/generate"), hall_of(3)).await.expect(200);
    let mut map = shop.look(&format!("/api/venues/{venue}")).await.expect(200)["map"].take();
    map["sections"][0]["rows"][1]["seats"].as_array_mut().unwrap().pop();
    let made = shop.call(&shop.admin, "PUT", &format!("/api/admin/venues/{venue}/map"), map).await.expect(200);
    seating["version"] = made["version"].clone();
    seating
}

/// An event whose every session sells four seats in two rows.
pub(super) async fn seated(shop: &Shop, draft: Draft) -> Vec<Offer> {
    let venue = small_hall(shop).await;
    let mut event = shop.event(&draft);
    event["priceOptions"][0].as_object_mut().unwrap().remove("totalCount");
    event["seating"] = json!({"venueId": venue, "prices": [{"category": "A", "priceOption": "Standing"}]});
    let seats = ["stalls/1/1", "stalls/2/1", "stalls/2/2", "stalls/1/2"].map(str::to_owned).to_vec();
    let offers = shop.publish_event(event).await.into_iter();
    offers.map(|offer| Offer { wares: Wares::Seats(seats.clone()), ..offer }).collect()
}

/// The other price option of the same session.
pub(super) async fn dearer(shop: &Shop, offer: &Offer) -> Offer {
    let event = shop.look(&format!("/api/events/{}", offer.event)).await.expect(200);
    Offer { option: text(&event["priceOptions"][1], "id"), ..offer.clone() }
}

/// A train, and the timetable that it is imported with.
pub(super) const TRAIN: &str = "train,seq,station,arrive,depart,km\nG1,1,HCA,,08:00,0\nG1,2,LKA,09:00,,150\n";
/// The same train later, and one more.
pub(super) const TRAINS: &str = "train,seq,station,arrive,depart,km
G1,1,HCA,,08:30,0
G1,2,LKA,09:30,,150
G3,1,HCB,,12:00,0
G3,2,SYA,14:00,,380
";

/// The days of so many cases.
fn days(plays: u8) -> impl Iterator<Item = Date> {
    let first: Date = "2026-01-10".parse().unwrap();
    first.series(jiff::Span::new().days(1)).take(plays.into())
}

/// What is asked for to open the train on some days, with four seats of each class.
pub(super) fn daily(first: Date, last: Date, classes: &[&str]) -> Value {
    let mut asked = opening(&first.to_string(), &last.to_string());
    let coaches =
        (1..).zip(classes).map(|(number, class)| json!({"first": number, "class": class, "layout": "2+2", "rows": 1}));
    asked["templates"][0]["coaches"] = coaches.collect();
    asked["templates"][0]["fares"]
        .as_array_mut()
        .unwrap()
        .retain(|fare| classes.contains(&fare["class"].as_str().unwrap()));
    asked["templates"][0].as_object_mut().unwrap().remove("quotas");
    asked["templates"][0]["saleStarts"] = json!({"daysBefore": 366, "time": "08:00"});
    asked
}

/// The train on so many days; on each, other people travel.
pub(super) fn rides(plays: u8) -> Vec<Offer> {
    let offer = |(number, date): (u32, Date)| Offer {
        event: String::new(),
        session: String::new(),
        option: String::new(),
        wares: Wares::Rides { run: run_id("G1", date).to_string(), passengers: 100 * number },
    };
    (1..).zip(days(plays)).map(offer).collect()
}

/// The same, on sale.
pub(super) async fn runs(shop: &Shop, plays: u8, classes: &[&str]) -> Vec<Offer> {
    railway_of(shop, TRAIN).await;
    let (first, last) = (days(1).next().unwrap(), days(plays).last().unwrap());
    open(shop, daily(first, last, classes)).await;
    rides(plays)
}

/// The date of the run that is on offer.
pub(super) fn date_of(offer: &Offer) -> Date {
    let Wares::Rides { run, .. } = &offer.wares else { unreachable!() };
    run_date(run.parse().unwrap())
}
