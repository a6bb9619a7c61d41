//! A second factor: enrolled, asked for at login, used once, recovered, demanded.

use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD;
use domain::{id::Id as _, user::Role};
use futures_util::future::join_all;
use identity::{NewAccount, create_account};
use serde_json::{Value, json};
use store::Table;

use crate::{
    accounts::{PASSWORD, buyer, call, login, refresh, register, tokens},
    client::Answer,
    shop::{Shop, text},
};

/// What an authenticator shows: written once more, so that the product's is compared with something.
fn shown(secret: &str, second: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &BASE32_NOPAD.decode(secret.as_bytes()).unwrap());
    let mac = hmac::sign(&key, &u64::try_from(second / 30).unwrap().to_be_bytes());
    let at = usize::from(mac.as_ref()[19] % 16);
    let word = &mac.as_ref()[at..at + 4];
    let number = u32::from_be_bytes(word.try_into().unwrap()) % (1 << 31);
    format!("{:06}", number % 1_000_000)
}

pub(crate) fn now_shown(shop: &Shop, secret: &str) -> String {
    shown(secret, shop.now().as_second())
}

async fn enter(shop: &Shop, otp: &str) -> Answer {
    let body = json!({"tenantId": "demo", "login": "ana@demo.test", "password": PASSWORD, "otp": otp});
    call(shop, "POST", "/api/auth/login", None, body).await
}

pub(crate) async fn begin(shop: &Shop, token: &str) -> Value {
    call(shop, "POST", "/api/auth/2fa", Some(token), json!({})).await.data()
}

pub(crate) async fn confirm(shop: &Shop, token: &str, otp: &str) -> Answer {
    call(shop, "POST", "/api/auth/2fa/confirm", Some(token), json!({"otp": otp})).await
}

