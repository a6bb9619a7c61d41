//! Buyers meet stock: the whole sale, the last ticket, holds that end, and requests that are repeated.

use serde_json::{Value, json};

use crate::{
    audit::{audit, pool},
    shop::{Draft, PRICE, START, Shop, TO_SESSION, fresh_key, text, tickets},
};

/// How long a hold lasts where the tenant says nothing, and a moment more.
pub(crate) const HOLD: i64 = 15 * 60 + 2;

#[tokio::test]
pub(crate) async fn from_the_list_of_events_to_the_door() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(10)).await;
    let who = json!({"tenantId": "demo", "email": "ana@demo.test", "password": "demo-password-1", "nickname": "Ana"});
    let headers = [("content-type", "application/json")];
    let account = shop.web.send("POST", "/api/auth/register", &headers, who.to_string()).await.expect(201);
    let bearer = format!("Bearer {}", text(&account, "token"));
    let ana = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let get = async |path: &str| shop.web.send("GET", path, &ana, "").await;

    let listed = shop.look("/api/events").await.data();
    assert_eq!((&listed["items"][0]["id"], &listed["total"]), (&json!(offer.event), &json!(1)), "{listed}");
    assert_eq!(listed["items"][0]["status"], "onSale");
    let shown = shop.look(&format!("/api/events/{}", offer.event)).await.data();
    assert_eq!(shown["priceOptions"][0]["id"], offer.option);
    assert_eq!(shown["priceOptions"][0]["price"], PRICE);

    let key = fresh_key();
    let with_key = [ana[0], ana[1], ("idempotency-key", key.as_str())];
    let placed = shop.web.send("POST", "/api/orders", &with_key, offer.order(2).to_string()).await;
    let order = placed.expect(202);
    let id = text(&order, "id");
    assert_eq!(placed.header("location"), format!("/api/orders/{id}"));
    assert_eq!(
        (&order["status"], &order["totalAmount"], &order["currency"]),
        (&json!("pending"), &json!(2 * PRICE), &json!("CNY"))
    );
    shop.drained().await;
    let written = get(&format!("/api/orders/{id}")).await.expect(200);
    assert_eq!((&written["quantity"], &written["userName"]), (&json!(2), &json!("Wang Fang")));

    let with_key = [ana[0], ana[1], ("idempotency-key", "pay-1")];
    let begun =
        shop.web.send("POST", "/api/payments/sandbox", &with_key, json!({"orderId": id}).to_string()).await.data();
    assert!(text(&begun, "payUrl").starts_with("http"), "{begun}");
    let complete = format!("/api/payments/sandbox/{}/complete", text(&begun, "paymentId"));
    let paid = json!({"outcome": "paid"}).to_string();
    // Whoever waits is told of the change when it happens, not when the time is up.
    let wait = format!("/api/orders/{id}?wait=10");
    let (waited, done) = futures_util::future::join(get(&wait), shop.web.send("POST", &complete, &ana, paid)).await;
    done.expect(200);
    assert_ne!(waited.expect(200)["status"], "pending", "{waited}");
    shop.drained().await;
    let sold = get(&format!("/api/orders/{id}")).await.expect(200);
    assert_eq!((&sold["status"], &sold["payMethod"]), (&json!("ticketed"), &json!("sandbox")), "{sold}");
    assert_eq!(sold["tickets"].as_array().unwrap().len(), 2);

    let mine = get("/api/tickets").await.data();
    assert_eq!(mine["total"], 2, "{mine}");
    let ticket = get(&format!("/api/tickets/{}", text(&sold["tickets"][0], "id"))).await.data();
    assert_eq!((&ticket["status"], &ticket["orderId"]), (&json!("valid"), &json!(id)));
    let png = get(&format!("/api/tickets/{}/qr.png", text(&ticket, "id"))).await;
    assert_eq!((png.status, png.header("content-type"), &png.body[..4]), (200, "image/png", &b"\x89PNG"[..]));
    let svg = get(&format!("/api/tickets/{}/qr.svg", text(&ticket, "id"))).await;
    assert_eq!((svg.status, svg.header("content-type")), (200, "image/svg+xml"));
    assert!(svg.body.starts_with(b"<?xml") || svg.body.starts_with(b"<svg"), "{svg}");
    let linked = shop.web.send("GET", &text(&ticket, "qrUrl"), &[], "").await;
    assert_eq!((linked.status, &linked.body[..]), (200, &png.body[..]), "the link needs no login and shows the same");

    shop.open_doors().await;
    let code = text(&ticket, "qrCode");
    let admitted = shop.scan(&code, "first").await.data();
    assert_eq!(
        (&admitted["result"], &admitted["ticket"]["status"]),
        (&json!("admitted"), &json!("used")),
        "{admitted}"
    );
    let again = shop.scan(&code, "second").await.refused(409, "already_used");
    assert!(again["usedAt"].is_string(), "{again}");
    assert_eq!(pool(&shop, &offer).await, (8, 2, 0));
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned, counted.tickets), (2 * PRICE, 0, 2));
}

