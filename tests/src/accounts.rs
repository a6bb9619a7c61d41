//! People register, log in, change their password, and are kept out.

use data_encoding::BASE64URL_NOPAD;
use domain::{
    id::{Id as _, UserId},
    user::Role,
};
use futures_util::future::join_all;
use identity::{NewAccount, create_account};
use serde_json::{Value, json};
use store::{
    Table,
    identity::{Registration, Saved},
};

use crate::{
    client::Answer,
    shop::{Shop, text},
};

pub(crate) const PASSWORD: &str = "demo-password-1";
/// Milliseconds for which a session is believed alive, and one more second.
pub(crate) const NOTICED_SECS: i64 = 3;

/// Sends JSON with or without a token that the test was given.
pub(crate) async fn call(shop: &Shop, method: &str, path: &str, token: Option<&str>, body: Value) -> Answer {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(&body).unwrap() };
    shop.web.send(method, path, &headers, body).await
}

pub(crate) async fn register(shop: &Shop, body: Value) -> Answer {
    call(shop, "POST", "/api/auth/register", None, body).await
}

pub(crate) async fn login(shop: &Shop, login: &str, password: &str) -> Answer {
    let body = json!({"tenantId": "demo", "login": login, "password": password});
    call(shop, "POST", "/api/auth/login", None, body).await
}

pub(crate) async fn refresh(shop: &Shop, token: &str) -> Answer {
    call(shop, "POST", "/api/auth/refresh", None, json!({"refreshToken": token})).await
}

pub(crate) async fn profile(shop: &Shop, token: &str) -> Answer {
    call(shop, "GET", "/api/users/profile", Some(token), Value::Null).await
}

pub(crate) fn buyer() -> Value {
    json!({"tenantId": "demo", "email": "Ana@demo.test", "password": PASSWORD, "nickname": "B"})
}

pub(crate) fn tokens(answer: &Answer) -> (String, String) {
    let data = answer.data();
    (text(&data, "token"), text(&data, "refreshToken"))
}

#[tokio::test]
pub(crate) async fn whoever_registers_is_a_customer_and_logged_in() {
    let shop = Shop::open().await;
    let mut wants_more = buyer();
    wants_more["role"] = json!("admin");
    let registered = register(&shop, wants_more.clone()).await;
    assert_eq!(registered.expect(201)["user"]["role"], "customer");
    register(&shop, wants_more).await.refused(409, "already_registered");
    let (token, _) = tokens(&registered);
    assert_eq!(profile(&shop, &token).await.data()["email"], "ana@demo.test");
    let change = json!({"realName": "王", "avatar": "https://a.test/x.png"});
    let changed = call(&shop, "PUT", "/api/users/profile", Some(&token), change).await.data();
    assert_eq!((&changed["realName"], &changed["nickname"]), (&json!("王"), &json!("B")));
    let emptied = call(&shop, "PUT", "/api/users/profile", Some(&token), json!({"nickname": ""})).await.data();
    assert_eq!(emptied["nickname"], Value::Null);
}

#[tokio::test]
pub(crate) async fn everything_that_is_wrong_with_a_registration_is_told_at_once() {
    let shop = Shop::open().await;
    let nobody = json!({"tenantId": "nope", "email": "a@demo.test", "password": PASSWORD});
    register(&shop, nobody).await.refused(404, "not_found");
    let refused = register(&shop, json!({"tenantId": "demo", "email": 7, "password": "short"})).await;
    let refused = refused.refused(400, "validation_failed");
    let fields: Vec<_> = refused["details"].as_array().unwrap().iter().map(|it| it["field"].clone()).collect();
    assert_eq!(fields, ["email", "password"]);
    let common = json!({"tenantId": "demo", "email": "a@demo.test", "password": "1234567890"});
    register(&shop, common).await.refused(400, "validation_failed");
}

#[tokio::test]
pub(crate) async fn a_refresh_token_used_twice_ends_the_session_for_both() {
    let shop = Shop::open().await;
    let (_, first) = tokens(&register(&shop, buyer()).await);
    let (token, second) = tokens(&refresh(&shop, &first).await);
    refresh(&shop, &first).await.refused(401, "session_revoked");
    refresh(&shop, &second).await.refused(401, "session_revoked");
    profile(&shop, &token).await.refused(401, "session_revoked");
    assert_eq!(refresh(&shop, "x").await.status, 401);
}

