//! Stories that do not know where they run: in a program of their own, or, with `ONSALE_TEST_URL`, against whatever
//! answers there. `cargo xtask deployed-test` tells them to a stack in an emulator of AWS.
//!
//! They need a tenant `demo` with `publisher@demo.test`, `admin@demo.test` and `door@demo.test`, whose password is in
//! `ONSALE_TEST_PASSWORD`, and the payment sandbox.

mod place;

use serde_json::{Value, json};

use self::place::{PATIENCE, Place};
use crate::shop::{PRICE, text};

fn paid() -> Value {
    json!({"outcome": "paid"})
}

#[tokio::test]
pub(crate) async fn from_the_list_of_events_to_the_door() {
    let place = Place::open().await;
    let offer = place.publish(10, PRICE).await;
    let buyer = place.buyer().await;
    assert_eq!(place.get(&buyer, "/api/users/profile").await.data()["role"], "customer");
    let shown = place.look(&format!("/api/events/{}", offer.event)).await.data();
    assert_eq!(shown["priceOptions"][0]["price"], PRICE, "{shown}");
    let listed = place.look("/api/events?pageSize=100").await.data();
    assert!(listed["items"].as_array().unwrap().iter().any(|event| event["id"] == offer.event), "{listed}");

    let sold = place.sale(&buyer, &offer, 2).await;
    assert_eq!((&sold["totalAmount"], &sold["payMethod"]), (&json!(2 * PRICE), &json!("sandbox")), "{sold}");
    let tickets = sold["tickets"].as_array().unwrap();
    assert_eq!(tickets.len(), 2);
    assert_eq!(place.get(&buyer, "/api/tickets").await.data()["total"], 2);
    let id = text(&tickets[0], "id");
    let png = place.get(&buyer, &format!("/api/tickets/{id}/qr.png")).await;
    assert_eq!((png.status, png.header("content-type"), &png.body[..4]), (200, "image/png", &b"\x89PNG"[..]));
    let svg = place.get(&buyer, &format!("/api/tickets/{id}/qr.svg")).await;
    assert_eq!((svg.status, svg.header("content-type")), (200, "image/svg+xml"), "{svg}");
    let ticket = place.get(&buyer, &format!("/api/tickets/{id}")).await.data();
    let linked = place.look(&text(&ticket, "qrUrl")).await;
    assert_eq!((linked.status, &linked.body[..]), (200, &png.body[..]), "the link needs no login and shows the same");

    let code = text(&ticket, "qrCode");
    assert_eq!(place.scan(&code, "first").await.data()["result"], "admitted");
    assert!(place.scan(&code, "second").await.refused(409, "already_used")["usedAt"].is_string());
    let counts = format!("/api/door/sessions/{}/counts?eventId={}", offer.session, offer.event);
    place
        .until_some("one who was let in", PATIENCE, async || {
            (place.get(&place.door, &counts).await.data()["admitted"] == 1).then_some(())
        })
        .await;
}

#[tokio::test]
pub(crate) async fn whoever_logs_out_is_out() {
    let place = Place::open().await;
    let buyer = place.buyer().await;
    place.ask(Some(&buyer), "POST", "/api/auth/logout", &json!({})).await.expect(200);
    // Other processes believe a session for two seconds.
    place
        .until_some("the end of a session", PATIENCE, async || {
            (place.get(&buyer, "/api/users/profile").await.status == 401).then_some(())
        })
        .await;
}

#[tokio::test]
pub(crate) async fn what_is_sold_out_comes_back_with_a_cancelled_order() {
    let place = Place::open().await;
    let offer = place.publish(4, PRICE).await;
    let (first, second) = (place.buyer().await, place.buyer().await);
    let order = place.hold(&first, &offer, 4).await;
    place.try_buy(&second, &offer, 1).await.refused(409, "sold_out");
    let path = format!("/api/orders/{order}/cancel");
    for _ in 0..2 {
        let cancelled = place.ask(Some(&first), "PUT", &path, &Value::Null).await.data();
        assert_eq!(cancelled["status"], "cancelled", "cancelling again changes nothing");
    }
    place
        .until_some("stock that came back", PATIENCE, async || {
            (place.try_buy(&second, &offer, 4).await.status == 202).then_some(())
        })
        .await;
}

