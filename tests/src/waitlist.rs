//! Waiting for what is sold out: who waited longest is served first, wholly, before anybody who did not wait, and money that
//! was not needed goes back.

pub(crate) mod rules;

use domain::waitlist::Phase;
use serde_json::{Value, json};

use crate::{
    audit::{audit, pool},
    client::Answer,
    rail::{DAY, open, opening, railway, search},
    sale::HOLD,
    shop::{Draft, Offer, PRICE, Person, Shop, Wares, text, tickets},
    venues,
};

/// The body of a request for any of some offers.
pub(crate) fn wish(offers: &[&Offer], quantity: u8) -> Value {
    let alternatives = offers
        .iter()
        .map(|offer| json!({"eventId": offer.event, "sessionId": offer.session, "priceOptionId": offer.option}));
    json!({
        "alternatives": alternatives.collect::<Vec<_>>(), "quantity": quantity,
        "userInfo": {"name": "Wang Fang", "phone": "13800138000"},
    })
}

async fn ask(shop: &Shop, who: &Person, body: Value) -> Answer {
    shop.create(who, "/api/waitlist", body).await
}

/// Waits for something and pays; the request's id.
async fn wait_for(shop: &Shop, who: &Person, body: Value) -> String {
    let asked = ask(shop, who, body).await;
    let request = asked.expect(202);
    assert_eq!(request["status"], "unpaid", "{asked}");
    let id = text(&request, "id");
    assert_eq!(asked.header("location"), format!("/api/waitlist/{id}"));
    shop.pay(who, &id).await;
    // Whoever pays in the same moment is not behind.
    shop.clock.advance(1);
    id
}

/// Waits for any of some offers, paid.
pub(crate) async fn in_line(shop: &Shop, who: &Person, offers: &[&Offer], quantity: u8) -> String {
    wait_for(shop, who, wish(offers, quantity)).await
}

/// The same, for so many seconds from now on.
pub(crate) async fn in_line_for(shop: &Shop, who: &Person, offer: &Offer, quantity: u8, seconds: i64) -> String {
    let mut body = wish(&[offer], quantity);
    body["until"] = json!(domain::event::later(shop.now(), seconds).to_string());
    wait_for(shop, who, body).await
}

/// A request as whoever made it sees it.
pub(crate) async fn see(shop: &Shop, who: &Person, id: &str) -> Value {
    shop.get(who, &format!("/api/waitlist/{id}")).await.expect(200)
}

async fn status(shop: &Shop, who: &Person, id: &str) -> String {
    text(&see(shop, who, id).await, "status")
}

/// The order that serves a request, with its tickets.
async fn served(shop: &Shop, who: &Person, id: &str) -> Value {
    let request = see(shop, who, id).await;
    assert_eq!(request["status"], "served", "{request}");
    shop.until(who, &text(&request, "orderId"), "ticketed").await
}

async fn cancel(shop: &Shop, who: &Person, order: &str) {
    shop.call(who, "PUT", &format!("/api/orders/{order}/cancel"), Value::Null).await.expect(200);
    shop.drained().await;
}

async fn leave(shop: &Shop, who: &Person, id: &str) -> Answer {
    shop.call(who, "PUT", &format!("/api/waitlist/{id}/cancel"), Value::Null).await
}

#[tokio::test]
pub(crate) async fn who_waits_longest_is_served_first_and_wholly() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(4)).await;
    let (ana, ben) = (shop.buyer().await, shop.buyer().await);
    let three = shop.hold(&ana, &offer, 3).await;
    let one = shop.hold(&ben, &offer, 1).await;
    let (couple, single, late) = (shop.buyer().await, shop.buyer().await, shop.buyer().await);
    let pair = in_line(&shop, &couple, &[&offer], 2).await;
    let first = in_line(&shop, &single, &[&offer], 1).await;
    let second = in_line(&shop, &late, &[&offer], 1).await;
    shop.try_buy(&shop.buyer().await, &offer, 1).await.refused(409, "sold_out");

    // One is too little for two: they are passed over, and whoever is next is served.
    cancel(&shop, &ben, &one).await;
    let order = served(&shop, &single, &first).await;
    assert_eq!((&order["quantity"], &order["totalAmount"]), (&json!(1), &json!(PRICE)));
    assert_eq!(order["tickets"].as_array().map(Vec::len), Some(1), "{order}");
    assert_eq!(
        (status(&shop, &couple, &pair).await, status(&shop, &late, &second).await),
        ("waiting".into(), "waiting".into())
    );

    // Three are enough for both.
    cancel(&shop, &ana, &three).await;
    served(&shop, &couple, &pair).await;
    served(&shop, &late, &second).await;
    let listed = shop.get(&couple, "/api/waitlist").await.data();
    assert_eq!((&listed["total"], &listed["items"][0]["id"]), (&json!(1), &json!(pair)));
    let orders = shop.get(&couple, "/api/orders").await.data();
    assert_eq!(orders["total"], 1, "a deposit is no order: {orders}");
    let counted = audit(&shop).await;
    assert_eq!((counted.sold, counted.held, counted.tickets), (4, 0, 4));
    assert_eq!((counted.taken, counted.returned), (4 * PRICE, 0));
}