#[tokio::test]
async fn who_knows_the_ids_of_a_session_alone_does_not_end_it() {
    let shop = Shop::open().await;
    let (token, real) = tokens(&register(&shop, buyer()).await);
    let mut made_up = BASE64URL_NOPAD.decode(real.as_bytes()).unwrap();
    // Behind version, user and login: 32 bytes that nobody else knows.
    for byte in [33, 48, 49, 64] {
        made_up[byte] ^= 1;
        refresh(&shop, &BASE64URL_NOPAD.encode(&made_up)).await.refused(401, "session_revoked");
        assert_eq!(profile(&shop, &token).await.status, 200);
    }
    refresh(&shop, &real).await.expect(200);
}

#[tokio::test]
pub(crate) async fn a_logout_kills_the_token() {
    let shop = Shop::open().await;
    register(&shop, buyer()).await.expect(201);
    let (token, again) = tokens(&login(&shop, "ANA@demo.test", PASSWORD).await);
    let (other, _) = tokens(&login(&shop, "ana@demo.test", PASSWORD).await);
    assert_eq!(profile(&shop, &token).await.status, 200);
    assert_eq!(call(&shop, "POST", "/api/auth/logout", Some(&token), json!({})).await.expect(200), Value::Null);
    assert_eq!(profile(&shop, &token).await.status, 401, "the process that ended it knows at once");
    assert_eq!(refresh(&shop, &again).await.status, 401);
    assert_eq!(profile(&shop, &other).await.status, 200, "another session of the same user goes on");
}

#[tokio::test]
pub(crate) async fn a_new_password_ends_the_other_sessions() {
    let shop = Shop::open().await;
    register(&shop, buyer()).await.expect(201);
    let (mine, my_refresh) = tokens(&login(&shop, "ana@demo.test", PASSWORD).await);
    let (other, other_refresh) = tokens(&login(&shop, "ana@demo.test", PASSWORD).await);
    let change = |old: &str| json!({"oldPassword": old, "newPassword": "demo-password-2"});
    let wrong = call(&shop, "POST", "/api/auth/password", Some(&mine), change("wrong")).await;
    wrong.refused(401, "bad_credentials");
    call(&shop, "POST", "/api/auth/password", Some(&mine), change(PASSWORD)).await.expect(200);
    shop.clock.advance(NOTICED_SECS);
    assert_eq!(profile(&shop, &mine).await.status, 200);
    assert_eq!(profile(&shop, &other).await.status, 401);
    assert_eq!(refresh(&shop, &other_refresh).await.status, 401);
    let (_, idle) = tokens(&refresh(&shop, &my_refresh).await);
    login(&shop, "ana@demo.test", PASSWORD).await.refused(401, "bad_credentials");
    shop.clock.advance(31 * 60);
    assert_eq!(refresh(&shop, &idle).await.status, 401, "idle for half an hour");
}

#[tokio::test]
pub(crate) async fn guessing_passwords_is_slowed_down_and_a_success_forgets_failures() {
    let shop = Shop::open().await;
    register(&shop, buyer()).await.expect(201);
    for name in ["ana@demo.test", "nobody@demo.test"] {
        for _ in 0..5 {
            login(&shop, name, "a wrong password").await.refused(401, "bad_credentials");
        }
        let slowed = login(&shop, name, PASSWORD).await;
        slowed.refused(429, "rate_limited");
        assert_eq!(slowed.header("retry-after"), "900");
    }
    shop.clock.advance(900);
    for _ in 0..2 {
        login(&shop, "ana@demo.test", PASSWORD).await.expect(200);
        for _ in 0..4 {
            login(&shop, "ana@demo.test", "a wrong password").await.refused(401, "bad_credentials");
        }
    }
    login(&shop, "ana@demo.test", PASSWORD).await.expect(200);
}

#[tokio::test]
pub(crate) async fn a_burst_of_guesses_gets_five() {
    let shop = Shop::open().await;
    register(&shop, buyer()).await.expect(201);
    let good = join_all((0..12).map(|_| login(&shop, "ana@demo.test", PASSWORD))).await;
    assert!(good.iter().all(|answer| answer.status == 200), "good ones are no guesses");
    let guesses = join_all((0..20).map(|_| login(&shop, "ana@demo.test", "a wrong password"))).await;
    let count = |status| guesses.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(401), count(429)), (5, 15));
}

