//! What is personal: it is nowhere in clear, its owner can have all of it, and it goes when they ask.

use data_encoding::BASE64;
use domain::user::Role;
use providers::queue::Queue;
use serde_json::{Value, json};
use store::{Place, Table};

use crate::{
    audit::{audit, scan},
    client::Answer,
    shop::{Person, Shop, person, text, tickets},
};

const PASSWORD: &str = "demo-password-1";
const EMAIL: &str = "wei.personal@people.test";
const PHONE: &str = "+8613912345678";
const NAMES: [&str; 4] = ["Wei Personal", "Contact Personal", "昵称人", "13987654321"];

/// Somebody with every personal field filled in.
struct Wei {
    token: String,
}

impl Wei {
    async fn register(shop: &Shop) -> Self {
        let body =
            json!({"tenantId": "demo", "email": EMAIL, "phone": PHONE, "password": PASSWORD, "nickname": NAMES[2]});
        let made = send(shop, "POST", "/api/auth/register", None, body).await.expect(201);
        let wei = Self { token: text(&made, "token") };
        let profile = json!({"realName": NAMES[0], "avatar": "https://people.test/wei.png"});
        wei.call(shop, "PUT", "/api/users/profile", profile).await.expect(200);
        wei
    }

    async fn call(&self, shop: &Shop, method: &str, path: &str, body: Value) -> Answer {
        send(shop, method, path, Some(&self.token), body).await
    }

    async fn order(&self, shop: &Shop, event: &crate::shop::Offer, quantity: u8) -> String {
        let mut order = event.order(quantity);
        order["userInfo"] = json!({"name": NAMES[1], "phone": NAMES[3]});
        text(&self.call(shop, "POST", "/api/orders", order).await.expect(202), "id")
    }

    async fn pay(&self, shop: &Shop, order: &str) {
        let begun = self.call(shop, "POST", "/api/payments/sandbox", json!({"orderId": order})).await.data();
        let path = format!("/api/payments/sandbox/{}/complete", text(&begun, "paymentId"));
        self.call(shop, "POST", &path, json!({"outcome": "paid"})).await.expect(200);
        shop.drained().await;
    }
}

async fn send(shop: &Shop, method: &str, path: &str, token: Option<&str>, body: Value) -> Answer {
    let (bearer, key) = (token.map(|token| format!("Bearer {token}")), crate::shop::fresh_key());
    let mut headers = vec![("content-type", "application/json"), ("idempotency-key", key.as_str())];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(&body).unwrap() };
    shop.web.send(method, path, &headers, body).await
}

async fn login(shop: &Shop, name: &str) -> Answer {
    let body = json!({"tenantId": "demo", "login": name, "password": PASSWORD});
    send(shop, "POST", "/api/auth/login", None, body).await
}

/// The bodies of messages.
fn queued(shop: &Shop) -> Vec<String> {
    shop.system.engines.sqs().every_body().unwrap()
}

/// What stands in texts that are base64: bytes are stored and sent so.
fn behind_base64(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let bytes = BASE64.decode(text.as_bytes()).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        }
        Value::Array(values) => values.iter().map(behind_base64).collect(),
        Value::Object(fields) => fields.values().map(behind_base64).collect(),
        _ => String::new(),
    }
}

/// Everything that is stored, also of messages, in which any of the texts stands in clear.
fn in_clear(shop: &Shop, texts: &[&str]) -> Vec<String> {
    let items = Table::ALL.into_iter().flat_map(|table| scan(shop, table));
    let messages = queued(shop).into_iter().map(|body| serde_json::from_str(&body).unwrap());
    let all = items.chain(messages).map(|what| [what.to_string(), behind_base64(&what)].concat()).collect::<Vec<_>>();
    assert!(all.len() > 10, "{}", all.len());
    all.into_iter().filter(|what| texts.iter().any(|text| what.contains(text))).collect()
}

