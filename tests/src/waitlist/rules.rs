//! What holds of a line whatever is waited for: seats as well as tickets, whoever pays late, and whoever asks nonsense or twice.

use domain::id::{Id as _, OrderId};
use serde_json::{Value, json};
use store::audit::{Unfinished, Violation};

use super::{ask, cancel, in_line, leave, see, served, status, wait_for, wish};
use crate::{
    audit::{audit, engine, look},
    shop::{Draft, PRICE, START, Shop, TO_SESSION, text, tickets},
    theatre::{self, order, seats},
    venues::{event, publish, venue},
};

#[tokio::test]
pub(crate) async fn a_party_waits_for_the_best_seats_of_a_hall() {
    let shop = Shop::open().await;
    let hall = venue(&shop).await;
    let event = publish(&shop, event(&shop, &hall)).await;
    let holder = shop.buyer().await;
    let front = |numbers: &[u8]| -> Vec<String> { numbers.iter().map(|number| format!("stalls/1/{number}")).collect() };
    let named =
        |numbers: &[u8]| theatre::wish(&event, "Front", numbers.len() as u64, &json!({"seats": front(numbers)}));
    let pair = order(&shop, &holder, named(&[1, 2])).await;
    let alone = order(&shop, &holder, named(&[3])).await;
    let rest = order(&shop, &holder, named(&[4, 5, 6, 7, 8, 9, 10])).await;
    let (couple, single, eve) = (shop.buyer().await, shop.buyer().await, shop.buyer().await);
    let place = |quantity: u8| {
        let mut place = theatre::wish(&event, "Front", quantity.into(), &json!({}));
        let contact = place.as_object_mut().unwrap().remove("userInfo").unwrap();
        place.as_object_mut().unwrap().remove("quantity");
        place["bestAvailable"] = json!({"sections": ["stalls"]});
        json!({"alternatives": [place], "quantity": quantity, "userInfo": contact})
    };
    let both = wait_for(&shop, &couple, place(2)).await;
    let one = wait_for(&shop, &single, place(1)).await;

    // One seat is too little for two.
    cancel(&shop, &holder, &text(&alone, "id")).await;
    assert_eq!(seats(&served(&shop, &single, &one).await), front(&[3]));
    assert_eq!(status(&shop, &couple, &both).await, "waiting");
    cancel(&shop, &holder, &text(&pair, "id")).await;
    let order = served(&shop, &couple, &both).await;
    assert_eq!((seats(&order), &order["totalAmount"]), (front(&[1, 2]), &json!(4 * PRICE)));
    // Nobody waits any more: who names seats may have what comes back.
    cancel(&shop, &holder, &text(&rest, "id")).await;
    shop.pass(2).await;
    theatre::ask(&shop, &eve, named(&[4, 5])).await.expect(202);
    shop.drained().await;
    let counted = audit(&shop).await;
    assert_eq!((counted.sold, counted.held, counted.tickets), (3, 2, 3));
}

/// Nobody writes anything when seats that were kept back come free: the gate shuts by itself, and a message is under way.
#[tokio::test]
pub(crate) async fn what_comes_free_by_time_is_theirs_who_wait() {
    const RELEASE: i64 = 300;
    let shop = Shop::stepped().await;
    let hall = venue(&shop).await;
    let mut event = event(&shop, &hall);
    let released = domain::event::later(shop.now(), RELEASE);
    event["seating"]["holdBacks"] =
        json!([{"channel": "sponsor", "parts": ["stalls/1"], "releasedAt": released.to_string()}]);
    let event = publish(&shop, event).await;
    let (who, eve) = (shop.buyer().await, shop.buyer().await);
    let front = |quantity: u8| theatre::wish(&event, "Front", quantity.into(), &json!({}));
    let mut place = front(2);
    let contact = place.as_object_mut().unwrap().remove("userInfo").unwrap();
    place.as_object_mut().unwrap().remove("quantity");
    let request = json!({"alternatives": [place], "quantity": 2, "userInfo": contact});
    let id = wait_for(&shop, &who, request).await;
    shop.drained().await;
    shop.tick().await;
    let until = |second: i64| second - (shop.now().as_second() - (released.as_second() - RELEASE));
    shop.pass(until(RELEASE - 60)).await;
    shop.tick().await;
    assert_eq!(status(&shop, &who, &id).await, "waiting");

    // The moment has come, and no worker has seen it yet: a quick buyer does not come before who waits.
    shop.clock.advance(until(RELEASE));
    theatre::ask(&shop, &eve, front(1)).await.refused(409, "sold_out");
    // No reconciler runs: a message was sent for this moment.
    shop.pass(2).await;
    assert_eq!(seats(&served(&shop, &who, &id).await).len(), 2);
    shop.pass(2).await;
    order(&shop, &eve, front(1)).await;
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn what_lapses_is_theirs_who_wait() {
    let shop = Shop::stepped().await;
    let offer = shop.publish(tickets(2)).await;
    let (holder, who, eve) = (shop.buyer().await, shop.buyer().await, shop.buyer().await);
    shop.hold(&holder, &offer, 2).await;
    let id = in_line(&shop, &who, &[&offer], 1).await;
    shop.drained().await;
    shop.try_buy(&eve, &offer, 1).await.refused(409, "sold_out");
    // The hold is over, and no worker has seen it yet: a quick buyer does not come before who waits.
    shop.clock.advance(3_600);
    shop.try_buy(&eve, &offer, 1).await.refused(409, "sold_out");
    shop.drained().await;
    shop.tick().await;
    served(&shop, &who, &id).await;
    // What they did not need is everybody's.
    shop.pass(2).await;
    shop.hold(&eve, &offer, 1).await;
    let counted = audit(&shop).await;
    assert_eq!((counted.free, counted.sold, counted.held), (0, 1, 1));
}

#[tokio::test]
pub(crate) async fn whoever_pays_when_their_time_is_over_has_the_money_back() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(1)).await;
    let (holder, who) = (shop.buyer().await, shop.buyer().await);
    shop.sale(&holder, &offer, 1).await;
    let mut short = wish(&[&offer], 1);
    short["until"] = json!(domain::event::later(shop.now(), 60).to_string());
    let id = text(&ask(&shop, &who, short).await.expect(202), "id");
    let payment = shop.begin(&who, &id).await;
    shop.pass(120).await;
    shop.complete(&who, &payment, json!({"outcome": "paid"})).await;
    shop.drained().await;
    assert_eq!(status(&shop, &who, &id).await, "expired");
    assert_eq!(leave(&shop, &who, &id).await.error(), "wrong_state");
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned, counted.sold), (2 * PRICE, PRICE, 1));
}

