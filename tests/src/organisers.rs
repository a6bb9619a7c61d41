//! Organisers write events, have them reviewed, enlarge them and call them off.

use serde_json::{Value, json};

use crate::{
    audit::{audit, pool},
    shop::{Offer, Shop, Wares, text, tickets},
};

#[tokio::test]
pub(crate) async fn an_event_is_sent_back_changed_approved_enlarged_and_called_off() {
    let shop = Shop::open().await;
    let (publisher, admin) = (&shop.publisher, &shop.admin);
    let body = shop.event(&tickets(10));
    let key = [("idempotency-key", "event-1")];
    let made = shop.call_with(publisher, "POST", "/api/admin/events", &key, body.clone()).await.data();
    let again = shop.call_with(publisher, "POST", "/api/admin/events", &key, body.clone()).await.data();
    assert_eq!(made["id"], again["id"], "the same key makes the same event");
    let path = format!("/api/admin/events/{}", text(&made, "id"));
    let step = async |who, step: &str, body: Value| shop.post(who, &format!("{path}/{step}"), body).await;
    // Nobody sees a draft but those who work on it.
    shop.look(&format!("/api/events/{}", text(&made, "id"))).await.refused(404, "not_found");
    step(admin, "approve", Value::Null).await.refused(409, "wrong_state");
    step(publisher, "submit", Value::Null).await.expect(200);
    step(publisher, "approve", Value::Null).await.refused(403, "forbidden");
    step(admin, "reject", json!({"reason": "Which hall?"})).await.expect(200);
    let mut draft = shop.get(publisher, &path).await.data();
    assert_eq!(draft["status"], "rejected");
    let theirs = shop.get(publisher, "/api/admin/events?status=rejected").await.data();
    assert_eq!((&theirs["total"], &theirs["items"][0]["id"]), (&json!(1), &made["id"]));

    let mut changed = body.clone();
    changed["venue"] = json!("Small Hall");
    shop.call(publisher, "PUT", &path, changed.clone()).await.expect(200);
    step(publisher, "submit", Value::Null).await.expect(200);
    step(admin, "approve", Value::Null).await.expect(200);
    draft = shop.get(publisher, &path).await.data();
    let offer = Offer {
        event: text(&made, "id"),
        session: text(&draft["sessions"][0], "id"),
        option: text(&draft["priceOptions"][0], "id"),
        wares: Wares::Tickets,
    };
    shop.drained().await;
    assert_eq!(pool(&shop, &offer).await, (10, 0, 0));

    let buyer = shop.buyer().await;
    shop.hold(&buyer, &offer, 8).await;
    for (count, free) in [(40, 32), (9, 1), (12, 4)] {
        changed["sessions"][0]["id"] = json!(offer.session);
        changed["priceOptions"][0]["id"] = json!(offer.option);
        changed["priceOptions"][0]["totalCount"] = json!(count);
        shop.call(publisher, "PUT", &path, changed.clone()).await.expect(200);
        shop.drained().await;
        let held = pool(&shop, &offer).await;
        assert_eq!((held.0, held.2), (free, 8), "{count}");
        audit(&shop).await;
    }
    changed["priceOptions"][0]["totalCount"] = json!(7);
    shop.call(publisher, "PUT", &path, changed).await.refused(409, "stock_in_use");
    audit(&shop).await;

    shop.call(publisher, "DELETE", &path, Value::Null).await.refused(409, "wrong_state");
    step(admin, "cancel", json!({"reason": "Snow."})).await.expect(200);
    shop.clock.advance(3);
    shop.try_buy(&buyer, &offer, 1).await.refused(409, "not_on_sale");

    let unwanted = shop.create(publisher, "/api/admin/events", body).await.data();
    let path = format!("/api/admin/events/{}", text(&unwanted, "id"));
    shop.call(publisher, "DELETE", &path, Value::Null).await.expect(200);
    shop.get(publisher, &path).await.refused(404, "not_found");
}
