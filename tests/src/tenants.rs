//! Tenants are made, run themselves, and are disabled.

use domain::{tenant::TenantId, user::Role};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    accounts::call,
    audit::scan,
    shop::{Person, Shop, person, text, tickets},
};

const PASSWORD: &str = "demo-password-1";

async fn root(shop: &Shop) -> Person {
    person(shop.app(), &shop.tenant, Role::Platform, "root").await
}

#[tokio::test]
pub(crate) async fn a_tenant_is_made_and_its_first_administrator_comes_by_invitation() {
    let shop = Shop::open().await;
    let root = root(&shop).await;
    let hall = json!({"id": "city-hall", "name": "City Hall"});
    shop.post(&root, "/api/platform/tenants", json!({"id": "City", "name": "x"}))
        .await
        .refused(400, "validation_failed");
    shop.post(&root, "/api/platform/tenants", json!({"id": "demo", "name": "Demo"}))
        .await
        .refused(409, "already_exists");
    shop.post(&shop.admin, "/api/platform/tenants", hall.clone()).await.refused(403, "forbidden");
    let first = shop.post(&root, "/api/platform/tenants", hall.clone()).await.expect(201);
    // Whoever lost the answer asks again, and both invitations are to the one account.
    let second = shop.post(&root, "/api/platform/tenants", hall.clone()).await.expect(201);
    let accept = |made: &Value, email: &str| json!({"tenantId": "city-hall", "invitation": made["invitation"], "email": email, "password": PASSWORD});
    let path = "/api/auth/invitations/accept";
    let mut elsewhere = accept(&first, "a@hall.test");
    elsewhere["tenantId"] = json!("demo");
    call(&shop, "POST", path, None, elsewhere).await.refused(404, "not_found");
    call(&shop, "POST", path, None, accept(&second, "boss@hall.test")).await.expect(201);
    call(&shop, "POST", path, None, accept(&first, "thief@hall.test")).await.refused(404, "not_found");
    call(&shop, "POST", path, None, accept(&second, "boss@hall.test")).await.refused(404, "not_found");
    shop.post(&root, "/api/platform/tenants", hall).await.refused(409, "already_exists");
    let login = json!({"tenantId": "city-hall", "username": "boss@hall.test", "password": PASSWORD});
    let session = call(&shop, "POST", "/api/admin/auth/login", None, login).await.data();
    assert_eq!(session["user"]["role"], "admin");
    let listed = shop.get(&root, "/api/platform/tenants").await.data();
    let ids: Vec<_> = listed["items"].as_array().unwrap().iter().map(|item| text(item, "id")).collect();
    assert_eq!(ids, ["city-hall", "demo"]);
    // Who runs the platform sees the list, and nothing that the tenant keeps.
    let bearer = format!("Bearer {}", shop.token(&root));
    let foreign = [("authorization", bearer.as_str()), ("x-tenant-id", "city-hall")];
    shop.web.send("GET", "/api/admin/events", &foreign, "").await.refused(400, "validation_failed");
}

#[tokio::test]
async fn of_several_who_accept_an_invitation_at_once_one_is_told_that_they_did() {
    let shop = Shop::open().await;
    let root = root(&shop).await;
    let made = shop.post(&root, "/api/platform/tenants", json!({"id": "hall", "name": "Hall"})).await.expect(201);
    let body = |email: &str, field: &str| json!({"tenantId": "hall", field: email, "password": PASSWORD});
    let emails = ["a@hall.test", "b@hall.test", "c@hall.test", "d@hall.test"];
    let told = join_all(emails.map(|email| {
        let mut accept = body(email, "email");
        accept["invitation"] = made["invitation"].clone();
        call(&shop, "POST", "/api/auth/invitations/accept", None, accept)
    }));
    let told: Vec<_> = told.await.into_iter().map(|answer| answer.status).collect();
    let mut let_in = Vec::new();
    for email in emails {
        let_in.push(call(&shop, "POST", "/api/admin/auth/login", None, body(email, "username")).await.status);
    }
    let expected: Vec<_> = let_in.iter().map(|status| if *status == 200 { 201 } else { 404 }).collect();
    assert_eq!((told, let_in.iter().filter(|status| **status == 200).count()), (expected, 1));
}