#[tokio::test]
pub(crate) async fn nothing_personal_is_stored_or_queued_in_clear() {
    // The background stands still, so that messages are seen before they are worked on.
    let shop = Shop::stepped().await;
    let offer = shop.publish(tickets(10)).await;
    let wei = Wei::register(&shop).await;
    login(&shop, PHONE).await.expect(200);
    login(&shop, "nobody.personal@people.test").await.refused(401, "bad_credentials");
    let order = wei.order(&shop, &offer, 2).await;
    let secrets = [&[EMAIL, PHONE, "13912345678", "wei.personal", "nobody.personal", "wei.png"][..], &NAMES].concat();
    let queued = queued(&shop);
    assert!(queued.iter().any(|body| body.contains(&order)), "the order is not in a message: {queued:?}");
    assert_eq!(in_clear(&shop, &secrets), [""; 0]);
    shop.drained().await;
    wei.pay(&shop, &order).await;
    let ask = json!({"orderId": order, "reason": "other plans"});
    wei.call(&shop, "POST", "/api/payments/refund", ask).await.expect(202);
    shop.drained().await;
    assert_eq!(in_clear(&shop, &secrets), [""; 0]);
    // They themselves see it all the same.
    let seen = wei.call(&shop, "GET", &format!("/api/orders/{order}"), Value::Null).await.data();
    assert_eq!((&seen["userName"], &seen["userPhone"]), (&json!(NAMES[1]), &json!(NAMES[3])));
    let profile = wei.call(&shop, "GET", "/api/users/profile", Value::Null).await.data();
    assert_eq!((&profile["phone"], &profile["realName"]), (&json!(PHONE), &json!(NAMES[0])));
}

#[tokio::test]
async fn a_new_data_key_seals_and_the_old_one_still_opens() {
    let shop = Shop::open().await;
    let store = shop.store();
    let place = Place { kind: "test", id: b"1", field: "a" };
    let (old, hash) = (store.seal(place, b"old").await.unwrap(), store.keyed_hash("test", "a").await.unwrap());
    store.make_next_key().await.unwrap();
    let new = store.seal(place, b"new").await.unwrap();
    assert_eq!((old[2], new[2]), (1, 2), "the number of the key");
    assert_eq!(store.open(place, &old).await.unwrap(), b"old");
    assert_eq!(store.open(place, &new).await.unwrap(), b"new");
    assert_eq!(store.keyed_hash("test", "a").await.unwrap(), hash);
    let other = shop.app().store.tenant(&"other".parse().unwrap());
    assert!(matches!(other.seal(place, b"x").await, Err(store::Failed::NoTenant)), "there is no such tenant");
    other.make_first_key().await.unwrap();
    assert!(other.open(place, &old).await.is_err(), "it is another tenant's");
    assert_ne!(other.keyed_hash("test", "a").await.unwrap(), hash);
}

#[tokio::test]
pub(crate) async fn people_have_all_that_is_kept_of_them() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(10)).await;
    let wei = Wei::register(&shop).await;
    let order = wei.order(&shop, &offer, 2).await;
    shop.drained().await;
    wei.pay(&shop, &order).await;
    wei.call(&shop, "POST", "/api/payments/refund", json!({"orderId": order, "reason": "ill"})).await.expect(202);
    let export = wei.call(&shop, "GET", "/api/users/export", Value::Null).await.data();
    assert_eq!((&export["profile"]["email"], &export["hasMoreOrders"]), (&json!(EMAIL), &json!(false)));
    assert_eq!(export["sessions"].as_array().unwrap().len(), 1);
    let kept = &export["orders"][0];
    assert_eq!((&kept["id"], &kept["userName"]), (&json!(order), &json!(NAMES[1])));
    assert_eq!((kept["tickets"].as_array().unwrap().len(), &kept["refunds"][0]["reason"]), (2, &json!("ill")));
    assert_eq!(kept["payments"].as_array().unwrap().len(), 1);
    let refund = format!("/api/refunds/{}", text(&kept["refunds"][0], "id"));
    assert_eq!(wei.call(&shop, "GET", &refund, Value::Null).await.data()["reason"], "ill");
    let other = shop.buyer().await;
    let others = shop.get(&other, "/api/users/export").await.data();
    assert_eq!(others["orders"], json!([]));
}

