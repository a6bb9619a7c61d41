//! What staff do is on the trail, and whatever is done to the trail is found.

use app::{Logged, Route};
use data_encoding::HEXLOWER;
use domain::user::Role;
use serde_json::{Value, json};

use crate::{
    derived::{Change, Roles, send},
    sample::samples,
    shop::{Person, Shop, text, tickets, together},
};

/// Routes for staff that change something and are not logged. Each says why in its declaration.
const NOT_LOGGED: [&str; 1] = ["check-in"];

fn is_exception(route: &Route) -> bool {
    matches!(route.logged, Logged::Not(why) if why.len() > 20)
}

/// Every record, newest first, page by page.
async fn listed(shop: &Shop, query: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = shop.get(&shop.admin, &format!("/api/admin/audit?pageSize=7{query}{cursor}")).await.data();
        all.extend(page["items"].as_array().unwrap().clone());
        match page["nextCursor"].as_u64() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// What the check says is wrong, as `kind` and sentence.
async fn faults(shop: &Shop) -> Vec<(String, String)> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let part = shop.get(&shop.admin, &format!("/api/admin/audit/verify?limit=100{cursor}")).await.data();
        let faults = part["faults"].as_array().unwrap();
        assert_eq!(part["whole"], json!(faults.is_empty()));
        found.extend(faults.iter().map(|fault| (text(fault, "kind"), text(fault, "what"))));
        if part["end"] == true {
            return found;
        }
        cursor = format!("&cursor={}", text(&part, "next"));
    }
}

#[track_caller]
fn check(found: &[(String, String)], expected: &[(&str, &str)]) {
    let found: Vec<_> = found.iter().map(|(kind, what)| (kind.as_str(), what.as_str())).collect();
    assert_eq!(found, expected);
}

fn table(shop: &Shop) -> String {
    [shop.app().settings.table_prefix.as_str(), "activity"].concat()
}

fn key(number: u64) -> Value {
    json!({"pk": {"S": "demo#trail"}, "sk": {"S": format!("{number:015}")}})
}

fn remove(shop: &Shop, key: &Value) {
    shop.meddle("DeleteItem", &json!({"TableName": table(shop), "Key": key}));
}

fn set(shop: &Shop, key: &Value, name: &str, value: &str) {
    shop.meddle(
        "UpdateItem",
        &json!({
            "TableName": table(shop), "Key": key, "UpdateExpression": "SET #n = :v",
            "ExpressionAttributeNames": {"#n": name}, "ExpressionAttributeValues": {":v": {"S": value}},
        }),
    );
}

fn put(shop: &Shop, sort: &str, attributes: &Value) {
    let mut item = json!({"pk": {"S": "demo#trail"}, "sk": {"S": sort}});
    item.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
    shop.meddle("PutItem", &json!({"TableName": table(shop), "Item": item}));
}

fn record(previous: &str, link: &str) -> Value {
    json!({"prev": {"S": previous}, "link": {"S": link}, "text": {"S": "{}"}})
}

#[tokio::test]
async fn whatever_staff_change_is_on_the_trail_by_its_declaration() {
    let shop = Shop::open().await;
    let roles = Roles::of(&shop, "demo").await;
    let mut logged = 0;
    for sample in samples() {
        let route = &sample.operation.route;
        let changes = route.changes() && route.is_for_staff();
        assert_eq!(changes && is_exception(route), NOT_LOGGED.contains(&route.name), "{}", route.name);
        assert_eq!(route.is_logged(), changes && !NOT_LOGGED.contains(&route.name), "{}", route.name);
        let before = shop.store().trail().last().await.unwrap().sequence;
        let who = roles.enough(route.auth);
        let answer = send(&shop, &sample, Change { who, ..Change::default() }).await;
        let after = shop.store().trail().last().await.unwrap().sequence;
        assert_eq!(after - before, if route.is_logged() { 2 } else { 0 }, "{}: {answer}", route.name);
        logged += (after - before) / 2;
    }
    assert!(logged >= 8, "{logged}");
    check(&faults(&shop).await, &[]);
}

