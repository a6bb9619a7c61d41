//! A theatre: seats by name and the best ones, held, paid, printed on tickets, and given back.

mod house;

use serde_json::{Value, json};

use crate::{
    audit::audit,
    client::Answer,
    shop::{PRICE, Person, Shop, text},
    venues::{event, publish, states, venue},
};

/// Asks for seats of the event's option of that name.
pub(crate) fn wish(event: &Value, option: &str, quantity: u64, more: &Value) -> Value {
    let options = event["priceOptions"].as_array().unwrap();
    let option = options.iter().find(|one| one["name"] == option).unwrap();
    let mut body = json!({
        "eventId": event["id"], "priceOptionId": option["id"], "quantity": quantity,
        "userInfo": {"name": "Wang Fang", "phone": "13800138000"},
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

pub(crate) async fn ask(shop: &Shop, who: &Person, body: Value) -> Answer {
    shop.create(who, "/api/orders", body).await
}

/// Places an order that has to be accepted, and returns it as it is written.
pub(crate) async fn order(shop: &Shop, who: &Person, body: Value) -> Value {
    let placed = ask(shop, who, body).await.expect(202);
    shop.drained().await;
    shop.get(who, &format!("/api/orders/{}", text(&placed, "id"))).await.expect(200)
}

pub(crate) fn seats(order: &Value) -> Vec<String> {
    order["seats"].as_array().unwrap().iter().map(|seat| seat.as_str().unwrap().to_owned()).collect()
}

/// Lets what a process has seen of a session grow old.
fn later(shop: &Shop) {
    shop.clock.advance(3);
}

#[tokio::test]
pub(crate) async fn seats_by_name_are_held_paid_printed_and_given_back() {
    let shop = Shop::open().await;
    let hall = venue(&shop).await;
    let event = publish(&shop, event(&shop, &hall)).await;
    let (ana, ben) = (shop.buyer().await, shop.buyer().await);
    let named = |seats: Value| json!({"seats": seats});

    let held = order(&shop, &ana, wish(&event, "Rear", 2, &named(json!(["stalls/2/6", "stalls/2/7"])))).await;
    assert_eq!(
        (seats(&held), &held["totalAmount"]),
        (vec!["stalls/2/6".into(), "stalls/2/7".into()], &json!(2 * PRICE))
    );
    let refused = ask(&shop, &ben, wish(&event, "Rear", 1, &named(json!(["stalls/2/7"])))).await;
    assert_eq!((refused.status, &refused.json()["error"]), (409, &json!("seat_taken")), "{refused}");
    assert_eq!(refused.json()["seats"], json!(["stalls/2/7"]));

    shop.pay(&ana, &text(&held, "id")).await;
    let sold = shop.get(&ana, &format!("/api/orders/{}", text(&held, "id"))).await.data();
    let printed: Vec<&Value> = sold["tickets"].as_array().unwrap().iter().map(|ticket| &ticket["seatNo"]).collect();
    assert_eq!(printed, [&json!("stalls/2/6"), &json!("stalls/2/7")], "{sold}");

    // One of the two goes back: its seat can be had, the other one cannot.
    let refund = json!({"orderId": held["id"], "ticketIds": [sold["tickets"][1]["id"]], "reason": "ill"});
    let refund = shop.create(&ana, "/api/payments/refund", refund).await.expect(202);
    let decide = json!({"refundId": refund["id"], "approve": true, "reason": "ok"});
    let path = format!("/api/admin/orders/{}/refund", text(&held, "id"));
    shop.call(&shop.admin, "PUT", &path, decide).await.expect(200);
    shop.drained().await;
    ask(&shop, &ben, wish(&event, "Rear", 1, &named(json!(["stalls/2/6"])))).await.refused(409, "seat_taken");
    let again = order(&shop, &ben, wish(&event, "Rear", 1, &named(json!(["stalls/2/7"])))).await;
    assert_eq!(seats(&again), ["stalls/2/7"]);
    shop.pay(&ben, &text(&again, "id")).await;
    let counted = audit(&shop).await;
    assert_eq!((counted.sold, counted.held, counted.tickets), (2, 0, 2));
}

#[tokio::test]
pub(crate) async fn the_best_seats_are_neighbours_and_leave_nobody_alone() {
    let shop = Shop::open().await;
    let hall = venue(&shop).await;
    let event = publish(&shop, event(&shop, &hall)).await;
    let who = shop.buyer().await;
    // The front row has five, an aisle and five: parties of two sit together, and no seat is left between them.
    let mut taken = Vec::new();
    for _ in 0..5 {
        later(&shop);
        let best = order(&shop, &who, wish(&event, "Front", 2, &json!({}))).await;
        let two = seats(&best);
        let number = |seat: &String| seat.rsplit('/').next().unwrap().parse::<u64>().unwrap();
        assert!(two.iter().all(|seat| seat.starts_with("stalls/1/")), "{best}");
        let is_pair = number(&two[1]) == number(&two[0]) + 1 && number(&two[0]) != 5;
        assert!(is_pair || taken.len() == 8, "{two:?} after {taken:?}");
        taken.extend(two);
    }
    taken.sort();
    taken.dedup();
    assert_eq!(taken.len(), 10, "every seat once");
    later(&shop);
    ask(&shop, &who, wish(&event, "Front", 1, &json!({}))).await.refused(409, "sold_out");
    let few = order(&shop, &who, wish(&event, "Rear", 9, &json!({"bestAvailable": {"sections": ["stalls"]}}))).await;
    assert!(seats(&few).iter().all(|seat| seat.starts_with("stalls/2/")), "{few}");
    later(&shop);
    let refused = ask(&shop, &who, wish(&event, "Rear", 2, &json!({"bestAvailable": {"sections": ["stalls"]}}))).await;
    refused.refused(409, "too_few_left");
    assert_eq!(refused.json()["remaining"], 1, "{refused}");
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn nobody_leaves_a_single_seat_that_need_not_be_left() {
    let shop = Shop::open().await;
    let hall = venue(&shop).await;
    let event = publish(&shop, event(&shop, &hall)).await;
    let who = shop.buyer().await;
    let named = |seats: &[&str]| wish(&event, "Rear", seats.len() as u64, &json!({"seats": seats}));
    order(&shop, &who, named(&["stalls/2/6", "stalls/2/7"])).await;
    // Seat 8 would stand alone between 7 and 9.
    let refused = ask(&shop, &who, named(&["stalls/2/9", "stalls/2/10"])).await;
    refused.refused(409, "seat_left_alone");
    assert_eq!(refused.json()["seats"], json!(["stalls/2/8"]), "{refused}");
    assert_eq!(refused.json()["instead"].as_array().unwrap().len(), 2, "{refused}");
    // What was held for a moment is free again, and what leaves nobody alone is sold.
    shop.drained().await;
    order(&shop, &who, named(&["stalls/2/8", "stalls/2/9"])).await;
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn seats_that_are_kept_back_are_for_those_who_come_that_way() {
    let shop = Shop::open().await;
    let hall = venue(&shop).await;
    let event = publish(&shop, event(&shop, &hall)).await;
    let who = shop.buyer().await;
    let named = |more: Value| {
        let mut body = json!({"seats": ["circle/1/1", "circle/1/2"]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        wish(&event, "Rear", 2, &body)
    };
    let refused = ask(&shop, &who, named(json!({}))).await;
    refused.refused(409, "seat_not_offered");
    assert_eq!(refused.json()["seats"], json!(["circle/1/1", "circle/1/2"]));
    ask(&shop, &who, named(json!({"channel": "press"}))).await.refused(409, "seat_not_offered");
    order(&shop, &who, named(json!({"channel": "sponsor"}))).await;
    // Seats of another price are not sold at this one.
    let dear = wish(&event, "Rear", 1, &json!({"seats": ["stalls/1/1"]}));
    ask(&shop, &who, dear).await.refused(409, "seat_not_offered");
}

#[tokio::test]
pub(crate) async fn nonsense_about_seats_names_its_fields() {
    let shop = Shop::open().await;
    let hall = venue(&shop).await;
    let event = publish(&shop, event(&shop, &hall)).await;
    let who = shop.buyer().await;
    for (option, quantity, more, field) in [
        ("Rear", 2, json!({"seats": ["stalls/2/6"]}), "seats"),
        ("Rear", 2, json!({"seats": ["stalls/2/6", "stalls/2/99"]}), "seats[1]"),
        ("Rear", 2, json!({"seats": ["stalls/2/6", "stalls/2/6"]}), "seats[1]"),
        ("Rear", 1, json!({"seats": ["stalls/2/6"], "bestAvailable": {"sections": ["stalls"]}}), "bestAvailable"),
        ("Rear", 1, json!({"bestAvailable": {"sections": ["cellar"]}}), "bestAvailable.sections"),
        ("Rear", 1, json!({"wheelchairs": 2}), "wheelchairs"),
        ("Rear", 1, json!({"class": "second"}), "class"),
        ("Standing", 1, json!({"seats": ["stalls/2/6"]}), "seats"),
    ] {
        let refused = ask(&shop, &who, wish(&event, option, quantity, &more)).await;
        refused.refused(400, "validation_failed");
        assert_eq!(refused.json()["details"][0]["field"], field, "{more} {refused}");
    }
    let (seen, _) = states(&shop, &event).await;
    assert_eq!(seen.len(), 26);
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn seats_of_a_hold_that_ended_are_had_by_the_next() {
    let shop = Shop::open().await;
    let hall = venue(&shop).await;
    let event = publish(&shop, event(&shop, &hall)).await;
    let (ana, ben) = (shop.buyer().await, shop.buyer().await);
    let named = wish(&event, "Rear", 2, &json!({"seats": ["stalls/2/1", "stalls/2/2"]}));
    let late = order(&shop, &ana, named.clone()).await;
    shop.clock.advance(16 * 60);
    // Nothing has been told that the hold is over: the next buyer settles it.
    let next = order(&shop, &ben, named).await;
    shop.pay(&ben, &text(&next, "id")).await;
    let expired = shop.get(&ana, &format!("/api/orders/{}", text(&late, "id"))).await.data();
    assert_eq!(expired["status"], "expired");
    let counted = audit(&shop).await;
    assert_eq!((counted.sold, counted.held), (2, 0));
}
