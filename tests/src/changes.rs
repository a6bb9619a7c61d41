//! Tickets that are changed for others: another train, another stretch, other seats. Whoever changes has either the old
//! tickets or the new ones, and has paid for what they have.

use domain::{
    Timestamp,
    id::{Id as _, OrderId},
    order::Exchange,
};
use serde_json::{Value, json};
use store::audit::Violation;

use crate::{
    audit::{audit, engine, look},
    client::Answer,
    rail::{DAY, TRAINS, class, open, opening, railway_of, search},
    rides::{self, line_of, run},
    sale::HOLD,
    shop::{PRICE, Person, Shop, fresh_key, person, text},
    theatre,
    venues::{event, publish, venue},
};

/// Two passengers of the first train from end to end, paid and ticketed.
async fn travellers(shop: &Shop, who: &Person, stretch: (&str, &str)) -> Value {
    let found = run(shop, "G1", "haicheng", "shanyangbei").await;
    let held = rides::order(shop, who, rides::wish(&found, stretch, "second", &[1, 2])).await;
    shop.pay(who, &text(&held, "id")).await;
    shop.until(who, &text(&held, "id"), "ticketed").await
}

async fn change(shop: &Shop, who: &Person, order: &Value, body: Value) -> Answer {
    shop.create(who, &format!("/api/orders/{}/change", text(order, "id")), body).await
}

async fn quote(shop: &Shop, who: &Person, order: &Value, query: &str) -> Answer {
    shop.get(who, &format!("/api/orders/{}/change?{query}", text(order, "id"))).await
}

async fn see(shop: &Shop, who: &Person, order: &Value) -> Value {
    shop.drained().await;
    shop.see(who, &text(order, "id")).await
}

/// What of an order's tickets admits.
fn valid(order: &Value) -> usize {
    order["tickets"].as_array().unwrap().iter().filter(|ticket| ticket["status"] == "valid").count()
}

#[tokio::test]
pub(crate) async fn a_passenger_takes_a_cheaper_train_and_gets_the_rest_back() {
    let shop = line_of(Shop::open().await).await;
    let who = shop.buyer().await;
    let old = travellers(&shop, &who, ("HCA", "SYB")).await;
    let noon = run(&shop, "G3", "haicheng", "shanyang").await;
    let ask = format!("runId={}&from=HCB&to=SYA", text(&noon, "runId"));
    let cost = quote(&shop, &who, &old, &ask).await.data();
    let (before, after) = (cost["oldAmount"].as_u64().unwrap(), cost["newAmount"].as_u64().unwrap());
    assert!(before > after, "{cost}");
    assert_eq!(
        (&cost["toPay"], &cost["givenBack"], &cost["fee"]),
        (&json!(0), &json!(before - after), &json!(0)),
        "{cost}"
    );

    // One of the two travels later, at once and without paying.
    let ticket = &old["tickets"][1]["id"];
    let one = quote(&shop, &who, &old, &format!("{ask}&ticketIds={}", ticket.as_str().unwrap())).await.data();
    let amounts = ["oldAmount", "newAmount", "givenBack"].map(|name| one[name].as_u64().unwrap());
    assert_eq!(amounts, [before / 2, after / 2, (before - after) / 2], "{one}");
    let body = json!({"ticketIds": [ticket], "runId": noon["runId"], "from": "HCB", "to": "SYA"});
    let placed = change(&shop, &who, &old, body.clone()).await.expect(202);
    assert_eq!((&placed["status"], &placed["totalAmount"]), (&json!("paid"), &json!(after / 2)), "{placed}");
    let new = see(&shop, &who, &placed).await;
    assert_eq!(
        (&new["status"], &new["from"], &new["quantity"]),
        (&json!("ticketed"), &json!("HCB"), &json!(1)),
        "{new}"
    );
    assert_eq!((new["seats"].as_array().map(Vec::len), valid(&new)), (Some(1), 1), "{new}");
    let rest = see(&shop, &who, &old).await;
    assert_eq!((&rest["status"], valid(&rest)), (&json!("ticketed"), 1), "{rest}");
    let free = run(&shop, "G1", "haicheng", "shanyangbei").await;
    assert_eq!(rides_left(&free), 59, "a seat of the first train is free again: {free}");

    // It is changed once, and once given up it is nobody's.
    let again = change(&shop, &who, &new, json!({"runId": noon["runId"]})).await;
    assert_eq!((again.status, &again.json()["reason"]), (409, &json!("too_often")), "{again}");
    let gone = change(&shop, &who, &old, body).await;
    assert_eq!((gone.status, &gone.json()["reason"]), (409, &json!("unknown_ticket")), "{gone}");

    // What is given back of the new ticket comes from what was paid for the old one.
    let refund = json!({"orderId": new["id"], "reason": "ill"});
    let refund = shop.create(&who, "/api/payments/refund", refund).await.expect(202);
    assert_eq!(refund["amount"], after / 2, "{refund}");
    shop.drained().await;
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned), (before, before / 2));
}