#[tokio::test]
pub(crate) async fn every_wrong_field_is_named_at_once() {
    let shop = Shop::open().await;
    let offers = shop.publish_all(Draft { sessions: 3, ..tickets(2) }).await;
    let who = shop.buyer().await;
    let mut body = wish(&[&offers[0], &offers[1], &offers[2]], 2);
    body["alternatives"][0]["priceOptionId"] = Value::Null;
    body["alternatives"][1]["class"] = json!("first");
    body["alternatives"][2]["sessionId"] = json!("ses_0000000000000000000000000g");
    body["passengers"] = json!([{"name": "Wang Fang", "idType": "idCard", "idNo": "110101199003070021"}]);
    body["until"] = json!("2020-01-01T00:00:00Z");
    let refused = ask(&shop, &who, body).await;
    refused.refused(400, "validation_failed");
    let mut fields: Vec<String> =
        refused.json()["details"].as_array().unwrap().iter().map(|detail| text(detail, "field")).collect();
    fields.sort();
    assert_eq!(
        fields,
        ["alternatives[0].priceOptionId", "alternatives[1].class", "alternatives[2].sessionId", "passengers", "until"],
        "{refused}"
    );
    assert_eq!(shop.get(&who, "/api/waitlist").await.data()["total"], 0);
    // What is not there is said to be missing, with its place.
    let mut strange = wish(&[&offers[0], &offers[1]], 1);
    strange["alternatives"][1]["eventId"] = json!("evt_0000000000000000000000000g");
    let refused = ask(&shop, &who, strange).await;
    refused.refused(404, "not_found");
    assert_eq!(refused.json()["alternative"], 1, "{refused}");
}

#[tokio::test]
pub(crate) async fn a_repeat_is_told_of_its_request_after_the_sale_has_ended() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(1)).await;
    let (who, other) = (shop.buyer().await, shop.buyer().await);
    shop.pass(START + TO_SESSION - 60 - shop.now().as_second()).await;
    let key = [("idempotency-key", "mine")];
    let join = async |body: Value| shop.call_with(&who, "POST", "/api/waitlist", &key, body).await;
    let first = join(wish(&[&offer], 1)).await.expect(202);
    shop.pass(120).await;
    ask(&shop, &other, wish(&[&offer], 1)).await.refused(409, "not_on_sale");
    assert_eq!(join(wish(&[&offer], 1)).await.expect(202)["id"], first["id"]);
    join(wish(&[&offer], 2)).await.refused(409, "idempotency_conflict");
}

#[tokio::test]
pub(crate) async fn the_auditor_sees_money_of_those_who_wait_that_went_nowhere() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(1)).await;
    let (holder, who) = (shop.buyer().await, shop.buyer().await);
    shop.sale(&holder, &offer, 1).await;
    let id = in_line(&shop, &who, &[&offer], 1).await;
    shop.drained().await;
    let deposit: OrderId = id.parse().unwrap();
    let write = |phase: &str| {
        let name = format!("{}{}", shop.app().settings.table_prefix, store::Table::Orders.name());
        let pk = format!("{}#{}", shop.tenant, deposit.bare());
        let request = json!({
            "TableName": name, "Key": {"pk": {"S": pk}, "sk": {"S": store::keys::REQUEST}},
            "UpdateExpression": "SET ph = :ph", "ExpressionAttributeValues": {":ph": {"S": phase}},
        });
        engine(&shop, "UpdateItem", &request);
    };
    write("cancelled-refunded");
    let forgotten = Violation::DepositDiffers { order: deposit, captured: PRICE, used: 0 };
    assert_eq!(look(&shop).await.violations, [forgotten]);
    // What is left to do is done.
    write("cancelled");
    let found = look(&shop).await;
    assert_eq!((found.violations, found.unfinished), (vec![], vec![Unfinished::Owed { order: deposit }]));
    assert_eq!(see(&shop, &who, &id).await["status"], "cancelled");
    let export = shop.get(&who, "/api/users/export").await.data();
    assert_eq!(export["orders"][0]["waitedFor"][0]["priceOptionId"], json!(offer.option), "{export}");
    shop.tick().await;
    shop.drained().await;
    assert_eq!(audit(&shop).await.returned, PRICE);
}