#[tokio::test]
pub(crate) async fn whoever_asks_is_erased_and_the_books_stay_right() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(10)).await;
    let wei = Wei::register(&shop).await;
    let paid = wei.order(&shop, &offer, 2).await;
    shop.drained().await;
    wei.pay(&shop, &paid).await;
    let open = wei.order(&shop, &offer, 1).await;
    shop.drained().await;
    let erase = |password: &str| json!({"password": password});
    let me = "/api/users/me/erase";
    wei.call(&shop, "POST", me, erase("not-my-password")).await.refused(401, "bad_credentials");
    wei.call(&shop, "POST", me, erase(PASSWORD)).await.refused(409, "orders_open");
    wei.call(&shop, "PUT", &format!("/api/orders/{open}/cancel"), json!({})).await.expect(200);
    shop.drained().await;
    wei.call(&shop, "POST", me, erase(PASSWORD)).await.expect(202);
    // The session is over, nobody has the name, and there is nobody to log in.
    shop.clock.advance(3);
    wei.call(&shop, "GET", "/api/users/profile", Value::Null).await.refused(401, "session_revoked");
    login(&shop, EMAIL).await.refused(401, "bad_credentials");
    shop.pass(61).await;
    shop.pass(3_601).await;
    for order in [&paid, &open] {
        let stored = shop.stored(order).await;
        assert!(stored.contact.is_nobody());
    }
    let kept = shop.stored(&paid).await;
    assert_eq!((kept.purchase.total.minor, kept.status().word()), (2 * crate::shop::PRICE, "ticketed"));
    audit(&shop).await;
    let again = json!({"tenantId": "demo", "email": EMAIL, "password": PASSWORD});
    send(&shop, "POST", "/api/auth/register", None, again).await.expect(201);
}

#[tokio::test]
pub(crate) async fn an_administrator_erases_who_asks_them_and_nobody_above_or_themselves() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let path = |who: &Person| format!("/api/admin/users/{}", who.identity.user);
    let root = person(shop.app(), &shop.tenant, Role::Platform, "root").await;
    for (who, status, word) in [(&root, 403, "forbidden"), (&shop.admin, 403, "forbidden")] {
        shop.call(&shop.admin, "DELETE", &path(who), Value::Null).await.refused(status, word);
    }
    shop.call(&shop.admin, "DELETE", &path(&buyer), Value::Null).await.expect(202);
    shop.call(&shop.admin, "DELETE", &path(&buyer), Value::Null).await.refused(404, "not_found");
    shop.pass(61).await;
    shop.pass(3_601).await;
    assert!(shop.store().identity().is_erased(buyer.identity.user).await.unwrap());
}

#[tokio::test]
pub(crate) async fn who_dies_while_erasing_is_finished_by_the_message() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(10)).await;
    let (buyer, spared) = (shop.buyer().await, shop.buyer().await);
    let sale = shop.sale(&buyer, &offer, 1).await;
    let message = |who: &Person| app::message::UserErased {
        tenant: shop.tenant.clone().into(),
        user: who.identity.user.into(),
        last: false,
    };
    let app = shop.app();
    // One died after the message and before the mark: nothing was done, and nothing is.
    app.queues.send(Queue::EraseUser, &message(&spared), 60, shop.now()).await.unwrap();
    // The other died right after the mark; names, logins and orders are as they were.
    app.queues.send(Queue::EraseUser, &message(&buyer), 60, shop.now()).await.unwrap();
    let user = shop.store().identity().user(buyer.identity.user).await.unwrap().unwrap();
    let mark = json!({
        "TableName": format!("{}identity", app.settings.table_prefix),
        "Item": {
            "pk": {"S": format!("demo#user#{}", domain::id::Id::bare(&user.id))}, "sk": {"S": "user"},
            "fence": {"BOOL": true}, "erased": {"N": "1"},
        },
    });
    shop.meddle("PutItem", &mark);
    shop.pass(61).await;
    shop.pass(3_601).await;
    assert!(shop.stored(&text(&sale, "id")).await.contact.is_nobody());
    shop.get(&buyer, "/api/users/profile").await.refused(401, "session_revoked");
    shop.get(&spared, "/api/users/profile").await.expect(200);
    // The name that still points to nobody is taken over.
    let again = json!({"tenantId": "demo", "email": user.email, "password": PASSWORD});
    send(&shop, "POST", "/api/auth/register", None, again).await.expect(201);
}
