//! Money comes in late, twice, wrong and out of order, and goes out once.

use domain::{id::PaymentId, user::Role};
use http::StatusCode;
use providers::{
    Failed,
    payment::sandbox::{Books, HEADER, Sandbox},
};
use serde_json::{Value, json};

use crate::{
    audit::{audit, pool},
    client::Answer,
    sale::HOLD,
    shop::{Draft, Offer, PRICE, Person, Shop, establish, person, text, tickets},
};

/// Twice the hold: what a payment that was begun stretches it to at most.
const STRETCHED: i64 = 2 * HOLD;

fn paid() -> Value {
    json!({"outcome": "paid"})
}

/// A shop with one buyer's order, written and not paid.
async fn held(stock: u32, quantity: u8) -> (Shop, Offer, Person, String) {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(stock)).await;
    let buyer = shop.buyer().await;
    let order = shop.hold(&buyer, &offer, quantity).await;
    (shop, offer, buyer, order)
}

/// A shop with one buyer's tickets.
async fn sold(draft: Draft, quantity: u8) -> (Shop, Offer, Person, Value) {
    let shop = Shop::open().await;
    let offer = shop.publish(draft).await;
    let buyer = shop.buyer().await;
    let sale = shop.sale(&buyer, &offer, quantity).await;
    (shop, offer, buyer, sale)
}

async fn ask(shop: &Shop, who: &Person, order: &Value, ids: Option<Vec<Value>>) -> Answer {
    let mut body = json!({"orderId": order["id"], "reason": "I am ill."});
    if let Some(ids) = ids {
        body["ticketIds"] = ids.into();
    }
    shop.create(who, "/api/payments/refund", body).await
}

async fn decide(shop: &Shop, who: &Person, order: &Value, decision: Value) -> Answer {
    let path = format!("/api/admin/orders/{}/refund", text(order, "id"));
    shop.call(who, "PUT", &path, decision).await
}

#[tokio::test]
pub(crate) async fn a_late_payment_is_honoured_while_there_are_tickets() {
    let (shop, offer, buyer, order) = held(4, 2).await;
    let payment = shop.begin(&buyer, &order).await;
    shop.pass(STRETCHED).await;
    assert_eq!(shop.status(&buyer, &order).await, "expired");
    assert_eq!(pool(&shop, &offer).await, (4, 0, 0));
    shop.complete(&buyer, &payment, paid()).await.expect(200);
    let sale = shop.until(&buyer, &order, "ticketed").await;
    assert_eq!(sale["tickets"].as_array().unwrap().len(), 2);
    assert_eq!(pool(&shop, &offer).await, (2, 2, 0));
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned), (2 * PRICE, 0));
}

#[tokio::test]
pub(crate) async fn a_late_payment_goes_back_when_the_tickets_are_gone() {
    let (shop, offer, buyer, order) = held(2, 2).await;
    let payment = shop.begin(&buyer, &order).await;
    shop.pass(STRETCHED).await;
    let other = shop.buyer().await;
    shop.sale(&other, &offer, 2).await;
    shop.left(&offer).await;
    shop.complete(&buyer, &payment, paid()).await.expect(200);
    shop.until(&buyer, &order, "expired").await;
    assert_eq!(pool(&shop, &offer).await, (0, 2, 0));
    let payments = shop.get(&buyer, &format!("/api/payments?orderId={order}")).await;
    assert!(payments.data().to_string().contains("refunded"), "{payments}");
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned, counted.winners.len()), (4 * PRICE, 2 * PRICE, 1));
}

