//! The rules of a house: what is kept back until a moment, who needs which seat, and who must not be left alone.

use serde_json::{Value, json};

use super::{ask, later, order, seats, wish};
use crate::{
    audit::audit,
    shop::{PRICE, Person, Shop, text},
    venues::publish,
};

/// For how long the circle is kept for its channel, in seconds.
const KEPT: i64 = 3_600;

/// An event in a house with two rows in the stalls, an aisle in the middle of each; a circle of one row; and a box that has
/// seats for a wheelchair at both ends. `more` is said of its seating.
async fn house(shop: &Shop, more: &Value) -> Value {
    let place = json!({"name": "Opera House", "city": "Shanghai", "address": "1 Example Road"});
    let venue = text(&shop.create(&shop.admin, "/api/admin/venues", place).await.expect(201), "id");
    let kinds = [(1, "accessible"), (2, "companion"), (4, "companion"), (5, "accessible")];
    let kinds: Vec<Value> = kinds.iter().map(|(seat, kind)| json!({"row": 1, "seat": seat, "kind": kind})).collect();
    let rule = json!({"sections": [
        {"id": "stalls", "name": "Stalls", "category": "A", "rows": 2, "seats": 10, "aisles": [5]},
        {"id": "circle", "name": "Circle", "category": "A", "rows": 1, "seats": 4},
        {"id": "box", "name": "Box", "category": "A", "rows": 1, "seats": 5, "kinds": kinds},
    ]});
    shop.post(&shop.admin, &format!("/api/admin/venues/{venue}/map/generate"), rule).await.expect(200);
    let mut body = shop.event(&crate::shop::tickets(1));
    body["priceOptions"] = json!([{"name": "Seat", "price": PRICE}]);
    body["seating"] = json!({"venueId": venue, "prices": [{"category": "A", "priceOption": "Seat"}]});
    for (name, value) in more.as_object().unwrap() {
        body["seating"][name] = value.clone();
    }
    publish(shop, body).await
}

/// Asks for seats by name.
fn named(event: &Value, seats: &[&str]) -> Value {
    wish(event, "Seat", seats.len() as u64, &json!({"seats": seats}))
}

/// Asks for the best seats of a section.
fn best(event: &Value, quantity: u64, section: &str) -> Value {
    wish(event, "Seat", quantity, &json!({"bestAvailable": {"sections": [section]}}))
}

/// Asks for seats that are refused with some word, and returns what is said of it.
async fn refused(shop: &Shop, who: &Person, body: Value, word: &str) -> Value {
    let refused = ask(shop, who, body).await;
    refused.refused(409, word);
    refused.json()
}

#[tokio::test]
async fn what_is_kept_back_until_a_moment_is_everybodys_from_then_on() {
    let shop = Shop::open().await;
    let released = domain::event::later(shop.now(), KEPT);
    let kept = json!([{"channel": "friends", "parts": ["circle"], "releasedAt": released.to_string()}]);
    let event = house(&shop, &json!({"holdBacks": kept})).await;
    let (ana, ben, eve) = (shop.buyer().await, shop.buyer().await, shop.buyer().await);
    let through = |channel: &str| {
        let mut body = named(&event, &["circle/1/1"]);
        body["channel"] = json!(channel);
        body
    };

    let nobody_else = async |when: &str| {
        later(&shop);
        let told = refused(&shop, &ben, named(&event, &["circle/1/3", "stalls/1/1"]), "seat_not_offered").await;
        assert_eq!(told["seats"], json!(["circle/1/3"]), "{when}");
        refused(&shop, &ben, through("press"), "seat_not_offered").await;
        refused(&shop, &ben, best(&event, 1, "circle"), "sold_out").await;
    };
    nobody_else("at the beginning").await;
    let friend = order(&shop, &ana, through("friends")).await;
    assert_eq!(seats(&friend), ["circle/1/1"]);
    shop.pay(&ana, &text(&friend, "id")).await;
    let until = released.as_second() - shop.now().as_second();
    shop.pass(until - 4).await;
    nobody_else("in the last second").await;

    shop.pass(released.as_second() - shop.now().as_second()).await;
    let by_name = order(&shop, &ben, named(&event, &["circle/1/2"])).await;
    let by_choice = order(&shop, &eve, best(&event, 2, "circle")).await;
    assert_eq!(seats(&by_name), ["circle/1/2"]);
    assert_eq!(seats(&by_choice), ["circle/1/3", "circle/1/4"]);
    let told = refused(&shop, &eve, through("friends"), "seat_taken").await;
    assert_eq!(told["seats"], json!(["circle/1/1"]), "what a friend has bought is theirs");
    let counted = audit(&shop).await;
    assert_eq!((counted.sold, counted.held), (1, 3));
}