#[tokio::test]
pub(crate) async fn nobody_who_did_not_wait_is_served_before() {
    let shop = Shop::stepped().await;
    let offer = shop.publish(tickets(4)).await;
    let (ana, ben, eve) = (shop.buyer().await, shop.buyer().await, shop.buyer().await);
    let three = shop.hold(&ana, &offer, 3).await;
    let one = shop.hold(&ben, &offer, 1).await;
    let couple = shop.buyer().await;
    let pair = in_line(&shop, &couple, &[&offer], 2).await;
    // What nobody in line can use is sold to whoever comes.
    cancel(&shop, &ben, &one).await;
    shop.pass(2).await;
    let taken = shop.hold(&eve, &offer, 1).await;
    shop.pay(&eve, &taken).await;
    // What they can use is not, from the moment at which it is there.
    shop.call(&ana, "PUT", &format!("/api/orders/{three}/cancel"), Value::Null).await.expect(200);
    let ended = shop.stored(&three).await;
    shop.store().release(&ended, shop.now()).await.unwrap();
    assert_eq!(pool(&shop, &offer).await.0, 3);
    shop.try_buy(&eve, &offer, 1).await.refused(409, "sold_out");
    shop.drained().await;
    served(&shop, &couple, &pair).await;
    // Nobody waits any more: what is left is everybody's.
    shop.pass(2).await;
    shop.hold(&eve, &offer, 1).await;
    let counted = audit(&shop).await;
    assert_eq!((counted.free, counted.sold, counted.held), (0, 3, 1));
}

#[tokio::test]
pub(crate) async fn who_leaves_or_waits_in_vain_has_the_money_back() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(2)).await;
    let holder = shop.buyer().await;
    shop.sale(&holder, &offer, 2).await;
    let (ana, ben, eve) = (shop.buyer().await, shop.buyer().await, shop.buyer().await);
    let leaving = in_line(&shop, &ana, &[&offer], 2).await;
    let expiring = in_line_for(&shop, &ben, &offer, 1, 3_600).await;

    // A deposit is nobody's order, and another's request is nobody's.
    let refund = json!({"orderId": leaving, "reason": "ill"});
    shop.create(&ana, "/api/payments/refund", refund).await.refused(404, "not_found");
    shop.get(&ana, &format!("/api/orders/{leaving}")).await.refused(404, "not_found");
    shop.get(&eve, &format!("/api/waitlist/{leaving}")).await.refused(404, "not_found");
    leave(&shop, &eve, &leaving).await.refused(404, "not_found");

    assert_eq!(leave(&shop, &ana, &leaving).await.expect(200)["status"], "cancelled");
    shop.drained().await;
    assert_eq!(leave(&shop, &ana, &leaving).await.expect(200)["status"], "cancelled", "again");
    shop.pass(3_601).await;
    shop.tick().await;
    assert_eq!(status(&shop, &ben, &expiring).await, "expired");
    leave(&shop, &ben, &expiring).await.refused(409, "wrong_state");

    // One who never pays was never in line; one who pays after leaving has the money back.
    let unpaid = text(&ask(&shop, &eve, wish(&[&offer], 1)).await.expect(202), "id");
    let payment = shop.begin(&eve, &unpaid).await;
    assert_eq!(leave(&shop, &eve, &unpaid).await.expect(200)["status"], "cancelled");
    shop.complete(&eve, &payment, json!({"outcome": "paid"})).await;
    let late = text(&ask(&shop, &eve, wish(&[&offer], 1)).await.expect(202), "id");
    shop.pass(HOLD + 60).await;
    assert_eq!(status(&shop, &eve, &late).await, "expired");
    let counted = audit(&shop).await;
    assert_eq!((counted.taken - counted.returned, counted.sold), (2 * PRICE, 2));
    assert!(counted.returned >= 3 * PRICE, "{counted:?}");
}