#[tokio::test]
pub(crate) async fn a_payment_stretches_the_hold_once() {
    let (shop, offer, buyer, order) = held(2, 1).await;
    shop.pass(HOLD - 120).await;
    let payment = shop.begin(&buyer, &order).await;
    shop.pass(600).await;
    assert_eq!(shop.status(&buyer, &order).await, "pending", "past the first hold, within the second");
    assert_eq!(pool(&shop, &offer).await, (1, 0, 1));
    shop.begin(&buyer, &order).await;
    shop.complete(&buyer, &payment, paid()).await.expect(200);
    shop.until(&buyer, &order, "ticketed").await;
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn a_payment_for_a_cancelled_order_goes_back() {
    let (shop, offer, buyer, order) = held(2, 2).await;
    let payment = shop.begin(&buyer, &order).await;
    shop.call(&buyer, "PUT", &format!("/api/orders/{order}/cancel"), Value::Null).await.expect(200);
    shop.complete(&buyer, &payment, paid()).await.expect(200);
    shop.until(&buyer, &order, "cancelled").await;
    assert_eq!(pool(&shop, &offer).await, (2, 0, 0));
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned), (2 * PRICE, 2 * PRICE));
}

#[tokio::test]
pub(crate) async fn money_that_crosses_the_closing_untold_goes_back() {
    let (shop, _, buyer, order) = held(2, 1).await;
    let payment = shop.begin(&buyer, &order).await;
    shop.call(&buyer, "PUT", &format!("/api/orders/{order}/cancel"), Value::Null).await.expect(200);
    shop.drained().await;
    // The provider has closed the payment, takes the money that was on its way, and tells of it in a week.
    let untold = json!({"outcome": "paid", "delayMs": 604_800_000});
    shop.complete(&buyer, &payment, untold).await.expect(200);
    shop.pass(61).await;
    shop.tick().await;
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned), (PRICE, PRICE));
}

#[tokio::test]
pub(crate) async fn a_closed_payment_cannot_be_paid() {
    let (shop, _, buyer, order) = held(2, 1).await;
    let payment = shop.begin(&buyer, &order).await;
    shop.call(&buyer, "PUT", &format!("/api/orders/{order}/cancel"), Value::Null).await.expect(200);
    shop.pass(61).await;
    shop.complete(&buyer, &payment, paid()).await.refused(409, "order_over");
    shop.tick().await;
    assert_eq!(shop.stored(&order).await.due(), None, "nobody has to be asked any more");
    assert_eq!(audit(&shop).await.taken, 0);
}

#[tokio::test]
pub(crate) async fn the_same_webhook_many_times_pays_once() {
    let (shop, _, buyer, order) = held(2, 2).await;
    let payment = shop.begin(&buyer, &order).await;
    let often = json!({"outcome": "paid", "times": 5});
    shop.complete(&buyer, &payment, often.clone()).await.expect(200);
    shop.until(&buyer, &order, "ticketed").await;
    let before = shop.stored(&order).await;
    shop.complete(&buyer, &payment, often).await.expect(200);
    shop.drained().await;
    assert_eq!(before, shop.stored(&order).await, "nothing was written");
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned, counted.tickets), (2 * PRICE, 0, 2));
}

#[tokio::test]
pub(crate) async fn of_two_captures_the_second_goes_back() {
    let (shop, _, buyer, order) = held(2, 1).await;
    let payment = shop.begin(&buyer, &order).await;
    let twice = json!({"outcome": "paid", "captures": 2, "times": 2});
    shop.complete(&buyer, &payment, twice).await.expect(200);
    shop.until(&buyer, &order, "ticketed").await;
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned, counted.tickets), (2 * PRICE, PRICE, 1));
}

#[tokio::test]
pub(crate) async fn of_two_payments_the_second_goes_back() {
    let (shop, _, buyer, order) = held(2, 1).await;
    let (first, second) = (shop.begin(&buyer, &order).await, shop.begin(&buyer, &order).await);
    assert_ne!(first, second);
    shop.complete(&buyer, &second, paid()).await.expect(200);
    shop.complete(&buyer, &first, paid()).await.expect(200);
    shop.until(&buyer, &order, "ticketed").await;
    shop.create(&buyer, "/api/payments/sandbox", json!({"orderId": order})).await.refused(409, "order_paid");
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned), (2 * PRICE, PRICE));
}