#[tokio::test]
async fn the_stricter_rule_leaves_nobody_alone_beside_an_aisle_either() {
    for (rule, beside_the_wall, beside_the_aisle) in
        [("between", None, None), ("edges", Some("stalls/1/1"), Some("stalls/2/5"))]
    {
        let shop = Shop::open().await;
        let event = house(&shop, &json!({"orphanRule": rule})).await;
        let who = shop.buyer().await;
        for (wanted, alone) in
            [(["stalls/1/2", "stalls/1/3"], beside_the_wall), (["stalls/2/3", "stalls/2/4"], beside_the_aisle)]
        {
            later(&shop);
            let Some(alone) = alone else {
                assert_eq!(seats(&order(&shop, &who, named(&event, &wanted)).await), wanted, "{rule}");
                continue;
            };
            let told = refused(&shop, &who, named(&event, &wanted), "seat_left_alone").await;
            assert_eq!(told["seats"], json!([alone]), "{rule}: {told}");
            assert_eq!(told["instead"].as_array().map(Vec::len), Some(2), "{rule}: {told}");
        }
        // Between two who sit there nobody is left by either rule.
        later(&shop);
        order(&shop, &who, named(&event, &["circle/1/1", "circle/1/2"])).await;
        later(&shop);
        let told = refused(&shop, &who, named(&event, &["circle/1/4"]), "seat_left_alone").await;
        assert_eq!(told["seats"], json!(["circle/1/3"]), "{rule}: {told}");
        audit(&shop).await;
    }
}

#[tokio::test]
async fn seats_for_wheelchairs_are_for_those_who_need_them_and_who_comes_along() {
    let shop = Shop::open().await;
    let event = house(&shop, &json!({})).await;
    let (ana, ben) = (shop.buyer().await, shop.buyer().await);
    for (seat, status) in [("box/1/1", 409), ("box/1/2", 409), ("box/1/3", 202)] {
        let told = ask(&shop, &ben, named(&event, &[seat])).await;
        assert_eq!(told.status, status, "{seat}: {told}");
        if status == 409 {
            told.refused(409, "seat_not_offered");
            let told = told.json();
            assert_eq!((&told["seats"], &told["reason"]), (&json!([seat]), &json!("accessible")), "{told}");
        }
    }
    shop.drained().await;
    later(&shop);
    // Four seats of the box are left, and none of them is for somebody without a wheelchair.
    ask(&shop, &ben, best(&event, 1, "box")).await.refused(409, "sold_out");

    let party = |mut body: Value, wheelchairs: u64| {
        body["wheelchairs"] = json!(wheelchairs);
        body
    };
    let pair = order(&shop, &ana, party(wish(&event, "Seat", 2, &json!({})), 1)).await;
    let pair = seats(&pair);
    let pairs = [["box/1/1", "box/1/2"], ["box/1/4", "box/1/5"]];
    let other = if pair == pairs[0] { pairs[1] } else { pairs[0] };
    assert!(pair == pairs[0] || pair == pairs[1], "in the whole house: {pair:?}");
    // Who names more of them than they need takes them from others; who says how many gets them.
    let (first, second) = (other[0], other[1]);
    later(&shop);
    let both = party(named(&event, &[first, second]), 1);
    assert_eq!(seats(&order(&shop, &ana, both).await), other);
    later(&shop);
    assert_eq!(
        ask(&shop, &ana, party(wish(&event, "Seat", 1, &json!({})), 1)).await.status,
        409,
        "no such seat is left"
    );
    let counted = audit(&shop).await;
    assert_eq!((counted.sold, counted.held), (0, 5));
}

#[tokio::test]
async fn what_was_held_before_another_seat_was_found_taken_is_free_at_once() {
    let shop = Shop::stepped().await;
    let event = house(&shop, &json!({})).await;
    let (ana, ben, eve) = (shop.buyer().await, shop.buyer().await, shop.buyer().await);
    order(&shop, &ana, named(&event, &["stalls/2/1", "stalls/2/2"])).await;
    let wanted = named(&event, &["stalls/1/1", "stalls/2/1"]);
    let told = refused(&shop, &ben, wanted, "seat_taken").await;
    assert_eq!(told["seats"], json!(["stalls/2/1"]), "only what somebody has: {told}");
    // No worker has done anything in between, and no time has passed.
    ask(&shop, &eve, named(&event, &["stalls/1/1"])).await.expect(202);
    shop.drained().await;
    let counted = audit(&shop).await;
    assert_eq!((counted.sold, counted.held), (0, 3));
}
