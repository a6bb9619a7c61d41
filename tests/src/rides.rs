//! Rides: seats of a train for a stretch, for people with names, on one train at a time.

mod parties;

use domain::{
    event,
    id::{Id as _, OrderId},
    rail::passenger::Presence,
};
use serde_json::{Value, json};
use store::{Applied, protocol::PersonHold};

use crate::{
    audit::audit,
    client::Answer,
    rail::{DAY, TRAINS, class, open, opening, railway_of, search},
    shop::{Person, Shop, text},
};

/// A railway with the runs of a day, ten days before it.
async fn line() -> Shop {
    line_of(Shop::open().await).await
}

/// The same in a shop that is open.
pub(crate) async fn line_of(shop: Shop) -> Shop {
    railway_of(&shop, TRAINS).await;
    open(&shop, opening(DAY, DAY)).await;
    shop
}

/// The run of a train that was found.
pub(crate) async fn run(shop: &Shop, train: &str, from: &str, to: &str) -> Value {
    let found = search(shop, from, to, &format!("date={DAY}")).await;
    let items = found["items"].as_array().unwrap();
    items.iter().find(|item| item["train"] == train).unwrap_or_else(|| panic!("no {train} in {found}")).clone()
}

pub(crate) fn passenger(number: u64) -> Value {
    json!({"name": format!("乘客{number}"), "idType": "idCard", "idNo": format!("11010119900307{number:04}")})
}

pub(crate) fn wish(run: &Value, (from, to): (&str, &str), class: &str, numbers: &[u64]) -> Value {
    json!({
        "runId": run["runId"], "from": from, "to": to, "class": class, "quantity": numbers.len(),
        "passengers": numbers.iter().map(|number| passenger(*number)).collect::<Vec<_>>(),
        "userInfo": {"name": "Wang Fang", "phone": "13800138000"},
    })
}

pub(crate) async fn ask(shop: &Shop, who: &Person, body: Value) -> Answer {
    shop.create(who, "/api/orders", body).await
}

pub(crate) async fn order(shop: &Shop, who: &Person, body: Value) -> Value {
    let placed = ask(shop, who, body).await.expect(202);
    shop.drained().await;
    shop.get(who, &format!("/api/orders/{}", text(&placed, "id"))).await.expect(200)
}