#[tokio::test]
async fn an_invitation_ends_after_a_week() {
    let shop = Shop::open().await;
    let root = root(&shop).await;
    let made = shop.post(&root, "/api/platform/tenants", json!({"id": "hall", "name": "Hall"})).await.expect(201);
    shop.clock.advance(7 * 86_400);
    let accept = json!({
        "tenantId": "hall", "invitation": made["invitation"], "email": "a@hall.test", "password": PASSWORD,
    });
    call(&shop, "POST", "/api/auth/invitations/accept", None, accept).await.refused(404, "not_found");
}

#[tokio::test]
pub(crate) async fn a_tenant_chooses_and_its_secrets_are_never_shown() {
    const SECRET: &str = "sk_live_0123456789";
    let shop = Shop::open().await;
    let before = shop.get(&shop.admin, "/api/admin/tenant").await.data();
    let change = json!({
        "version": before["version"], "contact": "help@demo.test", "locale": "zh-CN", "holdMinutes": 5, "maxPerOrder": 2,
        "features": {"enableCalendar": true, "enableMembership": false, "enableCoupon": false, "enableMerchandise": true},
        "refundPolicy": {"mode": "automatic", "hoursBefore": 48}, "allowedOrigins": ["https://shop.test"],
        "adminNetworks": ["192.0.2.0/24"], "twoFactorRoles": ["admin"],
        "credentials": [{"provider": "stripe", "secret": SECRET}],
    });
    // Nobody shuts themselves out.
    let elsewhere = shop.call(&shop.admin, "PUT", "/api/admin/tenant", change.clone()).await;
    assert_eq!(elsewhere.refused(400, "validation_failed")["details"][0]["field"], "adminNetworks");
    let mut change_here = change;
    change_here["adminNetworks"] = json!(["127.0.0.0/8", "::1"]);
    let put = shop.call(&shop.admin, "PUT", "/api/admin/tenant", change_here.clone()).await;
    let changed = put.expect(200);
    assert!(!put.to_string().contains(SECRET), "{put}");
    assert_eq!(changed["credentials"], json!([{"provider": "stripe", "isSet": true}]));
    shop.call(&shop.admin, "PUT", "/api/admin/tenant", change_here).await.refused(409, "version_conflict");
    let shown = shop.get(&shop.admin, "/api/admin/tenant").await;
    assert_eq!(shown.data(), changed);
    assert!(!shown.to_string().contains(SECRET));
    let stored = store::Table::ALL.into_iter().flat_map(|table| scan(&shop, table));
    assert_eq!(stored.filter(|item| item.to_string().contains(SECRET)).count(), 0);
    // What it chose counts.
    shop.clock.advance(3);
    let offer = shop.publish(tickets(10)).await;
    let buyer = shop.buyer().await;
    let most = shop.try_buy(&buyer, &offer, 3).await;
    assert_eq!(most.refused(409, "limit_exceeded")["maxPerOrder"], 2);
    shop.buy(&buyer, &offer, 2).await;
    let public = call(&shop, "GET", "/api/tenants/demo", None, Value::Null).await;
    let seen = public.data();
    assert_eq!((&seen["locale"], &seen["features"]["enableMerchandise"]), (&json!("zh-CN"), &json!(true)));
    for hidden in ["adminNetworks", "credentials", "stripe", "allowedOrigins", "version"] {
        assert!(!public.to_string().contains(hidden), "{public}");
    }
    let tag = public.header("etag").to_owned();
    assert_eq!(public.header("cache-control"), "public, max-age=60");
    let again = shop.web.send("GET", "/api/tenants/demo", &[("if-none-match", &tag)], "").await;
    assert_eq!(again.status, 304);
    let forget = json!({"version": changed["version"], "credentials": [{"provider": "stripe"}], "holdMinutes": null});
    let gone = shop.call(&shop.admin, "PUT", "/api/admin/tenant", forget).await.expect(200);
    assert_eq!((&gone["credentials"], &gone["holdMinutes"]), (&json!([]), &json!(5)));
}