#[tokio::test]
pub(crate) async fn when_all_are_held_it_is_sold_out() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(4)).await;
    let (first, second) = (shop.buyer().await, shop.buyer().await);
    shop.hold(&first, &offer, 4).await;
    assert_eq!(shop.left(&offer).await, 0);
    shop.try_buy(&second, &offer, 1).await.refused(409, "sold_out");
    let shown = shop.look(&format!("/api/events/{}", offer.event)).await.data();
    assert_eq!((&shown["status"], &shown["remainingSeats"]), (&json!("soldOut"), &json!(0)));
    assert_eq!(pool(&shop, &offer).await, (0, 0, 4));
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn whoever_wants_more_than_is_left_is_told_how_many_are() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(20)).await;
    let buyer = shop.buyer().await;
    shop.hold(&buyer, &offer, 9).await;
    shop.hold(&buyer, &offer, 8).await;
    let refused = shop.try_buy(&buyer, &offer, 4).await.refused(409, "too_few_left");
    assert_eq!(refused["remaining"], 3, "{refused}");
    // The last three lie in more than one block, or in one: either way they can be had.
    shop.hold(&buyer, &offer, 3).await;
    assert_eq!(shop.left(&offer).await, 0);
    shop.try_buy(&buyer, &offer, 1).await.refused(409, "sold_out");
    assert_eq!(pool(&shop, &offer).await, (0, 0, 20));
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn a_hold_that_ends_gives_its_tickets_back() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(4)).await;
    let (first, second) = (shop.buyer().await, shop.buyer().await);
    let order = shop.hold(&first, &offer, 4).await;
    shop.pass(HOLD - 60).await;
    assert_eq!(shop.status(&first, &order).await, "pending");
    shop.try_buy(&second, &offer, 1).await.refused(409, "sold_out");
    shop.pass(62).await;
    assert_eq!(shop.status(&first, &order).await, "expired");
    assert_eq!(pool(&shop, &offer).await, (4, 0, 0));
    assert_eq!(shop.left(&offer).await, 4);
    shop.sale(&second, &offer, 4).await;
    let put = shop.call(&first, "PUT", &format!("/api/orders/{order}/cancel"), Value::Null).await;
    put.refused(409, "order_over");
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn a_cancelled_order_gives_its_tickets_back() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(4)).await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let order = shop.hold(&buyer, &offer, 4).await;
    let path = format!("/api/orders/{order}/cancel");
    shop.call(&other, "PUT", &path, Value::Null).await.refused(404, "not_found");
    for _ in 0..2 {
        let cancelled = shop.call(&buyer, "PUT", &path, Value::Null).await.data();
        assert_eq!(cancelled["status"], "cancelled", "cancelling again changes nothing");
    }
    shop.drained().await;
    assert_eq!(pool(&shop, &offer).await, (4, 0, 0));
    let sold = shop.sale(&other, &offer, 4).await;
    let path = format!("/api/orders/{}/cancel", text(&sold, "id"));
    shop.call(&other, "PUT", &path, Value::Null).await.refused(409, "order_paid");
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn what_costs_nothing_needs_no_payment() {
    let shop = Shop::open().await;
    let offer = shop.publish(Draft { price: 0, ..tickets(3) }).await;
    let buyer = shop.buyer().await;
    let order = shop.hold(&buyer, &offer, 2).await;
    let sold = shop.until(&buyer, &order, "ticketed").await;
    assert_eq!((&sold["totalAmount"], sold["tickets"].as_array().unwrap().len()), (&json!(0), 2));
    let pay = shop.create(&buyer, "/api/payments/sandbox", json!({"orderId": order})).await;
    assert_eq!(pay.status, 409, "{pay}");
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn the_same_key_is_the_same_order() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(10)).await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let key = [("idempotency-key", "the-one")];
    let body = offer.order(2);
    let first = text(&shop.call_with(&buyer, "POST", "/api/orders", &key, body.clone()).await.expect(202), "id");
    let at_once = text(&shop.call_with(&buyer, "POST", "/api/orders", &key, body.clone()).await.expect(202), "id");
    shop.drained().await;
    let later = text(&shop.call_with(&buyer, "POST", "/api/orders", &key, body.clone()).await.expect(202), "id");
    assert_eq!((&first, &first), (&at_once, &later));
    let more = shop.call_with(&buyer, "POST", "/api/orders", &key, offer.order(3)).await;
    more.refused(409, "idempotency_conflict");
    let theirs = text(&shop.call_with(&other, "POST", "/api/orders", &key, body.clone()).await.expect(202), "id");
    assert_ne!(first, theirs, "keys belong to people");
    shop.drained().await;
    assert_eq!(pool(&shop, &offer).await, (6, 0, 4));
    shop.pay(&buyer, &first).await;
    let paid = shop.call_with(&buyer, "POST", "/api/orders", &key, body.clone()).await.data();
    assert_eq!((&paid["id"], &paid["status"]), (&json!(first), &json!("ticketed")));
    let none = shop.call(&buyer, "POST", "/api/orders", body.clone()).await;
    assert_eq!(none.refused(400, "validation_failed")["details"][0]["field"], "Idempotency-Key");
    shop.pass(86_400 + 1).await;
    let next_day = text(&shop.call_with(&buyer, "POST", "/api/orders", &key, body).await.expect(202), "id");
    assert_ne!(first, next_day, "keys live for a day");
    shop.drained().await;
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn a_repeat_after_everything_is_sold_is_told_of_its_first_success() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(2)).await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let key = [("idempotency-key", "mine")];
    let body = offer.order(2);
    let first = shop.call_with(&buyer, "POST", "/api/orders", &key, body.clone()).await.expect(202);
    assert_eq!(shop.left(&offer).await, 0);
    shop.try_buy(&other, &offer, 1).await.refused(409, "sold_out");
    let again = shop.call_with(&buyer, "POST", "/api/orders", &key, body.clone()).await.data();
    assert_eq!(first["id"], again["id"]);
    // Whoever was refused is not held to it: later there may be something.
    let theirs = [("idempotency-key", "theirs")];
    let wish = offer.order(1);
    shop.call_with(&other, "POST", "/api/orders", &theirs, wish.clone()).await.refused(409, "sold_out");
    shop.pass(HOLD).await;
    assert_eq!(shop.left(&offer).await, 2);
    shop.call_with(&other, "POST", "/api/orders", &theirs, wish).await.expect(202);
    shop.drained().await;
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn a_repeat_is_told_of_its_first_success_after_the_sale_has_ended() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(2)).await;
    let buyer = shop.buyer().await;
    let key = [("idempotency-key", "mine")];
    let body = offer.order(2);
    shop.pass(START + TO_SESSION + 7_200 - 60 - shop.now().as_second()).await;
    let first = shop.call_with(&buyer, "POST", "/api/orders", &key, body.clone()).await.expect(202);
    shop.drained().await;
    // The session is over now, and nothing is on sale any more.
    shop.pass(120).await;
    shop.try_buy(&buyer, &offer, 1).await.refused(409, "not_on_sale");
    let again = shop.call_with(&buyer, "POST", "/api/orders", &key, body).await.data();
    assert_eq!(first["id"], again["id"]);
}