#[tokio::test]
pub(crate) async fn one_of_many_registrations_with_one_name_wins() {
    let shop = Shop::open().await;
    let phone = json!({"tenantId": "demo", "phone": "13800138000", "password": PASSWORD});
    let all = join_all((0..8).map(|_| register(&shop, phone.clone()))).await;
    let count = |status| all.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(409)), (1, 7));
    let both = json!({"tenantId": "demo", "email": "two@demo.test", "phone": "13800138000", "password": PASSWORD});
    register(&shop, both).await.refused(409, "already_registered");
    let email = json!({"tenantId": "demo", "email": "two@demo.test", "password": PASSWORD});
    register(&shop, email).await.expect(201);
}

#[tokio::test]
pub(crate) async fn the_name_of_a_registration_that_died_is_taken_over_after_a_minute() {
    let shop = Shop::open().await;
    let tenant = shop.store();
    let body = json!({"tenantId": "demo", "email": "dead@demo.test", "password": PASSWORD});
    let made = register(&shop, body.clone()).await.expect(201);
    let dead: UserId = text(&made["user"], "id").parse().unwrap();
    let before = tenant.identity().user(dead).await.unwrap().unwrap();
    // It died between its name and its user: the user is not there.
    let table = format!("{}{}", shop.app().settings.table_prefix, Table::Identity.name());
    let key = json!({"pk": {"S": format!("demo#user#{}", dead.bare())}, "sk": {"S": "user"}});
    shop.meddle("DeleteItem", &json!({"TableName": table, "Key": key}));
    register(&shop, body.clone()).await.refused(409, "already_registered");
    shop.clock.advance(61);
    register(&shop, body).await.expect(201);
    assert_eq!(tenant.identity().register(&before, shop.now()).await.unwrap(), Registration::Taken);
    assert_eq!(tenant.identity().user(dead).await.unwrap(), None);
    assert_ne!(tenant.identity().named("dead@demo.test").await.unwrap().unwrap().id, dead);
}

#[tokio::test]
pub(crate) async fn staff_log_in_by_their_own_door_until_they_are_disabled() {
    let shop = Shop::open().await;
    let new = |email: &str, role| NewAccount {
        email: email.into(),
        password: PASSWORD.into(),
        role,
        nickname: "Boss".into(),
    };
    let boss = create_account(shop.app(), &shop.tenant, new("Boss@demo.test", Role::Admin)).await.unwrap();
    let again = create_account(shop.app(), &shop.tenant, new("boss@demo.test", Role::Staff)).await.unwrap();
    assert_eq!(boss, again, "an account that is there is left as it is");
    register(&shop, buyer()).await.expect(201);
    let admin_login = async |name: &str| {
        let body = json!({"tenantId": "demo", "username": name, "password": PASSWORD});
        call(&shop, "POST", "/api/admin/auth/login", None, body).await
    };
    admin_login("ana@demo.test").await.refused(401, "bad_credentials");
    let signed_in = admin_login("boss@demo.test").await;
    assert_eq!(signed_in.data()["user"]["role"], "admin");
    let (token, refreshing) = tokens(&signed_in);
    let tenant = shop.store();
    let user = tenant.identity().user(boss).await.unwrap().unwrap();
    assert_eq!(tenant.identity().disable(&user, shop.now()).await.unwrap(), Saved::Yes);
    shop.clock.advance(NOTICED_SECS);
    assert_eq!(profile(&shop, &token).await.status, 401);
    assert_eq!(refresh(&shop, &refreshing).await.status, 401);
    admin_login("boss@demo.test").await.refused(401, "bad_credentials");
    assert_eq!(tenant.identity().save(&user, shop.now()).await.unwrap(), Saved::Outdated);
}

#[tokio::test]
pub(crate) async fn a_tenant_shows_its_public_settings() {
    let shop = Shop::open().await;
    assert_eq!(shop.web.send("GET", "/readyz", &[], "").await.status, 200);
    let shown = shop.web.send("GET", "/api/tenants/demo", &[], "").await;
    assert_eq!(shown.data()["name"], "Demo");
    assert!(!shown.header("etag").is_empty());
    let known = shop.web.send("GET", "/api/tenants/demo", &[("if-none-match", shown.header("etag"))], "").await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    for nobody in ["nope", "NO%23"] {
        shop.web.send("GET", &format!("/api/tenants/{nobody}"), &[], "").await.refused(404, "not_found");
    }
}