fn rides_left(found: &Value) -> u64 {
    class(found, "second")["remaining"].as_u64().unwrap()
}

#[tokio::test]
pub(crate) async fn from_the_search_to_a_change_and_whoever_waited_for_the_seat() {
    let shop = line_of(Shop::open().await).await;
    let (ana, ben, eve) = (shop.buyer().await, shop.buyer().await, shop.buyer().await);
    let first = ("HCA", "SYB");
    let found = run(&shop, "G1", "haicheng", "shanyangbei").await;
    assert_eq!(class(&found, "first")["remaining"], 8, "{found}");

    // Two of eight seats, and then all the others.
    let held = rides::order(&shop, &ana, rides::wish(&found, first, "first", &[1, 2])).await;
    shop.pay(&ana, &text(&held, "id")).await;
    let sold = shop.until(&ana, &text(&held, "id"), "ticketed").await;
    let rest = rides::order(&shop, &ben, rides::wish(&found, first, "first", &[3, 4, 5, 6, 7, 8])).await;
    shop.pay(&ben, &text(&rest, "id")).await;
    let full = run(&shop, "G1", "haicheng", "shanyangbei").await;
    assert_eq!(class(&full, "first")["remaining"], 0, "{full}");
    rides::ask(&shop, &eve, rides::wish(&found, first, "first", &[9])).await.refused(409, "sold_out");
    let ride = json!({"runId": found["runId"], "from": "HCA", "to": "SYB", "class": "first"});
    let wait = json!({
        "alternatives": [ride], "quantity": 1, "passengers": [rides::passenger(9)],
        "userInfo": {"name": "Wang Fang", "phone": "13800138000"},
    });
    let waiting = shop.create(&eve, "/api/waitlist", wait).await.expect(202);
    shop.pay(&eve, &text(&waiting, "id")).await;

    // One of the two takes a later train: the seat goes to who waited for it, with coach and number.
    let noon = run(&shop, "G3", "haicheng", "shanyang").await;
    let body = json!({
        "ticketIds": [sold["tickets"][1]["id"]], "runId": noon["runId"], "from": "HCB", "to": "SYA", "class": "second",
    });
    let changed = change(&shop, &ana, &sold, body).await.expect(202);
    let new = see(&shop, &ana, &changed).await;
    assert_eq!((&new["status"], valid(&new)), (&json!("ticketed"), 1), "{new}");
    let served = shop.get(&eve, &format!("/api/waitlist/{}", text(&waiting, "id"))).await.data();
    assert_eq!(served["status"], "served", "{served}");
    let hers = shop.until(&eve, &text(&served, "orderId"), "ticketed").await;
    assert_eq!(hers["tickets"][0]["seatNo"], sold["tickets"][1]["seatNo"], "{hers}");

    // The later train is given back, too; the first passenger still travels.
    let refund = json!({"orderId": new["id"], "reason": "ill"});
    shop.create(&ana, "/api/payments/refund", refund).await.expect(202);
    shop.drained().await;
    assert_eq!(valid(&see(&shop, &ana, &sold).await), 1);
    let fare = class(&found, "first")["price"].as_u64().unwrap();
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned), (9 * fare, fare), "eight seats are sold");
}