fn seats(order: &Value) -> Vec<String> {
    order["seats"].as_array().unwrap().iter().map(|seat| seat.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
pub(crate) async fn from_the_search_to_the_platform_and_back() {
    let shop = line().await;
    let who = shop.buyer().await;
    let found = run(&shop, "G1", "haicheng", "shanyangbei").await;
    let before = class(&found, "second")["remaining"].as_u64().unwrap();

    let mut body = wish(&found, ("HCA", "SYB"), "second", &[1, 2]);
    body["passengers"][1]["kind"] = json!("student");
    body["together"] = json!("required");
    let held = order(&shop, &who, body).await;
    assert_eq!((&held["runId"], &held["from"], &held["to"]), (&found["runId"], &json!("HCA"), &json!("SYB")), "{held}");
    assert_eq!((&held["event"]["train"], &held["status"]), (&json!("G1"), &json!("pending")), "{held}");
    let (full, total) = (class(&found, "second")["price"].as_u64().unwrap(), held["totalAmount"].as_u64().unwrap());
    assert!(total < 2 * full && total > full, "a student pays less: {total} of {full}");
    assert_eq!(seats(&held).len(), 2);
    let coach = |seat: &String| seat.split('-').next().unwrap().to_owned();
    assert_eq!(coach(&seats(&held)[0]), coach(&seats(&held)[1]));

    shop.pay(&who, &text(&held, "id")).await;
    let sold = shop.get(&who, &format!("/api/orders/{}", text(&held, "id"))).await.data();
    assert_eq!(sold["status"], "ticketed", "{sold}");
    let printed: Vec<String> =
        sold["tickets"].as_array().unwrap().iter().map(|ticket| text(ticket, "seatNo")).collect();
    assert_eq!(printed, seats(&held));
    let after = run(&shop, "G1", "haicheng", "shanyangbei").await;
    assert_eq!(class(&after, "second")["remaining"], before - 2, "{after}");

    // The student's ticket goes back for what the student paid.
    let refund = json!({"orderId": held["id"], "ticketIds": [sold["tickets"][1]["id"]], "reason": "ill"});
    let refund = shop.create(&who, "/api/payments/refund", refund).await.expect(202);
    assert_eq!(refund["amount"], total - full, "{refund}");
    shop.drained().await;
    let after = run(&shop, "G1", "haicheng", "shanyangbei").await;
    assert_eq!(class(&after, "second")["remaining"], before - 1, "{after}");
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn a_seat_is_sold_again_for_a_stretch_that_does_not_meet_the_first() {
    let shop = line().await;
    let who = shop.buyer().await;
    let found = run(&shop, "G1", "haicheng", "linkou").await;
    let first = order(&shop, &who, wish(&found, ("HCA", "LKA"), "first", &[1])).await;
    let then = order(&shop, &who, wish(&found, ("LKA", "SYB"), "first", &[2])).await;
    assert_eq!(seats(&first), seats(&then), "the gap behind the first is filled");
    for order in [&first, &then] {
        shop.pay(&who, &text(order, "id")).await;
    }
    // Whoever rides all the way needs another one; the refund of one of the two frees nothing of the other.
    let through = order(&shop, &who, wish(&found, ("HCA", "SYB"), "first", &[3])).await;
    assert_ne!(seats(&through), seats(&first));
    let refund = json!({"orderId": first["id"], "reason": "ill"});
    shop.create(&who, "/api/payments/refund", refund).await.expect(202);
    shop.drained().await;
    let mut rest = Vec::new();
    for number in 4..10 {
        rest.extend(seats(&order(&shop, &who, wish(&found, ("HCA", "SYB"), "first", &[number])).await));
    }
    assert!(!rest.contains(&seats(&first)[0]), "its second half is still sold");
    let refused = ask(&shop, &who, wish(&found, ("HCA", "SYB"), "first", &[10])).await;
    refused.refused(409, "sold_out");
    // What is left is the first half of one seat.
    order(&shop, &who, wish(&found, ("HCA", "LKA"), "first", &[11])).await;
    ask(&shop, &who, wish(&found, ("HCA", "LKA"), "first", &[12])).await.refused(409, "sold_out");
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn nobody_is_on_two_trains_at_once() {
    let shop = line().await;
    let (ana, ben) = (shop.buyer().await, shop.buyer().await);
    let early = run(&shop, "G1", "haicheng", "shanyangbei").await;
    let held = order(&shop, &ana, wish(&early, ("HCA", "SYB"), "second", &[1])).await;
    // Another account does not help, nor does another part of the line.
    let refused = ask(&shop, &ben, wish(&early, ("LKA", "SYB"), "second", &[2, 1])).await;
    refused.refused(409, "passenger_elsewhere");
    assert_eq!(refused.json()["passenger"], 1, "{refused}");
    // The train of the afternoon is another matter, and so is the same one once the first order is called off.
    let late = run(&shop, "G3", "haicheng", "shanyang").await;
    order(&shop, &ben, wish(&late, ("HCB", "SYA"), "second", &[1])).await;
    let cancel = format!("/api/orders/{}/cancel", text(&held, "id"));
    shop.call(&ana, "PUT", &cancel, Value::Null).await.expect(200);
    shop.drained().await;
    order(&shop, &ben, wish(&early, ("LKA", "SYB"), "second", &[2, 1])).await;
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn nonsense_about_rides_names_its_fields() {
    let shop = line().await;
    let who = shop.buyer().await;
    let found = run(&shop, "G1", "haicheng", "shanyangbei").await;
    let good = || wish(&found, ("HCA", "SYB"), "second", &[1]);
    let with = |field: &str, value: Value| {
        let mut body = good();
        body[field] = value;
        body
    };
    for (body, field) in [
        (with("to", json!("HCA")), "to"),
        (with("from", json!("QTA")), "to"),
        (with("class", json!("business")), "class"),
        (with("quantity", json!(2)), "passengers"),
        (with("passengers", Value::Null), "passengers"),
        (with("wishes", json!(["Z"])), "wishes[0]"),
        (with("wishes", json!(["A", "F"])), "wishes"),
        (with("seats", json!(["stalls/1/1"])), "seats"),
        (with("class", Value::Null), "class"),
        (with("passengers", json!([{"name": "", "idType": "idCard", "idNo": "1"}])), "passengers[0].idNo"),
    ] {
        let refused = ask(&shop, &who, body.clone()).await;
        refused.refused(400, "validation_failed");
        let fields: Vec<String> =
            refused.json()["details"].as_array().unwrap().iter().map(|detail| text(detail, "field")).collect();
        assert!(fields.iter().any(|named| named == field), "{field} is not in {fields:?}: {refused}");
    }
    ask(&shop, &who, with("runId", json!("run_00000000000000000000000000"))).await.refused(404, "not_found");
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn what_was_wished_for_is_given_where_it_is_there() {
    let shop = line().await;
    let who = shop.buyer().await;
    let found = run(&shop, "G1", "haicheng", "shanyangbei").await;
    for (wish_for, number) in [("F", 1), ("A", 2), ("C", 3)] {
        let mut body = wish(&found, ("HCA", "SYB"), "second", &[number]);
        body["wishes"] = json!([wish_for]);
        let held = order(&shop, &who, body).await;
        assert!(seats(&held)[0].ends_with(wish_for), "{held}");
    }
}

/// An attempt that died between its hold and its message is over once it is asked for again: the passenger is not kept from
/// the buyer until the hold would have ended.
#[tokio::test]
pub(crate) async fn a_buyer_whose_first_attempt_died_is_not_in_their_own_way() {
    let shop = line().await;
    let who = shop.buyer().await;
    let found = run(&shop, "G1", "haicheng", "shanyangbei").await;
    let (tenant, dead) = (shop.store(), OrderId::from_bytes([9; 16]));
    let plan = tenant.rail().run(text(&found, "runId").parse().unwrap()).await.unwrap().unwrap();
    let journey = Presence::of(plan.departs(0).unwrap(), plan.arrives(2).unwrap()).unwrap();
    let number = text(&passenger(1), "idNo");
    let person = shop.app().keys.mac("passenger", &[b"demo", b"idCard", number.as_bytes()]);
    let times = (event::later(shop.now(), 900), shop.now());
    let held =
        tenant.hold_person((dead, None), 0, &person, &journey, times).await.map_err(|(failed, _)| failed).unwrap();
    assert!(matches!(held, PersonHold::Held(_)));
    let body = wish(&found, ("HCA", "SYB"), "second", &[1]);
    ask(&shop, &who, body.clone()).await.refused(409, "passenger_elsewhere");
    assert_eq!(tenant.orders().bury(dead, shop.now()).await.unwrap(), Applied::Done);
    order(&shop, &who, body).await;
    audit(&shop).await;
}