#[tokio::test]
pub(crate) async fn an_order_is_its_buyers_alone_and_made_up_ids_are_nobodys() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(5)).await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let order = shop.hold(&buyer, &offer, 1).await;
    shop.get(&other, &format!("/api/orders/{order}")).await.refused(404, "not_found");
    shop.get(&buyer, "/api/orders/ord_06ejpz2001r030020c20a1g710").await.refused(404, "not_found");
    let pay = shop.create(&other, "/api/payments/sandbox", json!({"orderId": order})).await;
    pay.refused(404, "not_found");
    for _ in 0..2 {
        shop.pass(1).await;
        shop.hold(&buyer, &offer, 1).await;
    }
    let page = shop.get(&buyer, "/api/orders?page=1&pageSize=2").await.data();
    assert_eq!(
        (&page["total"], &page["totalPages"], page["items"].as_array().unwrap().len()),
        (&json!(3), &json!(2), 2)
    );
    let times: Vec<_> = page["items"].as_array().unwrap().iter().map(|it| text(it, "createdAt")).collect();
    assert!(times[0] > times[1], "newest first: {times:?}");
    assert_eq!(shop.get(&buyer, "/api/orders?status=ticketed").await.data()["total"], 0);
    assert_eq!(shop.get(&buyer, "/api/orders?status=pending").await.data()["total"], 3);
    assert_eq!(shop.get(&other, "/api/orders").await.data()["total"], 0);
}