#[tokio::test]
pub(crate) async fn a_dearer_ride_is_paid_in_full_and_the_old_money_comes_back() {
    let shop = line_of(Shop::open().await).await;
    let who = shop.buyer().await;
    let old = travellers(&shop, &who, ("HCA", "LKA")).await;
    // Further on the same train: the passengers are on it already, and may be.
    let cost = quote(&shop, &who, &old, &format!("runId={}&to=SYB", text(&old, "runId"))).await.data();
    assert_eq!(cost["toPay"], cost["newAmount"], "{cost}");
    assert_eq!(cost["givenBack"], cost["oldAmount"], "{cost}");
    let body = json!({"runId": old["runId"], "to": "SYB"});
    let placed = change(&shop, &who, &old, body).await.expect(202);
    assert_eq!((&placed["status"], &placed["totalAmount"]), (&json!("pending"), &cost["newAmount"]), "{placed}");
    assert_eq!(valid(&see(&shop, &who, &old).await), 2, "until it is paid the old tickets are valid");

    shop.pay(&who, &text(&placed, "id")).await;
    let new = see(&shop, &who, &placed).await;
    assert_eq!((&new["status"], valid(&new)), (&json!("ticketed"), 2), "{new}");
    let gone = see(&shop, &who, &old).await;
    assert_eq!((&gone["status"], valid(&gone)), (&json!("refunded"), 0), "{gone}");
    let counted = audit(&shop).await;
    let amount = |name: &str| cost[name].as_u64().unwrap();
    assert_eq!((counted.taken, counted.returned), (amount("oldAmount") + amount("newAmount"), amount("oldAmount")));
    assert_eq!((counted.sold, counted.held), (2, 0), "the old seats are free");
}