#[tokio::test]
pub(crate) async fn a_failure_that_is_told_after_the_success_takes_nothing_back() {
    let (shop, _, buyer, order) = held(2, 1).await;
    let payment = shop.begin(&buyer, &order).await;
    // The failure happened first; its webhook comes a minute after that of the success.
    let late = json!({"outcome": "failed", "delayMs": 60_000});
    shop.complete(&buyer, &payment, late).await.expect(200);
    shop.complete(&buyer, &payment, paid()).await.expect(200);
    shop.until(&buyer, &order, "ticketed").await;
    shop.pass(61).await;
    assert_eq!(shop.status(&buyer, &order).await, "ticketed");
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn whoever_could_not_pay_may_try_again_until_the_hold_ends() {
    let (shop, offer, buyer, order) = held(2, 2).await;
    let payment = shop.begin(&buyer, &order).await;
    shop.complete(&buyer, &payment, json!({"outcome": "failed"})).await.expect(200);
    shop.until(&buyer, &order, "pending").await;
    assert_eq!(pool(&shop, &offer).await, (0, 0, 2));
    shop.pay(&buyer, &order).await;
    shop.until(&buyer, &order, "ticketed").await;
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn a_lost_webhook_loses_neither_the_sale_nor_the_money() {
    let (shop, _, buyer, order) = held(2, 1).await;
    let payment = shop.begin(&buyer, &order).await;
    // The webhook would come in a week; the provider is asked long before.
    let lost = json!({"outcome": "paid", "delayMs": 604_800_000});
    shop.complete(&buyer, &payment, lost).await.expect(200);
    for _ in 0..8 {
        shop.pass(30).await;
    }
    shop.until(&buyer, &order, "ticketed").await;
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn a_wrong_amount_is_put_aside_and_changes_nothing() {
    for amount in [1, PRICE - 1, PRICE + 1] {
        let (shop, offer, buyer, order) = held(2, 1).await;
        let payment = shop.begin(&buyer, &order).await;
        let wrong = json!({"outcome": "paid", "amount": amount});
        shop.complete(&buyer, &payment, wrong).await.expect(200);
        shop.until(&buyer, &order, "pending").await;
        assert_eq!(pool(&shop, &offer).await, (1, 0, 1));
        let counted = audit(&shop).await;
        assert_eq!((counted.taken, counted.aside, counted.tickets), (0, amount, 0));
        shop.pass(STRETCHED).await;
        shop.until(&buyer, &order, "expired").await;
        assert_eq!(pool(&shop, &offer).await, (2, 0, 0));
    }
}

/// A provider without books, to sign what no provider would send.
struct NoBooks;

impl Books for NoBooks {
    async fn load(&self, _: PaymentId) -> Result<Option<String>, Failed> {
        Ok(None)
    }

    async fn swap(&self, _: PaymentId, _: Option<&str>, _: &str) -> Result<bool, Failed> {
        Ok(false)
    }
}

#[tokio::test]
pub(crate) async fn forged_webhooks_change_nothing() {
    let (shop, _, buyer, order) = held(2, 1).await;
    let payment = shop.begin(&buyer, &order).await;
    let event = |capture: &str, order: &str, payment: &str| {
        let at = shop.now().as_second();
        let (event, kind) = (format!("evt_{capture}"), "payment.captured");
        json!({"id": event, "type": kind, "createdAt": at, "payment": payment, "order": order, "capture": capture,
            "amount": PRICE, "currency": "CNY"})
        .to_string()
    };
    let send = async |signature: &str, tenant: &str, body: &str| {
        let headers = [("content-type", "application/json"), (HEADER, signature)];
        let path = format!("/api/payments/sandbox/notify/{tenant}");
        shop.web.send("POST", &path, &headers, body.to_owned()).await
    };
    let key = |tenant: &str| shop.app().keys.mac("sandbox", &[tenant.as_bytes()]);
    let signed = |tenant: &str, body: &str| {
        Sandbox::new(NoBooks, key(tenant), String::new()).sign(body.to_owned(), shop.now()).signature
    };
    let body = event("cap_forged", &order, &payment);
    for signature in ["", "t=1,v1=00", &signed("other", &body), &signed("demo", "another body")] {
        send(signature, "demo", &body).await.refused(401, "unauthenticated");
    }
    let old = signed("demo", &body);
    shop.pass(301).await;
    send(&old, "demo", &body).await.refused(401, "unauthenticated");
    send("", "nobody", &body).await.refused(401, "unauthenticated");
    // Rightly signed, and of a payment that nobody began for the order: the money of another order pays none.
    let body = event("cap_other", &order, "pay_06ejpz2001r030020c20a1g710");
    let answer = send(&signed("demo", &body), "demo", &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer}");
    shop.until(&buyer, &order, "pending").await;
    // The capture of one order shown for another.
    let other = shop.hold(&buyer, &Offer::of(&shop.see(&buyer, &order).await), 1).await;
    let body = event("cap_third", &other, &payment);
    send(&signed("demo", &body), "demo", &body).await;
    shop.until(&buyer, &other, "pending").await;
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn a_refund_is_asked_for_approved_and_done() {
    let (shop, offer, buyer, sale) = sold(tickets(4), 2).await;
    let asked = ask(&shop, &buyer, &sale, None).await;
    let refund = asked.expect(202);
    let path = format!("/api/refunds/{}", text(&refund, "id"));
    assert_eq!((&refund["status"], asked.header("location")), (&json!("requested"), path.as_str()));
    let other = shop.buyer().await;
    ask(&shop, &other, &sale, None).await.refused(404, "not_found");
    shop.get(&other, &path).await.refused(404, "not_found");
    let waiting = shop.get(&shop.admin, "/api/admin/refunds?status=requested").await.data();
    assert_eq!((&waiting["total"], &waiting["items"][0]["id"]), (&json!(1), &refund["id"]));
    // The organiser of the event sees what became of its tickets and its money; no other organiser does.
    let rival = person(shop.app(), &shop.tenant, Role::Publisher, "rival").await;
    let payments = format!("/api/payments?orderId={}", text(&sale, "id"));
    for path in [&path, &payments] {
        shop.get(&shop.publisher, path).await.expect(200);
        shop.get(&rival, path).await.refused(404, "not_found");
    }
    // It waits: the tickets are as good as before.
    let mine = shop.get(&buyer, "/api/orders").await.data();
    assert_eq!(mine["items"][0]["tickets"][0]["status"], "valid", "{mine}");
    assert_eq!(shop.status(&buyer, &text(&sale, "id")).await, "ticketed");
    decide(&shop, &buyer, &sale, json!({"approve": true})).await.refused(403, "forbidden");
    decide(&shop, &shop.admin, &sale, json!({"approve": true})).await.expect(200);
    let given_back = shop.until(&buyer, &text(&sale, "id"), "refunded").await;
    assert!(given_back["refundedAt"].is_string());
    assert_eq!(shop.get(&buyer, &path).await.data()["status"], "done");
    assert_eq!(pool(&shop, &offer).await, (4, 0, 0));
    shop.open_doors().await;
    for ticket in sale["tickets"].as_array().unwrap() {
        shop.scan(&text(ticket, "qrCode"), "r").await.refused(409, "void");
        let shown = shop.get(&buyer, &format!("/api/tickets/{}", text(ticket, "id"))).await.data();
        assert_eq!((&shown["status"], &shown["qrCode"]), (&json!("void"), &Value::Null));
        shop.get(&buyer, &format!("/api/tickets/{}/qr.png", text(ticket, "id"))).await.refused(409, "void");
    }
    decide(&shop, &shop.admin, &sale, json!({"approve": true})).await.expect(200);
    shop.drained().await;
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned, counted.tickets), (2 * PRICE, 2 * PRICE, 0));
}

#[tokio::test]
pub(crate) async fn some_tickets_go_back_and_the_others_admit() {
    let (shop, offer, buyer, sale) = sold(Draft { price: 1_001, ..tickets(4) }, 3).await;
    let ids: Vec<_> = sale["tickets"].as_array().unwrap().iter().map(|ticket| ticket["id"].clone()).collect();
    ask(&shop, &buyer, &sale, Some(vec![ids[1].clone()])).await.expect(202);
    ask(&shop, &buyer, &sale, Some(vec![ids[2].clone()])).await.refused(409, "wrong_state");
    decide(&shop, &shop.admin, &sale, json!({"approve": true})).await.expect(200);
    let left = shop.until(&buyer, &text(&sale, "id"), "ticketed").await;
    let statuses: Vec<_> = left["tickets"].as_array().unwrap().iter().map(|it| it["status"].clone()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == "valid").count(), 2, "{statuses:?}");
    assert_eq!(pool(&shop, &offer).await, (2, 2, 0));
    let again = ask(&shop, &buyer, &sale, Some(vec![ids[1].clone()])).await.refused(409, "not_refundable");
    assert_eq!(again["reason"], "unknown_ticket");
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned), (3 * 1_001, 1_001));
    // The freed ticket is sold again, the used one cannot go back.
    shop.sale(&buyer, &offer, 2).await;
    shop.open_doors().await;
    shop.scan(&text(&sale["tickets"][0], "qrCode"), "a").await.expect(200);
    shop.scan(&text(&sale["tickets"][1], "qrCode"), "b").await.refused(409, "void");
    let too_late = ask(&shop, &buyer, &sale, None).await.refused(409, "not_refundable");
    assert_eq!(too_late["reason"], "used", "{too_late}");
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn all_tickets_one_by_one_make_the_order_refunded() {
    let (shop, offer, buyer, sale) = sold(Draft { price: 333, refunds: "automatic", ..tickets(3) }, 3).await;
    for ticket in sale["tickets"].as_array().unwrap() {
        ask(&shop, &buyer, &sale, Some(vec![ticket["id"].clone()])).await.expect(202);
        shop.drained().await;
    }
    shop.until(&buyer, &text(&sale, "id"), "refunded").await;
    assert_eq!(pool(&shop, &offer).await, (3, 0, 0));
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned), (999, 999));
}