#[tokio::test]
pub(crate) async fn administrators_read_who_did_what_and_what_became_of_it() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(4)).await;
    let path = format!("/api/admin/events/{}", offer.event);
    shop.clock.advance(60);
    shop.post(&shop.admin, &format!("{path}/reject"), json!({"reason": "A secret word."}))
        .await
        .refused(409, "wrong_state");
    // Who may not, and who says nothing readable, does nothing.
    shop.post(&shop.staff, &format!("{path}/cancel"), json!({"reason": "x"})).await.refused(403, "forbidden");
    shop.post(&shop.admin, &format!("{path}/cancel"), json!({"reason": ""})).await.refused(400, "validation_failed");

    let all = listed(&shop, "").await;
    let told: Vec<_> = all.iter().map(|it| (text(it, "route"), text(it, "kind"), it["status"].as_u64())).collect();
    let expected: Vec<_> =
        [("reject-event", 409), ("approve-event", 200), ("submit-event", 200), ("create-event", 201)]
            .into_iter()
            .flat_map(|(route, status)| [(route, "outcome", Some(status)), (route, "intent", None)])
            .map(|(route, kind, status)| (route.to_owned(), kind.to_owned(), status))
            .collect();
    assert_eq!(told, expected);
    let (outcome, intent) = (&all[2], &all[3]);
    assert_eq!((&outcome["of"], &intent["path"]["event"]), (&intent["sequence"], &json!(offer.event)));
    assert_eq!((&intent["userId"], &intent["role"]), (&json!(shop.admin.identity.user.to_string()), &json!("admin")));
    assert_eq!((&intent["ip"], &all[0]["error"]), (&json!("127.0.0.1"), &json!("wrong_state")));
    let change = |at: usize| all[at]["changed"][0].clone();
    assert_eq!(change(2)["before"], change(4)["after"], "approved is what was submitted");
    assert_eq!((&change(6)["what"], &change(6)["before"]), (&json!(offer.event), &Value::Null));
    let everything = format!("{all:?}");
    for hidden in ["winter concert", "Lin Ying", "secret word", "people.test"] {
        assert!(!everything.contains(hidden), "{hidden}");
    }

    let publisher = shop.publisher.identity.user;
    assert_eq!(listed(&shop, &format!("&actor={publisher}")).await.len(), 4);
    assert_eq!(listed(&shop, "&route=approve-event").await.len(), 2);
    assert_eq!(listed(&shop, &format!("&to={}", shop.now())).await.len(), 6);
    assert_eq!(listed(&shop, &format!("&from={}", shop.now())).await.len(), 2);
    for query in ["audit?cursor=x", "audit?from=yesterday", "audit/verify?cursor=x", "audit/verify?limit=0"] {
        shop.get(&shop.admin, &format!("/api/admin/{query}")).await.refused(400, "validation_failed");
    }
    check(&faults(&shop).await, &[]);
}