/// Registers and enrols; the token, the secret, the recovery codes.
async fn enrolled(shop: &Shop) -> (String, String, Vec<String>) {
    let (token, _) = tokens(&register(shop, buyer()).await);
    let secret = text(&begin(shop, &token).await, "secret");
    let confirmed = confirm(shop, &token, &now_shown(shop, &secret)).await.data();
    let codes = confirmed["recoveryCodes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned());
    (token, secret, codes.collect())
}

#[tokio::test]
pub(crate) async fn an_authenticator_is_enrolled_asked_for_and_given_up() {
    let shop = Shop::open().await;
    let (token, _) = tokens(&register(&shop, buyer()).await);
    let first = begin(&shop, &token).await;
    let again = begin(&shop, &token).await;
    assert_ne!(first["secret"], again["secret"], "what is not confirmed is replaced");
    assert!(text(&again, "qrSvg").contains("<svg"));
    let url = text(&again, "otpauthUrl");
    assert!(url.starts_with("otpauth://totp/Demo:ana%40demo.test?secret=") && url.contains(&text(&again, "secret")));
    login(&shop, "ana@demo.test", PASSWORD).await.expect(200);

    let secret = text(&again, "secret");
    confirm(&shop, &token, &now_shown(&shop, &text(&first, "secret"))).await.refused(401, "bad_code");
    let codes = confirm(&shop, &token, &now_shown(&shop, &secret)).await.data();
    assert_eq!(codes["recoveryCodes"].as_array().unwrap().len(), 10);
    confirm(&shop, &token, &now_shown(&shop, &secret)).await.refused(409, "wrong_state");
    call(&shop, "POST", "/api/auth/2fa", Some(&token), json!({})).await.refused(409, "wrong_state");

    login(&shop, "ana@demo.test", PASSWORD).await.refused(401, "otp_required");
    login(&shop, "ana@demo.test", "a wrong password").await.refused(401, "bad_credentials");
    enter(&shop, &now_shown(&shop, &secret)).await.refused(401, "bad_code");
    shop.clock.advance(30);
    enter(&shop, &now_shown(&shop, &secret)).await.expect(200);
    enter(&shop, &now_shown(&shop, &secret)).await.refused(401, "bad_code");
    // An authenticator half a minute ahead; afterwards the code of now is one of the past.
    enter(&shop, &shown(&secret, shop.now().as_second() + 30)).await.expect(200);
    enter(&shop, &now_shown(&shop, &secret)).await.refused(401, "bad_code");

    shop.clock.advance(60);
    let end =
        async |query: &str| call(&shop, "DELETE", &format!("/api/auth/2fa{query}"), Some(&token), Value::Null).await;
    end("").await.refused(400, "validation_failed");
    end("?otp=000000").await.refused(401, "bad_code");
    let body = json!({"otp": now_shown(&shop, &secret)});
    call(&shop, "DELETE", "/api/auth/2fa", Some(&token), body).await.expect(200);
    end("?otp=000000").await.refused(409, "wrong_state");
    login(&shop, "ana@demo.test", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_recovery_code_lets_in_once_and_nothing_of_it_is_stored() {
    let shop = Shop::open().await;
    let (_, secret, codes) = enrolled(&shop).await;
    assert_eq!(codes.iter().collect::<std::collections::HashSet<_>>().len(), 10);
    enter(&shop, &codes[3].to_lowercase()).await.expect(200);
    enter(&shop, &codes[3]).await.refused(401, "bad_code");
    enter(&shop, &codes[4].replace('-', " ")).await.expect(200);
    let user = shop.store().identity().named("ana@demo.test").await.unwrap().unwrap();
    let key = json!({"pk": {"S": format!("demo#user#{}", user.id.bare())}, "sk": {"S": "second-factor"}});
    let table = format!("{}{}", shop.app().settings.table_prefix, Table::Identity.name());
    let request = json!({"TableName": table, "Key": key}).to_string();
    let answer = shop.system.engines.dynamodb().call("GetItem", request.as_bytes());
    let stored = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(stored.contains("sealed") && !stored.contains(&secret), "{stored}");
    assert!(codes.iter().all(|code| !stored.contains(code.as_str()) && !stored.contains(&code.replace('-', ""))));
}

#[tokio::test]
async fn a_code_lets_one_of_many_in_and_guesses_are_counted_whatever_comes_between() {
    let shop = Shop::open().await;
    let (_, secret, _) = enrolled(&shop).await;
    shop.clock.advance(30);
    let code = now_shown(&shop, &secret);
    let all = join_all((0..4).map(|_| enter(&shop, &code))).await;
    let count = |status| all.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(200), count(401)), (1, 3), "the same step once");
    shop.clock.advance(900);
    // Whoever knows the password may ask for the form again and again; that forgets no wrong code.
    for _ in 0..5 {
        login(&shop, "ana@demo.test", PASSWORD).await.refused(401, "otp_required");
        enter(&shop, "000000").await.refused(401, "bad_code");
    }
    enter(&shop, &now_shown(&shop, &secret)).await.refused(429, "rate_limited");
    login(&shop, "ana@demo.test", PASSWORD).await.refused(429, "rate_limited");
}

#[tokio::test]
pub(crate) async fn whose_role_demands_it_can_only_enrol() {
    let shop = Shop::open().await;
    let new = NewAccount {
        email: "boss@demo.test".into(),
        password: PASSWORD.into(),
        role: Role::Admin,
        nickname: "Boss".into(),
    };
    create_account(shop.app(), &shop.tenant, new).await.unwrap();
    let version = shop.get(&shop.admin, "/api/admin/tenant").await.data()["version"].clone();
    let demand = json!({"version": version, "twoFactorRoles": ["admin"]});
    shop.call(&shop.admin, "PUT", "/api/admin/tenant", demand).await.expect(200);
    // What a login knows of the settings is at most two seconds old.
    shop.clock.advance(3);
    let enter = async |otp: Option<&str>| {
        let body = json!({"tenantId": "demo", "username": "boss@demo.test", "password": PASSWORD, "otp": otp});
        call(&shop, "POST", "/api/admin/auth/login", None, body).await
    };
    let entered = enter(None).await;
    assert_eq!((&entered.data()["mustEnrol"], &entered.data()["user"]["role"]), (&json!(true), &json!("admin")));
    let (token, refreshing) = tokens(&entered);
    let users = async |token: &str| call(&shop, "GET", "/api/admin/users", Some(token), Value::Null).await;
    users(&token).await.refused(403, "forbidden");
    let (token, refreshing) = tokens(&refresh(&shop, &refreshing).await);
    users(&token).await.refused(403, "forbidden");

    let secret = text(&begin(&shop, &token).await, "secret");
    users(&token).await.refused(403, "forbidden");
    confirm(&shop, &token, &now_shown(&shop, &secret)).await.expect(200);
    let refreshed = refresh(&shop, &refreshing).await;
    assert_eq!(refreshed.data()["mustEnrol"], false);
    let (token, _) = tokens(&refreshed);
    assert_eq!(users(&token).await.status, 200);
    shop.clock.advance(30);
    let path = format!("/api/auth/2fa?otp={}", now_shown(&shop, &secret));
    call(&shop, "DELETE", &path, Some(&token), Value::Null).await.refused(403, "forbidden");
    enter(None).await.refused(401, "otp_required");
    let entered = enter(Some(&now_shown(&shop, &secret))).await;
    assert_eq!(entered.data()["mustEnrol"], false);
    assert_eq!(users(&tokens(&entered).0).await.status, 200);
}