#[tokio::test]
pub(crate) async fn a_disabled_tenant_sells_nothing_and_its_money_goes_on() {
    let shop = Shop::open().await;
    let root = root(&shop).await;
    let offer = shop.publish(tickets(10)).await;
    let buyer = shop.buyer().await;
    let order = shop.hold(&buyer, &offer, 2).await;
    let payment = shop.begin(&buyer, &order).await;
    shop.drained().await;
    let registered = json!({"tenantId": "demo", "email": "old@demo.test", "password": PASSWORD});
    let session = call(&shop, "POST", "/api/auth/register", None, registered).await.expect(201);
    // The buyer pays; the provider tells of it after the tenant was disabled.
    shop.complete(&buyer, &payment, json!({"outcome": "paid", "delayMs": 60_000})).await.expect(200);
    let version = shop.get(&shop.admin, "/api/admin/tenant").await.data()["version"].clone();
    let path = "/api/platform/tenants/demo";
    let disable = json!({"version": version, "status": "disabled"});
    shop.call(&root, "PUT", path, json!({"version": 99, "status": "disabled"})).await.refused(409, "version_conflict");
    shop.call(&root, "PUT", path, json!({"version": version, "status": "closed"}))
        .await
        .refused(400, "validation_failed");
    let disabled = shop.call(&root, "PUT", path, disable).await.expect(200);
    assert_eq!(disabled["status"], "disabled");
    shop.clock.advance(2);
    shop.get(&buyer, &format!("/api/orders/{order}")).await.refused(403, "tenant_disabled");
    shop.get(&shop.admin, "/api/admin/tenant").await.refused(403, "tenant_disabled");
    shop.look("/api/events").await.refused(403, "tenant_disabled");
    call(&shop, "GET", "/api/tenants/demo", None, Value::Null).await.refused(403, "tenant_disabled");
    let login = json!({"tenantId": "demo", "login": "old@demo.test", "password": PASSWORD});
    call(&shop, "POST", "/api/auth/login", None, login.clone()).await.refused(403, "tenant_disabled");
    let wrong = json!({"tenantId": "demo", "login": "old@demo.test", "password": "wrong-password"});
    call(&shop, "POST", "/api/auth/login", None, wrong).await.refused(401, "bad_credentials");
    let new = json!({"tenantId": "demo", "email": "new@demo.test", "password": PASSWORD});
    call(&shop, "POST", "/api/auth/register", None, new).await.refused(403, "tenant_disabled");
    let refresh = json!({"refreshToken": session["refreshToken"]});
    call(&shop, "POST", "/api/auth/refresh", None, refresh).await.refused(403, "tenant_disabled");
    // Money that is on its way arrives.
    shop.pass(61).await;
    assert_eq!(shop.stored(&order).await.status().word(), "ticketed");
    let enable = json!({"version": disabled["version"], "status": "active"});
    shop.call(&root, "PUT", path, enable).await.expect(200);
    shop.clock.advance(2);
    call(&shop, "POST", "/api/auth/login", None, login).await.expect(200);
    shop.until(&buyer, &order, "ticketed").await;
    crate::audit::audit(&shop).await;
}

#[tokio::test]
async fn nobody_is_known_to_a_tenant_that_there_is_not() {
    let shop = Shop::open().await;
    let nowhere: TenantId = "nowhere".parse().unwrap();
    let login = json!({"tenantId": nowhere.as_str(), "login": "a@demo.test", "password": PASSWORD});
    call(&shop, "POST", "/api/auth/login", None, login).await.refused(401, "bad_credentials");
    let stored = store::Table::ALL.into_iter().flat_map(|table| scan(&shop, table));
    assert_eq!(stored.filter(|item| item.to_string().contains("nowhere")).count(), 0, "asking leaves nothing behind");
}
