//! People prove that an address or number is theirs, change it, and replace a password that they forgot.

use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use store::{
    Kept,
    identity::{Saved, Standing, User, Verified},
};

use crate::{
    accounts::{NOTICED_SECS, PASSWORD, buyer, call, login, profile, refresh, register, tokens},
    client::{Answer, Web},
    shop::Shop,
};

/// The messages to a name, newest first, once everything that was asked for is sent.
pub(crate) async fn messages(shop: &Shop, to: &str) -> Vec<Kept> {
    shop.drained().await;
    let all = shop.store().activity().messages().await.unwrap();
    all.into_iter().filter(|message| message.to == to).collect()
}

/// The six digits of a message.
fn code(message: &Kept) -> String {
    let digits = message.text.split(|letter: char| !letter.is_ascii_digit()).find(|part| part.len() == 6);
    digits.unwrap_or_else(|| panic!("no code in {}", message.text)).to_owned()
}

/// The token behind the `#` of the latest link that was sent to a name.
async fn token(shop: &Shop, to: &str) -> String {
    let sent = messages(shop, to).await;
    let link = sent.iter().find_map(|message| message.text.split_whitespace().find(|word| word.contains('#')));
    link.unwrap_or_else(|| panic!("no link to {to}")).split_once('#').unwrap().1.to_owned()
}

async fn verify(shop: &Shop, login: &str, code: &str) -> Answer {
    let body = json!({"tenantId": "demo", "login": login, "code": code});
    call(shop, "POST", "/api/auth/verify", None, body).await
}

async fn send_code(shop: &Shop, token: &str, body: Value) -> Answer {
    call(shop, "POST", "/api/auth/verify/send", Some(token), body).await
}

async fn forgot(shop: &Shop, login: &str) -> Answer {
    call(shop, "POST", "/api/auth/password/forgot", None, json!({"tenantId": "demo", "login": login})).await
}

async fn reset(shop: &Shop, token: &str, password: &str) -> Answer {
    let body = json!({"token": token, "newPassword": password});
    call(shop, "POST", "/api/auth/password/reset", None, body).await
}

fn another(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:06}", (number + 1) % 1_000_000)
}

