//! People see where they are logged in and end it; and what ends all of their sessions is noticed.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use data_encoding::BASE64URL_NOPAD;
use domain::user::Role;
use serde_json::{Value, json};
use store::identity::{Saved, Standing, User};

use crate::{
    accounts::{NOTICED_SECS, PASSWORD, buyer, call, login, profile, refresh, register, tokens},
    shop::{Shop, text},
};

const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                     Version/18.1 Mobile/15E148 Safari/604.1";

async fn sessions(shop: &Shop, token: &str) -> Vec<Value> {
    let listed = call(shop, "GET", "/api/users/sessions", Some(token), Value::Null).await.data();
    listed["items"].as_array().unwrap().clone()
}

#[tokio::test]
pub(crate) async fn sessions_are_listed_and_a_lost_one_is_ended() {
    let shop = Shop::open().await;
    register(&shop, buyer()).await.expect(201);
    shop.clock.advance(60);
    let body = json!({"tenantId": "demo", "login": "ana@demo.test", "password": PASSWORD}).to_string();
    let headers = [("content-type", "application/json"), ("user-agent", PHONE)];
    let (lost, lost_refresh) = tokens(&shop.web.send("POST", "/api/auth/login", &headers, body).await);
    shop.clock.advance(60);
    let (mine, my_refresh) = tokens(&login(&shop, "ana@demo.test", PASSWORD).await);

    let listed = sessions(&shop, &mine).await;
    let agents: Vec<_> = listed.iter().map(|it| (text(it, "agent"), it["current"] == true)).collect();
    assert_eq!(agents, [("other".into(), true), ("Safari".into(), false), ("other".into(), false)]);
    assert_eq!(listed[1]["network"], "127.0.0.0/24", "not the whole address");
    let id = text(&listed[1], "id");
    assert!(!listed[1].to_string().contains("127.0.0.1"));

    // Nobody ends what is another's, or learns that it is.
    let stranger = shop.buyer().await;
    let path = format!("/api/users/sessions/{id}");
    shop.call(&stranger, "DELETE", &path, Value::Null).await.refused(404, "not_found");
    assert_eq!(profile(&shop, &lost).await.status, 200);
    call(&shop, "DELETE", &path, Some(&mine), Value::Null).await.expect(200);
    assert_eq!(profile(&shop, &lost).await.status, 401, "the process that ended it knows at once");
    assert_eq!(refresh(&shop, &lost_refresh).await.status, 401);
    call(&shop, "DELETE", &path, Some(&mine), Value::Null).await.refused(404, "not_found");

    // A refresh is the only use that leaves a trace; half an hour without one ends the session.
    shop.clock.advance(29 * 60 + 59);
    let (mine, my_refresh) = tokens(&refresh(&shop, &my_refresh).await);
    let listed = sessions(&shop, &mine).await;
    assert_eq!(listed.len(), 1, "the first was idle for half an hour: {listed:?}");
    assert!(text(&listed[0], "refreshedAt") > text(&listed[0], "createdAt"));
    shop.clock.advance(30 * 60);
    refresh(&shop, &my_refresh).await.refused(401, "session_revoked");
}

#[tokio::test]
pub(crate) async fn whoever_has_the_published_keys_can_verify_a_token() {
    let shop = Shop::open().await;
    let (token, _) = tokens(&register(&shop, buyer()).await);
    let answer = shop.web.send("GET", "/.well-known/jwks.json", &[], "").await;
    assert_eq!(answer.header("content-type"), "application/jwk-set+json");
    assert_eq!(answer.header("cache-control"), "public, max-age=3600");
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let part = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
    let header: Value = serde_json::from_slice(&part(signed.split('.').next().unwrap())).unwrap();
    let set: Value = serde_json::from_slice(&answer.body).unwrap();
    let keys = set["keys"].as_array().unwrap();
    let verifies = |key: &Value| {
        let public = UnparsedPublicKey::new(&ED25519, part(&text(key, "x")));
        public.verify(signed.as_bytes(), &part(signature)).is_ok()
    };
    let good: Vec<_> = keys.iter().filter(|key| verifies(key)).collect();
    assert_eq!(good.len(), 1, "{set}");
    assert_eq!(good[0]["kid"], header["kid"]);
    assert_eq!((&good[0]["kty"], &good[0]["crv"]), (&json!("OKP"), &json!("Ed25519")));
    assert_eq!(keys.len(), 2, "the next key is known before it signs");
    assert!(keys.iter().all(|key| key.get("d").is_none()), "no private halves");
}

#[tokio::test]
async fn what_is_written_on_the_user_counts_even_if_nobody_got_to_the_logins() {
    let shop = Shop::open().await;
    let person = shop.buyer().await;
    let tenant = shop.store();
    let user = tenant.identity().user(person.identity.user).await.unwrap().unwrap();
    assert_eq!(shop.get(&person, "/api/users/profile").await.status, 200);
    let raised = User { epoch: user.epoch + 1, ..user };
    assert_eq!(tenant.identity().save(&raised, shop.now()).await.unwrap(), Saved::Yes);
    assert_eq!(shop.get(&person, "/api/users/profile").await.status, 200, "seen alive a moment ago");
    shop.clock.advance(NOTICED_SECS);
    shop.get(&person, "/api/users/profile").await.refused(401, "session_revoked");
}

#[tokio::test]
async fn a_refresh_reads_role_and_standing_anew() {
    let shop = Shop::open().await;
    let made = register(&shop, buyer()).await;
    let (token, refreshing) = tokens(&made);
    let list = async |token: &str| call(&shop, "GET", "/api/admin/events", Some(token), Value::Null).await;
    list(&token).await.refused(403, "forbidden");
    let tenant = shop.store();
    let identity = tenant.identity();
    let user = identity.named("ana@demo.test").await.unwrap().unwrap();
    // Written past the route, which would have ended the session.
    let raised = User { role: Role::Publisher, ..user };
    assert_eq!(identity.save(&raised, shop.now()).await.unwrap(), Saved::Yes);
    list(&token).await.refused(403, "forbidden");
    let (token, refreshing) = tokens(&refresh(&shop, &refreshing).await);
    assert_eq!(list(&token).await.status, 200);
    let disabled = User { standing: Standing::Disabled, version: raised.version + 1, ..raised };
    assert_eq!(identity.save(&disabled, shop.now()).await.unwrap(), Saved::Yes);
    refresh(&shop, &refreshing).await.refused(401, "session_revoked");
    shop.clock.advance(NOTICED_SECS);
    list(&token).await.refused(401, "session_revoked");
}