#[tokio::test]
pub(crate) async fn a_refused_refund_says_why_and_leaves_the_tickets() {
    let (shop, offer, buyer, sale) = sold(tickets(2), 2).await;
    let refund = ask(&shop, &buyer, &sale, None).await.expect(202);
    let silent = decide(&shop, &shop.admin, &sale, json!({"approve": false})).await;
    assert_eq!(silent.refused(400, "validation_failed")["details"][0]["field"], "reason");
    let no = json!({"approve": false, "reason": "Doors open in an hour."});
    decide(&shop, &shop.admin, &sale, no).await.expect(200);
    let seen = shop.get(&buyer, &format!("/api/refunds/{}", text(&refund, "id"))).await.data();
    assert_eq!((&seen["status"], &seen["decisionReason"]), (&json!("refused"), &json!("Doors open in an hour.")));
    shop.until(&buyer, &text(&sale, "id"), "ticketed").await;
    assert_eq!(pool(&shop, &offer).await, (0, 2, 0));
    shop.open_doors().await;
    shop.scan(&text(&sale["tickets"][0], "qrCode"), "a").await.expect(200);
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned), (2 * PRICE, 0));
}

#[tokio::test]
pub(crate) async fn an_automatic_policy_gives_back_at_once_until_it_is_too_late() {
    let (shop, offer, buyer, sale) = sold(Draft { refunds: "automatic", ..tickets(2) }, 1).await;
    let second = shop.sale(&buyer, &offer, 1).await;
    let body = json!({"orderId": sale["id"], "reason": "ill"});
    let key = [("idempotency-key", "refund-1")];
    let first = shop.call_with(&buyer, "POST", "/api/payments/refund", &key, body.clone()).await.expect(202);
    assert_eq!(first["status"], "processing");
    shop.until(&buyer, &text(&sale, "id"), "refunded").await;
    let again = shop.call_with(&buyer, "POST", "/api/payments/refund", &key, body).await.expect(202);
    assert_eq!((&again["id"], &again["status"]), (&first["id"], &json!("done")));
    // A day before the session the policy ends.
    shop.open_doors().await;
    let late = ask(&shop, &buyer, &second, None).await.refused(409, "not_refundable");
    assert_eq!(late["reason"], "too_late");
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned), (2 * PRICE, PRICE));
}