#[tokio::test]
pub(crate) async fn a_code_proves_an_address_five_tries_long_for_ten_minutes() {
    let shop = Shop::open().await;
    let (mine, _) = tokens(&register(&shop, buyer()).await);
    assert_eq!(profile(&shop, &mine).await.data()["emailVerified"], false);
    let sent = messages(&shop, "ana@demo.test").await;
    assert_eq!((sent.len(), sent[0].channel.as_str()), (1, "email"));
    assert!(!sent[0].subject.contains(&code(&sent[0])), "a subject is read over the shoulder");

    // Five wrong ones, and the right one is no longer good; neither is it for anybody else.
    for _ in 0..5 {
        verify(&shop, "ana@demo.test", &another(&code(&sent[0]))).await.refused(401, "bad_code");
    }
    verify(&shop, "ana@demo.test", &code(&sent[0])).await.refused(401, "bad_code");
    verify(&shop, "nobody@demo.test", &code(&sent[0])).await.refused(401, "bad_code");

    // Another takes its place, and ends after ten minutes.
    shop.clock.advance(1);
    send_code(&shop, &mine, json!({"login": "Ana@demo.test"})).await.expect(202);
    let second = code(&messages(&shop, "ana@demo.test").await[0]);
    shop.clock.advance(10 * 60);
    verify(&shop, "ana@demo.test", &second).await.refused(401, "bad_code");

    let zh = [("authorization", &*format!("Bearer {mine}")), ("accept-language", "zh-CN")];
    let headers = [zh[0], zh[1], ("content-type", "application/json")];
    let asked = shop.web.send("POST", "/api/auth/verify/send", &headers, r#"{"login":"ana@demo.test"}"#).await;
    asked.expect(202);
    let third = messages(&shop, "ana@demo.test").await.remove(0);
    assert!(third.text.contains("您的验证码"), "{}", third.text);
    verify(&shop, " ANA@demo.test", &code(&third)).await.expect(200);
    let seen = profile(&shop, &mine).await.data();
    assert_eq!((&seen["emailVerified"], &seen["phoneVerified"]), (&json!(true), &json!(false)));
    verify(&shop, "ana@demo.test", &code(&third)).await.refused(401, "bad_code");
    send_code(&shop, &mine, json!({"login": "ana@demo.test"})).await.refused(409, "wrong_state");
}

#[tokio::test]
pub(crate) async fn a_new_name_counts_from_the_moment_that_it_is_proved() {
    let shop = Shop::open().await;
    let (mine, _) = tokens(&register(&shop, buyer()).await);
    register(&shop, json!({"tenantId": "demo", "email": "taken@demo.test", "password": PASSWORD})).await.expect(201);
    let want = |name: &str, password: &str| json!({"login": name, "password": password});
    let refused = send_code(&shop, &mine, json!({"login": "new@demo.test"})).await;
    refused.refused(400, "validation_failed");
    send_code(&shop, &mine, want("new@demo.test", "not my password")).await.refused(401, "bad_credentials");
    send_code(&shop, &mine, want("new@demo.test", PASSWORD)).await.expect(202);
    let sent = code(&messages(&shop, "new@demo.test").await[0]);
    assert_eq!(profile(&shop, &mine).await.data()["email"], "ana@demo.test", "not yet");
    login(&shop, "new@demo.test", PASSWORD).await.refused(401, "bad_credentials");
    verify(&shop, "new@demo.test", &sent).await.expect(200);
    login(&shop, "new@demo.test", PASSWORD).await.expect(200);
    login(&shop, "ana@demo.test", PASSWORD).await.refused(401, "bad_credentials");
    let told = messages(&shop, "ana@demo.test").await;
    assert!(told.iter().any(|message| message.subject.contains("changed")), "the address before is told");
    // The old name is free again, and the new one is not.
    register(&shop, buyer()).await.expect(201);
    let again = json!({"tenantId": "demo", "email": "new@demo.test", "password": PASSWORD});
    register(&shop, again).await.refused(409, "already_registered");

    // Whoever wants another's name is not told so before they prove it, which they cannot; and if they could, it stays his.
    shop.clock.advance(1);
    send_code(&shop, &mine, want("taken@demo.test", PASSWORD)).await.expect(202);
    let stolen = code(&messages(&shop, "taken@demo.test").await[0]);
    verify(&shop, "taken@demo.test", &stolen).await.refused(409, "already_registered");
    login(&shop, "taken@demo.test", PASSWORD).await.expect(200);

    // A telephone number beside it.
    send_code(&shop, &mine, want("138 0013 8000", PASSWORD)).await.expect(202);
    let sent = messages(&shop, "+8613800138000").await;
    assert_eq!(sent[0].channel, "phone");
    verify(&shop, "+86 138 0013 8000", &code(&sent[0])).await.expect(200);
    login(&shop, "13800138000", PASSWORD).await.expect(200);
}

#[tokio::test]
pub(crate) async fn a_forgotten_password_is_replaced_once_and_every_session_ends() {
    let shop = Shop::open().await;
    let (mine, my_refresh) = tokens(&register(&shop, buyer()).await);
    let unknown = forgot(&shop, "nobody@demo.test").await;
    let known = forgot(&shop, "ana@demo.test").await;
    assert_eq!((unknown.expect(202), known.expect(202)), (Value::Null, Value::Null), "nobody learns which is known");
    assert_eq!(messages(&shop, "nobody@demo.test").await.len(), 0);
    let first = token(&shop, "ana@demo.test").await;
    shop.clock.advance(1);
    forgot(&shop, "ana@demo.test").await.expect(202);
    let second = token(&shop, "ana@demo.test").await;
    reset(&shop, &first, "demo-password-2").await.refused(401, "bad_code");
    reset(&shop, "nonsense", "demo-password-2").await.refused(401, "bad_code");
    let (keep, last) = second.split_at(30);
    let forged = format!("{keep}{}{}", if last.starts_with('A') { "B" } else { "A" }, &last[1..]);
    reset(&shop, &forged, "demo-password-2").await.refused(401, "bad_code");
    reset(&shop, &second, "1234567890").await.refused(400, "validation_failed");
    assert_eq!(profile(&shop, &mine).await.status, 200);
    reset(&shop, &second, "demo-password-2").await.expect(200);
    reset(&shop, &second, "demo-password-3").await.refused(401, "bad_code");
    shop.clock.advance(NOTICED_SECS);
    assert_eq!(profile(&shop, &mine).await.status, 401);
    assert_eq!(refresh(&shop, &my_refresh).await.status, 401);
    login(&shop, "ana@demo.test", PASSWORD).await.refused(401, "bad_credentials");
    login(&shop, "ana@demo.test", "demo-password-2").await.expect(200);

    forgot(&shop, "ana@demo.test").await.expect(202);
    let late = token(&shop, "ana@demo.test").await;
    shop.clock.advance(30 * 60);
    reset(&shop, &late, "demo-password-3").await.refused(401, "bad_code");
}

#[tokio::test]
async fn a_name_gets_five_messages_in_a_quarter_of_an_hour_and_a_stranger_none() {
    let shop = Shop::open().await;
    let (mine, _) = tokens(&register(&shop, buyer()).await);
    let before = messages(&shop, "ana@demo.test").await.len();
    for _ in 0..9 {
        shop.clock.advance(1);
        forgot(&shop, "ana@demo.test").await.expect(202);
    }
    assert_eq!(messages(&shop, "ana@demo.test").await.len(), before + 5);
    let refused = send_code(&shop, &mine, json!({"login": "ana@demo.test"})).await;
    refused.refused(429, "rate_limited");

    // The disabled get no link; nor does an address that nobody proved, where a number is proved.
    shop.clock.advance(900);
    let user = shop.store().identity().named("ana@demo.test").await.unwrap().unwrap();
    let count = messages(&shop, "ana@demo.test").await.len();
    let number =
        User { phone: Some("+8613800138000".into()), verified: Verified { email: false, phone: true }, ..user.clone() };
    assert_eq!(shop.store().identity().save(&number, shop.now()).await.unwrap(), Saved::Yes);
    forgot(&shop, "ana@demo.test").await.expect(202);
    let disabled = User { standing: Standing::Disabled, version: user.version + 1, ..user };
    assert_eq!(shop.store().identity().save(&disabled, shop.now()).await.unwrap(), Saved::Yes);
    forgot(&shop, "ana@demo.test").await.expect(202);
    assert_eq!(messages(&shop, "ana@demo.test").await.len(), count);
}

#[tokio::test]
async fn a_user_has_ten_messages_sent_whatever_the_names() {
    let shop = Shop::open().await;
    let (mine, _) = tokens(&register(&shop, buyer()).await);
    for number in 0..10 {
        let body = json!({"login": format!("victim-{number}@demo.test"), "password": PASSWORD});
        send_code(&shop, &mine, body).await.expect(202);
    }
    let body = json!({"login": "victim-10@demo.test", "password": PASSWORD});
    send_code(&shop, &mine, body).await.refused(429, "rate_limited");
    assert_eq!(messages(&shop, "victim-9@demo.test").await.len(), 1);
    assert_eq!(messages(&shop, "victim-10@demo.test").await.len(), 0);
}

#[tokio::test]
async fn a_letter_that_comes_twice_is_the_same_message_and_none_once_it_was_used() {
    let shop = Shop::stepped().await;
    shop.system.disturb(Some(7)).await;
    register(&shop, buyer()).await.expect(201);
    let sent = messages(&shop, "ana@demo.test").await;
    assert!(!sent.is_empty());
    let first = code(&sent[0]);
    assert!(sent.iter().all(|message| code(message) == first), "one letter is one code");
    verify(&shop, "ana@demo.test", &first).await.expect(200);
}

#[tokio::test]
async fn whoever_tries_many_names_from_one_address_is_slowed_down() {
    let shop = Shop::open().await;
    register(&shop, buyer()).await.expect(201);
    let elsewhere = Web::from([127, 0, 0, 77].into(), &shop.system.base_url());
    let guess = async |web: &Web, name: &str, password: &str| {
        let body = json!({"tenantId": "demo", "login": name, "password": password}).to_string();
        web.send("POST", "/api/auth/login", &[(CONTENT_TYPE.as_str(), "application/json")], body).await
    };
    // Whoever succeeds gives their place back.
    for _ in 0..3 {
        guess(&elsewhere, "ana@demo.test", PASSWORD).await.expect(200);
    }
    for number in 0..50 {
        guess(&elsewhere, &format!("person-{number}@demo.test"), "Winter2026!").await.refused(401, "bad_credentials");
    }
    let slowed = guess(&elsewhere, "ana@demo.test", PASSWORD).await;
    slowed.refused(429, "rate_limited");
    assert!((1..=900).contains(&slowed.header("retry-after").parse::<u32>().unwrap()));
    let body = json!({"tenantId": "demo", "email": "b@demo.test", "password": PASSWORD}).to_string();
    let json = [("content-type", "application/json")];
    elsewhere.send("POST", "/api/auth/register", &json, body).await.refused(429, "rate_limited");
    let body = json!({"tenantId": "demo", "login": "ana@demo.test"}).to_string();
    elsewhere.send("POST", "/api/auth/password/forgot", &json, body).await.refused(429, "rate_limited");
    let body = json!({"tenantId": "demo", "login": "ana@demo.test", "code": "000000"}).to_string();
    elsewhere.send("POST", "/api/auth/verify", &json, body).await.refused(429, "rate_limited");
    // Others are not.
    let third = Web::from([127, 0, 0, 78].into(), &shop.system.base_url());
    guess(&third, "ana@demo.test", PASSWORD).await.expect(200);
    shop.clock.advance(900);
    guess(&elsewhere, "ana@demo.test", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn developers_read_messages_on_a_page_of_their_machine_alone() {
    let shop = Shop::open().await;
    register(&shop, buyer()).await.expect(201);
    let sent = messages(&shop, "ana@demo.test").await;
    let page = shop.web.send("GET", "/local/messages", &[], "").await;
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
    let html = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(html.contains(&code(&sent[0])) && html.contains("ana@demo.test"), "{html}");
    let elsewhere = shop.web.send("GET", "/local/messages", &[("host", "rebound.test")], "").await;
    elsewhere.refused(404, "not_found");
}