#[tokio::test]
pub(crate) async fn what_is_cheaper_serves_too_and_the_rest_goes_back() {
    let shop = Shop::open().await;
    let mut body = shop.event(&tickets(2));
    let gallery = json!({"name": "Gallery", "price": 5_000, "totalCount": 2});
    body["priceOptions"].as_array_mut().unwrap().push(gallery);
    let event = venues::publish(&shop, body).await;
    let offer = |place: usize| Offer {
        event: text(&event, "id"),
        session: text(&event["sessions"][0], "id"),
        option: text(&event["priceOptions"][place], "id"),
        wares: Wares::Tickets,
    };
    let (dear, cheap) = (offer(0), offer(1));
    let (holder, who) = (shop.buyer().await, shop.buyer().await);
    shop.sale(&holder, &dear, 2).await;
    let held = shop.hold(&holder, &cheap, 2).await;
    let id = in_line(&shop, &who, &[&dear, &cheap], 2).await;
    assert_eq!(see(&shop, &who, &id).await["amount"], 2 * PRICE);
    cancel(&shop, &holder, &held).await;
    let order = served(&shop, &who, &id).await;
    assert_eq!((&order["totalAmount"], &order["priceOptionId"]), (&json!(10_000), &json!(cheap.option)));
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned), (4 * PRICE, 2 * PRICE - 10_000));

    // The order is refunded like any other, for what it cost.
    let refund = json!({"orderId": order["id"], "reason": "ill"});
    let asked = shop.create(&who, "/api/payments/refund", refund).await.expect(202);
    let path = format!("/api/admin/orders/{}/refund", text(&order, "id"));
    let decide = json!({"refundId": asked["id"], "approve": true, "reason": "ok"});
    shop.call(&shop.admin, "PUT", &path, decide).await.expect(200);
    shop.until(&who, &text(&order, "id"), "refunded").await;
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned), (4 * PRICE, 2 * PRICE));
}

