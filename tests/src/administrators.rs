//! Those who run a tenant find its users, give them roles, and keep them out.

use domain::user::Role;
use identity::{NewAccount, create_account};
use serde_json::{Value, json};

use crate::{
    accounts::{NOTICED_SECS, PASSWORD, call, login, profile, refresh, register, tokens},
    client::Answer,
    shop::{Person, Shop, text},
};

async fn change(shop: &Shop, who: &Person, user: &str, body: Value) -> Answer {
    shop.call(who, "PUT", &format!("/api/admin/users/{user}"), body).await
}

async fn list(shop: &Shop, query: &str) -> Value {
    shop.get(&shop.admin, &format!("/api/admin/users?{query}")).await.data()
}

fn nicknames(listed: &Value) -> Vec<String> {
    listed["items"].as_array().unwrap().iter().map(|user| text(user, "nickname")).collect()
}

/// Registers somebody; their id and their tokens.
async fn somebody(shop: &Shop, name: &str, nickname: &str) -> (String, String, String) {
    let body = json!({"tenantId": "demo", "email": name, "password": PASSWORD, "nickname": nickname});
    let made = register(shop, body).await;
    let (token, refreshing) = tokens(&made);
    (text(&made.data()["user"], "id"), token, refreshing)
}

#[tokio::test]
pub(crate) async fn users_are_found_by_role_status_login_and_nickname() {
    let shop = Shop::open().await;
    let mut ids = Vec::new();
    for (name, nickname) in [
        ("a@demo.test", "Anna"),
        ("b@demo.test", "anne"),
        ("c@demo.test", "Bert"),
        ("d@demo.test", "安娜"),
        ("e@demo.test", "A"),
    ] {
        shop.clock.advance(1);
        ids.push(somebody(&shop, name, nickname).await.0);
    }
    let customers = list(&shop, "role=customer&pageSize=2").await;
    assert_eq!((nicknames(&customers), &customers["total"]), (vec!["A".into(), "安娜".into()], &json!(5)));
    assert_eq!(nicknames(&list(&shop, "role=customer&pageSize=2&page=3").await), ["Anna"]);
    assert_eq!(list(&shop, "").await["total"], 8, "the shop's three are there, too");
    assert_eq!(nicknames(&list(&shop, "role=staff").await), ["staff"]);

    assert_eq!(nicknames(&list(&shop, "q=ANN").await), ["anne", "Anna"]);
    assert_eq!(nicknames(&list(&shop, "q=anne&role=customer").await), ["anne"]);
    assert_eq!(list(&shop, "q=anne&role=staff").await["total"], 0);
    assert_eq!(nicknames(&list(&shop, "q=%E5%AE%89%E5%A8%9C").await), ["安娜"]);
    assert_eq!(nicknames(&list(&shop, "q=C@demo.test").await), ["Bert"]);
    assert_eq!(list(&shop, "q=nobody@demo.test").await["total"], 0);
    shop.get(&shop.admin, "/api/admin/users?q=a").await.refused(400, "validation_failed");

    change(&shop, &shop.admin, &ids[2], json!({"status": "disabled"})).await.expect(200);
    assert_eq!(nicknames(&list(&shop, "status=disabled").await), ["Bert"]);
    assert_eq!(list(&shop, "role=customer&status=active").await["total"], 4);
    // A new nickname is found, and the one before is not.
    let (_, token, _) = somebody(&shop, "f@demo.test", "Carl").await;
    call(&shop, "PUT", "/api/users/profile", Some(&token), json!({"nickname": "Dora"})).await.expect(200);
    assert_eq!(list(&shop, "q=Carl").await["total"], 0);
    assert_eq!(nicknames(&list(&shop, "q=dor").await), ["Dora"]);
    shop.get(&shop.publisher, "/api/admin/users").await.refused(403, "forbidden");
}