/// Adds records by asking for what is refused.
async fn acts(shop: &Shop, who: &Person, count: usize) {
    for _ in 0..count {
        let path = "/api/admin/events/evt_00000000000000000000000000/submit";
        shop.post(who, path, Value::Null).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn whatever_is_done_to_the_trail_is_found() {
    let shop = Shop::open().await;
    acts(&shop, &shop.admin, 5).await;
    check(&faults(&shop).await, &[]);
    let kept = shop.get(&shop.admin, "/api/admin/audit/verify").await.data();
    assert_eq!((&kept["records"], &kept["end"]), (&json!(10), &json!(true)));

    // Changed: the text, the link, what the record follows.
    set(&shop, &key(3), "text", r#"{"kind":"intent"}"#);
    check(&faults(&shop).await, &[("changed", "record 3 is not what was written")]);
    set(&shop, &key(5), "link", &"00".repeat(32));
    let both = [
        ("changed", "record 3 is not what was written"),
        ("changed", "record 5 is not what was written"),
        ("unlinked", "record 6 does not follow the one before it"),
    ];
    check(&faults(&shop).await, &both);
    set(&shop, &key(8), "prev", "not even a link");
    let third = [("strange", "\"000000000000008\" is no record"), ("missing", "records 8 to 8 are gone")];
    check(&faults(&shop).await, &[&both[..], &third[..]].concat());
}

#[tokio::test]
async fn whatever_is_taken_from_the_trail_is_missed() {
    let shop = Shop::open().await;
    acts(&shop, &shop.admin, 5).await;
    let kept = text(&shop.get(&shop.admin, "/api/admin/audit/verify").await.data(), "next");
    remove(&shop, &key(1));
    check(&faults(&shop).await, &[("missing", "records 1 to 1 are gone")]);
    remove(&shop, &key(4));
    remove(&shop, &key(5));
    let so_far = [("missing", "records 1 to 1 are gone"), ("missing", "records 4 to 5 are gone")];
    check(&faults(&shop).await, &so_far);
    // The end: nothing follows that would miss it, but it is noted how far the trail went.
    remove(&shop, &key(10));
    remove(&shop, &key(9));
    check(&faults(&shop).await, &[&so_far[..], &[("missing", "records 9 to 10 are gone")]].concat());
    // Who takes that note too is found by whoever kept the answer of a check.
    remove(&shop, &json!({"pk": {"S": "demo#trail-head"}, "sk": {"S": "head"}}));
    check(&faults(&shop).await, &so_far);
    let later = shop.get(&shop.admin, &format!("/api/admin/audit/verify?cursor={kept}")).await.data();
    assert_eq!(text(&later["faults"][0], "kind"), "other_start");
}

#[tokio::test]
async fn whatever_is_put_into_the_trail_is_no_record() {
    let shop = Shop::open().await;
    acts(&shop, &shop.admin, 2).await;
    put(&shop, "000000000000002x", &record("", ""));
    check(&faults(&shop).await, &[("strange", "\"000000000000002x\" is no record")]);
    remove(&shop, &json!({"pk": {"S": "demo#trail"}, "sk": {"S": "000000000000002x"}}));
    // At the end, following what is there: all but the key with which links are made.
    let last = shop.store().trail().last().await.unwrap();
    let hex = HEXLOWER.encode(&last.link);
    put(&shop, "000000000000005", &record(&hex, &"11".repeat(32)));
    check(&faults(&shop).await, &[("changed", "record 5 is not what was written")]);
    // The trail goes on behind it, and what was found stays found.
    acts(&shop, &shop.admin, 1).await;
    check(&faults(&shop).await, &[("changed", "record 5 is not what was written")]);
    // Another record in its place is not the one that the end is noted with.
    put(&shop, "000000000000007", &record(&hex, &"22".repeat(32)));
    let kinds: Vec<_> = faults(&shop).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["changed", "unlinked", "changed", "other_end"]);
}

#[tokio::test]
async fn records_of_another_tenant_are_none_of_this_one() {
    let shop = Shop::open().await;
    let others = Roles::of(&shop, "other").await;
    acts(&shop, &shop.admin, 1).await;
    acts(&shop, others.with(Role::Admin), 3).await;
    let theirs = shop.get(others.with(Role::Admin), "/api/admin/audit").await.data();
    assert_eq!(theirs["items"].as_array().unwrap().len(), 6);
    assert_eq!(listed(&shop, "").await.len(), 2);
    // Their third record, in our trail's third place.
    let entry = match shop.app().store.tenant(&"other".parse().unwrap()).trail().entry(3).await.unwrap().unwrap() {
        store::Found::Entry(entry) => entry,
        store::Found::Strange(sort) => panic!("{sort}"),
    };
    let hex = |bytes: [u8; 32]| HEXLOWER.encode(&bytes);
    let item = json!({"prev": {"S": hex(entry.previous)}, "link": {"S": hex(entry.link)}, "text": {"S": entry.text}});
    put(&shop, "000000000000003", &item);
    let kinds: Vec<_> = faults(&shop).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["unlinked", "changed"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_who_act_at_once_are_on_one_trail() {
    const ACTS: usize = 40;
    let shop = std::sync::Arc::new(Shop::open().await);
    let act = |_| {
        let shop = std::sync::Arc::clone(&shop);
        async move { acts(&shop, &shop.admin, 1).await }
    };
    together(10, (0..ACTS).map(act)).await;
    let all = listed(&shop, "").await;
    assert_eq!(all.len(), 2 * ACTS);
    let numbers: Vec<_> = all.iter().rev().map(|it| it["sequence"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=2 * ACTS as u64).collect::<Vec<_>>());
    check(&faults(&shop).await, &[]);
}