#[tokio::test]
pub(crate) async fn whoever_was_being_served_when_a_worker_died_waits_at_the_old_place() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(1)).await;
    let (holder, first, second) = (shop.buyer().await, shop.buyer().await, shop.buyer().await);
    let held = shop.hold(&holder, &offer, 1).await;
    let (one, two) = (in_line(&shop, &first, &[&offer], 1).await, in_line(&shop, &second, &[&offer], 1).await);
    // A worker named an order and died.
    let store = shop.store();
    let waiting = store.waitlist().find(one.parse().unwrap()).await.unwrap().unwrap();
    let named = shop.app().keys.order_id(&shop.tenant, first.identity.user, shop.now(), [7; 4]);
    let begun = waiting.with(waiting.request.clone().begin(named, shop.now()).unwrap());
    assert!(store.waitlist().put(&begun).await.unwrap());
    leave(&shop, &first, &one).await.refused(409, "busy");
    // Nobody is served past them, whatever comes back meanwhile.
    cancel(&shop, &holder, &held).await;
    assert_eq!(status(&shop, &second, &two).await, "waiting");
    shop.pass(60).await;
    shop.tick().await;
    shop.drained().await;
    let order = served(&shop, &first, &one).await;
    assert_ne!(order["id"], json!(named.to_string()), "the order that was named is buried");
    assert_eq!(status(&shop, &second, &two).await, "waiting");
    let request = store.waitlist().find(one.parse().unwrap()).await.unwrap().unwrap().request;
    assert!(matches!(request.phase, Phase::Served { .. }));
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn who_waits_for_a_train_travels_with_their_names() {
    let shop = railway().await;
    open(&shop, opening(DAY, DAY)).await;
    let found = search(&shop, "haicheng", "shanyangbei", &format!("date={DAY}")).await;
    let run = found["items"].as_array().unwrap().iter().find(|item| item["train"] == "G1").unwrap().clone();
    let passenger = |number: u64| json!({"name": format!("乘客{number}"), "idType": "idCard", "idNo": format!("11010119900307{number:04}")});
    let contact = json!({"name": "Wang Fang", "phone": "13800138000"});
    let ride = |from: &str, to: &str| json!({"runId": run["runId"], "from": from, "to": to, "class": "first"});
    let (holder, couple, single) = (shop.buyer().await, shop.buyer().await, shop.buyer().await);
    let mut held = Vec::new();
    for number in 0..8 {
        let mut body = ride("HCA", "SYB");
        body["quantity"] = json!(1);
        body["passengers"] = json!([passenger(number)]);
        body["userInfo"] = contact.clone();
        let placed = shop.create(&holder, "/api/orders", body).await.expect(202);
        shop.drained().await;
        held.push(text(&placed, "id"));
    }
    let request = |alternatives: Value, numbers: &[u64]| {
        let passengers: Vec<Value> = numbers.iter().map(|number| passenger(*number)).collect();
        json!({"alternatives": alternatives, "quantity": numbers.len(), "passengers": passengers, "userInfo": contact})
    };
    let both = wait_for(&shop, &couple, request(json!([ride("HCA", "SYB"), ride("HCA", "LKA")]), &[21, 22])).await;
    let mut alone = request(json!([ride("LKA", "SYB")]), &[23]);
    alone["passengers"][0]["kind"] = json!("student");
    let one = wait_for(&shop, &single, alone).await;

    cancel(&shop, &holder, &held[0]).await;
    let order = served(&shop, &single, &one).await;
    assert_eq!((&order["from"], &order["to"]), (&json!("LKA"), &json!("SYB")), "{order}");
    assert_eq!(status(&shop, &couple, &both).await, "waiting");
    cancel(&shop, &holder, &held[1]).await;
    // One seat all the way and the first half of another: the second best serves both.
    let order = served(&shop, &couple, &both).await;
    assert_eq!(
        (&order["from"], &order["to"], &order["quantity"]),
        (&json!("HCA"), &json!("LKA"), &json!(2)),
        "{order}"
    );
    assert_eq!(order["seats"].as_array().map(Vec::len), Some(2));
    let counted = audit(&shop).await;
    assert!(counted.returned > 0, "the way all through is dearer: {counted:?}");
}

#[tokio::test]
pub(crate) async fn nonsense_about_waiting_names_its_fields() {
    let shop = Shop::open().await;
    let offers = shop.publish_all(Draft { sessions: 2, ..tickets(2) }).await;
    let who = shop.buyer().await;
    let good = || wish(&[&offers[0], &offers[1]], 2);
    let with = |field: &str, value: Value| {
        let mut body = good();
        body[field] = value;
        body
    };
    let mut twice = good();
    twice["alternatives"][1] = twice["alternatives"][0].clone();
    let mut without = good();
    without["alternatives"][1]["priceOptionId"] = Value::Null;
    let mut mixed = good();
    mixed["alternatives"][1]["class"] = json!("first");
    for (body, field) in [
        (with("alternatives", json!([])), "alternatives"),
        (with("quantity", json!(11)), "quantity"),
        (with("until", json!("2026-01-01T00:00:00Z")), "until"),
        (with("passengers", json!([])), "passengers"),
        (twice, "alternatives"),
        (without, "alternatives[1].priceOptionId"),
        (mixed, "alternatives[1].class"),
    ] {
        let refused = ask(&shop, &who, body.clone()).await;
        refused.refused(400, "validation_failed");
        let fields: Vec<String> =
            refused.json()["details"].as_array().unwrap().iter().map(|detail| text(detail, "field")).collect();
        assert!(fields.iter().any(|named| named == field), "{field} is not in {fields:?}: {refused}");
    }
    // The same key is the same request.
    let key = [("idempotency-key", "waiting")];
    let first = shop.call_with(&who, "POST", "/api/waitlist", &key, good()).await.expect(202);
    let again = shop.call_with(&who, "POST", "/api/waitlist", &key, good()).await.expect(202);
    assert_eq!((&first["id"], &first["alternatives"]), (&again["id"], &again["alternatives"]));
    assert_eq!(shop.get(&who, "/api/waitlist").await.data()["total"], 1);
    audit(&shop).await;
}