#[tokio::test]
pub(crate) async fn what_was_never_paid_or_is_never_given_back_is_refused() {
    let (shop, offer, buyer, sale) = sold(Draft { refunds: "none", ..tickets(4) }, 1).await;
    let refused = ask(&shop, &buyer, &sale, None).await.refused(409, "not_refundable");
    assert_eq!(refused["reason"], "policy");
    let order = shop.hold(&buyer, &offer, 1).await;
    let refused = ask(&shop, &buyer, &json!({"id": order}), None).await.refused(409, "not_refundable");
    assert_eq!(refused["reason"], "not_paid");
    // The organiser may all the same.
    decide(&shop, &shop.publisher, &sale, json!({"approve": true, "reason": "kindness"})).await.expect(200);
    shop.until(&buyer, &text(&sale, "id"), "refunded").await;
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn another_tenants_administrator_gives_nothing_back() {
    let (shop, _, _, sale) = sold(tickets(2), 1).await;
    let other = "other".parse().unwrap();
    establish(shop.app(), &other).await;
    let boss = person(shop.app(), &other, Role::Admin, "boss").await;
    decide(&shop, &boss, &sale, json!({"approve": true})).await.refused(404, "not_found");
    // Nor does a publisher of this tenant whose event it is not.
    let rival = person(shop.app(), &shop.tenant, Role::Publisher, "rival").await;
    decide(&shop, &rival, &sale, json!({"approve": true})).await.refused(404, "not_found");
    shop.drained().await;
    assert_eq!(audit(&shop).await.tickets, 1);
}

#[tokio::test]
pub(crate) async fn two_decisions_at_once_give_back_once() {
    let (shop, offer, buyer, order) = held(2, 2).await;
    shop.pay(&buyer, &order).await;
    let sale = shop.until(&buyer, &order, "ticketed").await;
    let (one, two) = futures_util::future::join(
        decide(&shop, &shop.admin, &sale, json!({"approve": true})),
        decide(&shop, &shop.admin, &sale, json!({"approve": true})),
    )
    .await;
    assert!(one.status == 200 || two.status == 200, "{one} {two}");
    shop.until(&buyer, &order, "refunded").await;
    assert_eq!(pool(&shop, &offer).await, (2, 0, 0));
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned), (2 * PRICE, 2 * PRICE));
}