#[tokio::test]
pub(crate) async fn a_webhook_that_comes_twice_sells_once() {
    let place = Place::open().await;
    let offer = place.publish(3, PRICE).await;
    let buyer = place.buyer().await;
    let order = place.hold(&buyer, &offer, 2).await;
    let payment = place.begin(&buyer, &order).await;
    let twice = json!({"outcome": "paid", "times": 2});
    place.complete(&buyer, &payment, &twice).await.expect(200);
    let sold = place.until(&buyer, &order, "ticketed").await;
    assert_eq!(sold["tickets"].as_array().unwrap().len(), 2);
    place.complete(&buyer, &payment, &paid()).await;
    let payments = place.get(&buyer, &format!("/api/payments?orderId={order}")).await.data();
    assert_eq!(payments["items"].as_array().map(Vec::len), Some(1), "{payments}");
    assert_eq!(place.get(&buyer, "/api/tickets").await.data()["total"], 2);
}

#[tokio::test]
pub(crate) async fn a_refund_gives_the_money_back_and_closes_the_door() {
    let place = Place::open().await;
    let offer = place.publish(2, PRICE).await;
    let buyer = place.buyer().await;
    let sold = place.sale(&buyer, &offer, 2).await;
    let order = text(&sold, "id");
    let asked = place.create(&buyer, "/api/payments/refund", &json!({"orderId": order, "reason": "ill"})).await;
    let refund = text(&asked.expect(202), "id");
    place.until(&buyer, &order, "refunded").await;
    assert_eq!(place.get(&buyer, &format!("/api/refunds/{refund}")).await.data()["status"], "done");
    place.scan(&text(&sold["tickets"][0], "qrCode"), "r").await.refused(409, "void");
    // What was given back is sold again.
    place
        .until_some("stock that came back", PATIENCE, async || {
            (place.try_buy(&buyer, &offer, 2).await.status == 202).then_some(())
        })
        .await;
}

#[tokio::test]
pub(crate) async fn an_order_is_its_buyers_alone() {
    let place = Place::open().await;
    let offer = place.publish(3, PRICE).await;
    let (buyer, other) = (place.buyer().await, place.buyer().await);
    let order = place.hold(&buyer, &offer, 1).await;
    let path = format!("/api/orders/{order}");
    place.get(&other, &path).await.refused(404, "not_found");
    place.look(&path).await.refused(401, "unauthenticated");
    place.ask(Some(&other), "PUT", &format!("{path}/cancel"), &Value::Null).await.refused(404, "not_found");
    place.create(&other, "/api/payments/sandbox", &json!({"orderId": order})).await.refused(404, "not_found");
    place.get(&other, "/api/admin/events").await.refused(403, "forbidden");
    let stranger = json!({"tenantId": "nobody", "username": "admin@demo.test", "password": "demo-password-1"});
    let refused = place.ask(None, "POST", "/api/admin/auth/login", &stranger).await;
    assert!((400..500).contains(&refused.status), "{refused}");
    // A token is good for its own tenant alone.
    let elsewhere = place.get(&buyer, "/api/events?tenantId=nobody").await;
    assert!((400..500).contains(&elsewhere.status), "{elsewhere}");
}

#[tokio::test]
pub(crate) async fn the_same_key_is_the_same_order() {
    let place = Place::open().await;
    let offer = place.publish(10, PRICE).await;
    let buyer = place.buyer().await;
    let first = place.create_as(&buyer, "/api/orders", "the-one", &offer.order(2)).await.expect(202);
    let again = place.create_as(&buyer, "/api/orders", "the-one", &offer.order(2)).await.data();
    assert_eq!(first["id"], again["id"]);
    let more = place.create_as(&buyer, "/api/orders", "the-one", &offer.order(3)).await;
    more.refused(409, "idempotency_conflict");
}

#[tokio::test]
pub(crate) async fn a_hold_that_ends_gives_its_tickets_back() {
    let place = Place::open().await;
    let offer = place.publish(4, PRICE).await;
    let (first, second) = (place.buyer().await, place.buyer().await);
    let order = place.hold(&first, &offer, 4).await;
    place.until_held_no_longer(&first, &order).await;
    place
        .until_some("stock that came back", PATIENCE, async || {
            (place.try_buy(&second, &offer, 4).await.status == 202).then_some(())
        })
        .await;
}

#[tokio::test]
pub(crate) async fn a_token_ends_after_a_quarter_of_an_hour() {
    let place = Place::open().await;
    let Some(shop) = place.with_clock("a token ends after a quarter of an hour") else { return };
    let buyer = place.buyer().await;
    place.get(&buyer, "/api/users/profile").await.expect(200);
    shop.clock.advance(15 * 60 + 1);
    place.get(&buyer, "/api/users/profile").await.refused(401, "unauthenticated");
}