#[tokio::test]
pub(crate) async fn a_change_whose_webhook_is_lost_is_found_by_asking() {
    let shop = line_of(Shop::open().await).await;
    let who = shop.buyer().await;
    let old = travellers(&shop, &who, ("HCA", "LKA")).await;
    let placed = change(&shop, &who, &old, json!({"runId": old["runId"], "to": "SYB"})).await.expect(202);
    shop.drained().await;
    let payment = shop.begin(&who, &text(&placed, "id")).await;
    let paid = json!({"outcome": "paid", "delayMs": 604_800_000_u64});
    shop.complete(&who, &payment, paid).await.expect(200);
    shop.drained().await;
    shop.pass(60).await;
    assert_eq!(valid(&see(&shop, &who, &placed).await), 2);
    assert_eq!(valid(&see(&shop, &who, &old).await), 0);
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn who_does_not_pay_for_a_change_keeps_what_they_have() {
    let shop = line_of(Shop::open().await).await;
    let who = shop.buyer().await;
    let old = travellers(&shop, &who, ("HCA", "LKA")).await;
    let body = json!({"runId": old["runId"], "to": "SYB"});
    let placed = change(&shop, &who, &old, body.clone()).await.expect(202);
    shop.drained().await;
    let payment = shop.begin(&who, &text(&placed, "id")).await;
    shop.pass(4 * HOLD).await;
    assert_eq!(shop.status(&who, &text(&placed, "id")).await, "expired");
    // A payment that comes all the same goes back: nobody is put on another train without knowing.
    shop.complete(&who, &payment, json!({})).await;
    shop.drained().await;
    assert_eq!(shop.status(&who, &text(&placed, "id")).await, "expired");
    assert_eq!(valid(&see(&shop, &who, &old).await), 2);

    // Whoever gives the old tickets back while the new ones wait for their payment gets that back too.
    let placed = change(&shop, &who, &old, body).await.expect(202);
    shop.drained().await;
    let refund = json!({"orderId": old["id"], "reason": "ill"});
    shop.create(&who, "/api/payments/refund", refund).await.expect(202);
    shop.drained().await;
    shop.pay(&who, &text(&placed, "id")).await;
    assert_eq!(shop.status(&who, &text(&placed, "id")).await, "expired");
    let counted = audit(&shop).await;
    assert_eq!((counted.sold, counted.held), (0, 0));
    assert_eq!(counted.taken, counted.returned, "all money is back");
}

#[tokio::test]
pub(crate) async fn a_fee_is_kept_and_rules_narrow_as_the_train_leaves() {
    let shop = Shop::open().await;
    railway_of(&shop, TRAINS).await;
    let mut terms = opening(DAY, DAY);
    terms["templates"][0]["changes"] = json!({"most": 2, "stages": [
        {"untilMinutesBefore": 2_880, "dates": "any", "otherDestination": true, "feePercent": 25},
        {"untilMinutesBefore": 0, "dates": "same"},
    ]});
    open(&shop, terms).await;
    let who = shop.buyer().await;
    let old = travellers(&shop, &who, ("HCA", "SYB")).await;
    let run = text(&old, "runId");
    let cost = quote(&shop, &who, &old, &format!("runId={run}&to=LKA")).await.data();
    let (before, after) = (cost["oldAmount"].as_u64().unwrap(), cost["newAmount"].as_u64().unwrap());
    let fee = (before - after) / 4;
    assert_eq!((&cost["fee"], &cost["givenBack"]), (&json!(fee), &json!(before - after - fee)), "{cost}");
    let new = change(&shop, &who, &old, json!({"runId": run, "to": "LKA"})).await.expect(202);
    assert_eq!(valid(&see(&shop, &who, &new).await), 2);
    // Two days before it leaves nobody goes elsewhere any more.
    shop.pass(7 * 24 * 3_600).await;
    let late = quote(&shop, &who, &new, &format!("runId={run}&to=SYB")).await;
    assert_eq!((late.status, &late.json()["reason"]), (409, &json!("destination")), "{late}");
    let counted = audit(&shop).await;
    assert_eq!(counted.taken - counted.returned, after + fee);
}

#[tokio::test]
pub(crate) async fn nonsense_about_changes_names_its_fields() {
    let shop = line_of(Shop::open().await).await;
    let (who, eve) = (shop.buyer().await, shop.buyer().await);
    let old = travellers(&shop, &who, ("HCA", "SYB")).await;
    let run = text(&old, "runId");
    change(&shop, &eve, &old, json!({"runId": run})).await.refused(404, "not_found");
    quote(&shop, &eve, &old, &format!("runId={run}")).await.refused(404, "not_found");
    for (body, field) in [
        (json!({}), "runId"),
        (json!({"runId": "run_nonsense"}), "runId"),
        (json!({"runId": run, "to": "XYZ"}), "to"),
        (json!({"runId": run, "from": "SYB", "to": "HCA"}), "to"),
        (json!({"runId": run, "class": "third"}), "class"),
        (json!({"runId": run, "wishes": ["roof"]}), "wishes[0]"),
        (json!({"runId": run, "ticketIds": []}), "ticketIds"),
    ] {
        let refused = change(&shop, &who, &old, body.clone()).await;
        refused.refused(400, "validation_failed");
        assert_eq!(refused.json()["details"][0]["field"], field, "{body}: {refused}");
    }
    let ticket = &old["tickets"][0]["id"];
    for strange in [json!([ticket, ticket]), json!(["tkt_0000000000000000000000000"])] {
        let refused = change(&shop, &who, &old, json!({"runId": run, "ticketIds": strange})).await;
        assert!(matches!(refused.status, 400 | 409), "{refused}");
    }
    for strange in ["tkt_1,", "%2C", &[ticket.as_str().unwrap(); 11].join(",")] {
        let refused = quote(&shop, &who, &old, &format!("runId={run}&ticketIds={strange}")).await;
        assert_eq!(refused.refused(400, "validation_failed")["details"][0]["field"], "ticketIds", "{strange}");
    }
    let held = rides::order(&shop, &who, rides::wish(&run_of(&run), ("HCA", "SYB"), "first", &[3])).await;
    let unpaid = change(&shop, &who, &held, json!({"runId": run})).await;
    assert_eq!((unpaid.status, &unpaid.json()["reason"]), (409, &json!("not_paid")), "{unpaid}");
    assert_eq!(valid(&see(&shop, &who, &old).await), 2, "nothing has changed");
    audit(&shop).await;
}

fn run_of(run: &str) -> Value {
    json!({"runId": run})
}

/// A party of two in a hall, ticketed, and its event.
async fn party(shop: &Shop, who: &Person) -> (Value, Value) {
    let hall = venue(shop).await;
    let event = publish(shop, event(shop, &hall)).await;
    let named = json!({"seats": ["stalls/2/6", "stalls/2/7"]});
    let held = theatre::order(shop, who, theatre::wish(&event, "Rear", 2, &named)).await;
    shop.pay(who, &text(&held, "id")).await;
    (shop.until(who, &text(&held, "id"), "ticketed").await, event)
}

async fn relocate(shop: &Shop, who: &Person, order: &Value, body: Value) -> Answer {
    shop.create(who, &format!("/api/admin/orders/{}/seats", text(order, "id")), body).await
}

#[tokio::test]
pub(crate) async fn an_organiser_moves_a_party_to_other_seats() {
    let shop = Shop::open().await;
    let who = shop.buyer().await;
    let (old, event) = party(&shop, &who).await;
    relocate(&shop, &who, &old, json!({"seats": ["stalls/2/1", "stalls/2/2"]})).await.refused(403, "forbidden");

    // One of the two moves: the other seats of the row are as they were.
    let body = json!({"ticketIds": [old["tickets"][1]["id"]], "seats": ["stalls/2/3"]});
    let (path, key) = (format!("/api/admin/orders/{}/seats", text(&old, "id")), fresh_key());
    let with = [("idempotency-key", key.as_str())];
    let moved = shop.call_with(&shop.admin, "POST", &path, &with, body.clone()).await.expect(202);
    let again = shop.call_with(&shop.admin, "POST", &path, &with, body).await.expect(202);
    assert_eq!(moved["id"], again["id"], "the same request moves once");
    let new = see(&shop, &who, &moved).await;
    assert_eq!((&new["status"], &new["seats"]), (&json!("ticketed"), &json!(["stalls/2/3"])), "{new}");
    assert_eq!((&new["totalAmount"], valid(&new)), (&json!(PRICE), 1));
    assert_eq!(valid(&see(&shop, &who, &old).await), 1);

    // The seat that was left can be had by others, the others cannot.
    shop.clock.advance(3);
    let ben = shop.buyer().await;
    let seat = |seat: &str| theatre::wish(&event, "Rear", 1, &json!({"seats": [seat]}));
    theatre::ask(&shop, &ben, seat("stalls/2/3")).await.refused(409, "seat_taken");
    theatre::ask(&shop, &ben, seat("stalls/2/6")).await.refused(409, "seat_taken");
    let had = theatre::order(&shop, &ben, seat("stalls/2/7")).await;
    shop.pay(&ben, &text(&had, "id")).await;
    let taken = relocate(&shop, &shop.admin, &new, json!({"seats": ["stalls/2/7"]})).await;
    taken.refused(409, "seat_taken");
    let counted = audit(&shop).await;
    assert_eq!((counted.sold, counted.held, counted.tickets), (3, 0, 3));
    assert_eq!((counted.taken, counted.returned), (3 * PRICE, 0));
}

#[tokio::test]
pub(crate) async fn nobody_is_moved_where_they_have_not_paid_for() {
    let shop = Shop::open().await;
    let who = shop.buyer().await;
    let (old, _) = party(&shop, &who).await;
    let stranger = person(shop.app(), &shop.tenant, domain::user::Role::Publisher, "stranger").await;
    relocate(&shop, &stranger, &old, json!({"seats": ["stalls/2/1", "stalls/2/2"]})).await.refused(404, "not_found");
    for (body, status, code) in [
        (json!({"seats": ["stalls/2/1"]}), 400, "validation_failed"),
        (json!({"seats": ["stalls/2/1", "stalls/2/1"]}), 400, "validation_failed"),
        (json!({"seats": ["stalls/2/1", "attic/1/1"]}), 400, "validation_failed"),
        (json!({"seats": ["stalls/2/6", "stalls/2/8"]}), 409, "seat_taken"),
        (json!({"seats": ["stalls/1/1", "stalls/1/2"]}), 409, "seat_not_offered"),
    ] {
        relocate(&shop, &shop.admin, &old, body).await.refused(status, code);
    }
    assert_eq!(valid(&see(&shop, &who, &old).await), 2);
    let counted = audit(&shop).await;
    assert_eq!((counted.sold, counted.held), (2, 0));
}

#[tokio::test]
pub(crate) async fn the_auditor_sees_new_tickets_for_which_no_old_ones_were_given() {
    let shop = Shop::open().await;
    let who = shop.buyer().await;
    let (old, _) = party(&shop, &who).await;
    let moved = relocate(&shop, &shop.admin, &old, json!({"seats": ["stalls/2/2", "stalls/2/3"]})).await.expect(202);
    see(&shop, &who, &moved).await;
    audit(&shop).await;
    let (old, new): (OrderId, OrderId) = (text(&old, "id").parse().unwrap(), text(&moved, "id").parse().unwrap());
    let name = format!("{}{}", shop.app().settings.table_prefix, store::Table::Orders.name());
    let key = json!({
        "pk": {"S": format!("{}#{}", shop.tenant, old.bare())},
        "sk": {"S": format!("refund#{}", Exchange::refund_id(new).bare())},
    });
    // As if a part of what the old ones were worth had not been kept.
    let kept = json!({"L": [{"S": new.bare()}, {"N": "1"}]});
    let request = json!({
        "TableName": name, "Key": key, "UpdateExpression": "SET #to = :to",
        "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeNames": {"#to": "to"}, "ExpressionAttributeValues": {":to": kept},
    });
    engine(&shop, "UpdateItem", &request);
    let found = look(&shop).await.violations;
    assert!(found.contains(&Violation::ExchangeDiffers { order: new, old }), "{found:?}");
}

#[tokio::test]
pub(crate) async fn whose_train_does_not_run_takes_another_without_its_rules() {
    let shop = Shop::open().await;
    railway_of(&shop, TRAINS).await;
    let mut terms = opening(DAY, DAY);
    terms["templates"][0].as_object_mut().unwrap().remove("changes");
    open(&shop, terms).await;
    let who = shop.buyer().await;
    let old = travellers(&shop, &who, ("HCA", "SYB")).await;
    let noon = run(&shop, "G3", "haicheng", "shanyang").await;
    let body = json!({"runId": noon["runId"], "from": "HCB", "to": "SYA"});
    let never = change(&shop, &who, &old, body.clone()).await;
    assert_eq!((never.status, &never.json()["reason"]), (409, &json!("too_often")), "{never}");
    let path = format!("/api/admin/rail/runs/{}/cancel", text(&old, "runId"));
    shop.post(&shop.admin, &path, json!({"reason": "snow"})).await.expect(200);
    shop.clock.advance(3);
    let new = change(&shop, &who, &old, body).await.expect(202);
    assert_eq!(valid(&see(&shop, &who, &new).await), 2);
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn a_change_is_no_way_around_the_rules_of_refunds() {
    let shop = Shop::open().await;
    railway_of(&shop, TRAINS).await;
    let mut terms = opening(DAY, "2026-01-12");
    terms["templates"][0]["changes"]["most"] = json!(2);
    open(&shop, terms).await;
    let who = shop.buyer().await;
    let old = travellers(&shop, &who, ("HCA", "SYB")).await;
    let later = search(&shop, "haicheng", "shanyangbei", "date=2026-01-12").await;
    let later = later["items"].as_array().unwrap().iter().find(|item| item["train"] == "G1").unwrap().clone();
    // Half an hour before it leaves nothing is given back any more, but another train can still be taken.
    let departs = "2026-01-10T00:00:00Z".parse::<Timestamp>().unwrap();
    shop.pass(departs.as_second() - 1_800 - shop.now().as_second()).await;
    let ask = |order: &Value| json!({"orderId": order["id"], "reason": "ill"});
    let late = shop.create(&who, "/api/payments/refund", ask(&old)).await;
    assert_eq!((late.status, &late.json()["reason"]), (409, &json!("too_late")), "{late}");
    let new = change(&shop, &who, &old, json!({"runId": later["runId"]})).await.expect(202);
    let new = see(&shop, &who, &new).await;
    assert_eq!((valid(&new), &new["changedFrom"]), (2, &old["id"]), "{new}");
    assert_eq!(see(&shop, &who, &old).await["changedTo"], json!([new["id"]]));
    let refused = shop.create(&who, "/api/payments/refund", ask(&new)).await;
    assert_eq!((refused.status, &refused.json()["reason"]), (409, &json!("changed")), "{refused}");
    // The organiser may all the same.
    let path = format!("/api/admin/orders/{}/refund", text(&new, "id"));
    shop.call(&shop.admin, "PUT", &path, json!({"approve": true})).await.expect(200);
    shop.drained().await;
    assert_eq!(see(&shop, &who, &new).await["status"], "refunded");
    // What was changed was not given back: there is nothing to approve.
    let path = format!("/api/admin/orders/{}/refund", text(&old, "id"));
    let nothing = shop.call(&shop.admin, "PUT", &path, json!({"approve": true, "rest": true})).await;
    assert_eq!((nothing.status, nothing.error()), (409, "not_refundable".into()), "{nothing}");
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn a_request_that_waits_for_a_decision_keeps_its_tickets() {
    let shop = Shop::open().await;
    let who = shop.buyer().await;
    let (old, _) = party(&shop, &who).await;
    let ask = json!({"orderId": old["id"], "ticketIds": [old["tickets"][0]["id"]], "reason": "ill"});
    shop.create(&who, "/api/payments/refund", ask).await.expect(202);
    let moved = relocate(&shop, &shop.admin, &old, json!({"seats": ["stalls/2/2", "stalls/2/3"]})).await;
    assert_eq!((moved.status, &moved.json()["reason"]), (409, &json!("refund_waits")), "{moved}");
    let body = json!({"ticketIds": [old["tickets"][1]["id"]], "seats": ["stalls/2/3"]});
    relocate(&shop, &shop.admin, &old, body).await.expect(202);
    shop.drained().await;
    let path = format!("/api/admin/orders/{}/refund", text(&old, "id"));
    shop.call(&shop.admin, "PUT", &path, json!({"approve": true})).await.expect(200);
    shop.drained().await;
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned, counted.tickets), (2 * PRICE, PRICE, 1));
}