/// Found by a crash point: the repeat of an approval whose answer was lost met no request any more, and gave back the rest
/// of the order.
#[tokio::test]
async fn an_approval_that_is_repeated_gives_back_what_was_asked_for_and_no_more() {
    let (shop, offer, buyer, sale) = sold(tickets(4), 3).await;
    let one = vec![sale["tickets"][1]["id"].clone()];
    ask(&shop, &buyer, &sale, Some(one)).await.expect(202);
    let first = decide(&shop, &shop.admin, &sale, json!({"approve": true})).await.expect(200);
    shop.drained().await;
    let again = decide(&shop, &shop.admin, &sale, json!({"approve": true})).await.expect(200);
    assert_eq!(first["id"], again["id"]);
    shop.drained().await;
    assert_eq!(pool(&shop, &offer).await, (2, 2, 0));
    decide(&shop, &shop.admin, &sale, json!({"approve": false, "reason": "Too late."}))
        .await
        .refused(409, "wrong_state");
    for _ in 0..2 {
        decide(&shop, &shop.admin, &sale, json!({"approve": true, "rest": true})).await.expect(200);
        shop.drained().await;
        assert_eq!(pool(&shop, &offer).await, (4, 0, 0));
    }
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned), (3 * PRICE, 3 * PRICE));
}