#[tokio::test]
pub(crate) async fn what_is_not_on_sale_cannot_be_ordered() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(5)).await;
    let buyer = shop.buyer().await;
    for (field, value, named) in [
        ("quantity", json!(0), "quantity"),
        ("quantity", json!(11), "quantity"),
        ("quantity", json!(1.5), "quantity"),
        ("sessionId", json!("ses_06ejpz2001r030020c20a1g710"), "sessionId"),
        ("priceOptionId", json!("opt_06ejpz2001r030020c20a1g710"), "priceOptionId"),
        ("userInfo", json!({"name": "", "phone": "1"}), "userInfo.name"),
    ] {
        let mut body = offer.order(1);
        body[field] = value;
        let refused = shop.create(&buyer, "/api/orders", body).await.refused(400, "validation_failed");
        assert_eq!(refused["details"][0]["field"], named, "{refused}");
    }
    let mut body = offer.order(1);
    body["eventId"] = json!("evt_06ejpz2001r030020c20a1g710");
    shop.create(&buyer, "/api/orders", body).await.refused(404, "not_found");
    // Prices are the server's: whatever a client adds changes nothing.
    let mut body = offer.order(1);
    body["price"] = json!(1);
    body["totalAmount"] = json!(1);
    body["status"] = json!("paid");
    assert_eq!(shop.create(&buyer, "/api/orders", body).await.expect(202)["totalAmount"], PRICE);
    shop.pass(TO_SESSION + 86_400).await;
    shop.try_buy(&buyer, &offer, 1).await.refused(409, "not_on_sale");
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn one_of_many_who_want_the_last_ticket_gets_it() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(1)).await;
    let mut buyers = Vec::new();
    for _ in 0..20 {
        buyers.push(shop.buyer().await);
    }
    let answers = futures_util::future::join_all(buyers.iter().map(|buyer| shop.try_buy(buyer, &offer, 1))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 1);
    for refused in answers.iter().filter(|answer| answer.status != 202) {
        assert!(matches!(refused.error().as_str(), "sold_out" | "busy"), "{refused}");
    }
    shop.drained().await;
    assert_eq!(pool(&shop, &offer).await, (0, 0, 1));
    audit(&shop).await;
}