#[tokio::test]
pub(crate) async fn a_new_role_counts_within_two_seconds_and_a_disabled_user_is_out() {
    let shop = Shop::open().await;
    let (id, token, refreshing) = somebody(&shop, "ana@demo.test", "Ana").await;
    assert_eq!(profile(&shop, &token).await.status, 200);
    let raised = change(&shop, &shop.admin, &id, json!({"role": "publisher"})).await.data();
    assert_eq!(raised["role"], "publisher");
    shop.clock.advance(NOTICED_SECS);
    profile(&shop, &token).await.refused(401, "session_revoked");
    refresh(&shop, &refreshing).await.refused(401, "session_revoked");
    let (token, refreshing) = tokens(&login(&shop, "ana@demo.test", PASSWORD).await);
    assert_eq!(call(&shop, "GET", "/api/admin/events", Some(&token), Value::Null).await.status, 200);

    // Lowered: what the token still says counts two seconds at most, and a refresh gives nothing.
    change(&shop, &shop.admin, &id, json!({"role": "customer"})).await.expect(200);
    shop.clock.advance(NOTICED_SECS);
    assert_eq!(call(&shop, "GET", "/api/admin/events", Some(&token), Value::Null).await.status, 401);
    assert_eq!(refresh(&shop, &refreshing).await.status, 401);
    let (token, _) = tokens(&login(&shop, "ana@demo.test", PASSWORD).await);
    call(&shop, "GET", "/api/admin/events", Some(&token), Value::Null).await.refused(403, "forbidden");

    change(&shop, &shop.admin, &id, json!({"status": "disabled"})).await.expect(200);
    shop.clock.advance(NOTICED_SECS);
    profile(&shop, &token).await.refused(401, "session_revoked");
    login(&shop, "ana@demo.test", PASSWORD).await.refused(401, "bad_credentials");
    change(&shop, &shop.admin, &id, json!({"status": "active"})).await.expect(200);
    login(&shop, "ana@demo.test", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn nobody_is_raised_above_who_raises_them_and_nobody_locks_themselves_out() {
    let shop = Shop::open().await;
    let tenant = &shop.tenant;
    let new = |role: Role| NewAccount {
        email: format!("{role}-2@demo.test"),
        password: PASSWORD.into(),
        role,
        nickname: "Two".into(),
    };
    let second = create_account(shop.app(), tenant, new(Role::Admin)).await.unwrap().to_string();
    let root = create_account(shop.app(), tenant, new(Role::Platform)).await.unwrap().to_string();
    let (ana, ..) = somebody(&shop, "ana@demo.test", "Ana").await;
    let me = shop.admin.identity.user.to_string();
    for (user, body) in [
        (&ana, json!({"role": "platform"})),
        (&second, json!({"role": "customer"})),
        (&second, json!({"status": "disabled"})),
        (&root, json!({"status": "disabled"})),
        (&me, json!({"role": "customer"})),
        (&me, json!({"status": "disabled"})),
        (&me, json!({"role": "platform"})),
    ] {
        change(&shop, &shop.admin, user, body).await.refused(403, "forbidden");
    }
    change(&shop, &shop.admin, &ana, json!({"role": "admin"})).await.expect(200);
    change(&shop, &shop.admin, &ana, json!({"role": "boss"})).await.refused(400, "validation_failed");
    change(&shop, &shop.publisher, &ana, json!({"role": "customer"})).await.refused(403, "forbidden");
    // Another tenant's administrator does not even learn that there is such a user.
    let other = "other".parse().unwrap();
    crate::shop::establish(shop.app(), &other).await;
    let stranger = crate::shop::person(shop.app(), &other, Role::Admin, "stranger").await;
    change(&shop, &stranger, &ana, json!({"status": "disabled"})).await.refused(404, "not_found");
    let theirs = shop.get(&stranger, "/api/admin/users?q=ana@demo.test").await.data();
    assert_eq!(theirs["total"], 0);
    assert_eq!(shop.get(&stranger, "/api/admin/users").await.data()["total"], 1);
}
