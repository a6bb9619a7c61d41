//! People log in elsewhere: at an OpenID provider that is a program of its own, and as users of a WeChat mini-program.

mod idp;
mod keys;
mod server;
mod wechat;

use domain::id::{Id as _, UserId};
use futures_util::future::join_all;
use serde_json::{Value, json};
use store::{Table, identity::Saved};

use self::{
    idp::{BACK, CLIENT, Idp, Mischief, SECRET},
    keys::Key,
    wechat::Wechat,
};
use crate::{
    accounts::call,
    audit::scan,
    client::Answer,
    shop::{self, Person, Shop, text},
    two_factor,
};

/// Seconds for which a session is believed alive, and one more.
const NOTICED_SECS: i64 = 3;

/// A shop whose tenant has agreed with a provider that is called `idp`.
struct Town {
    shop: Shop,
    idp: Idp,
}

/// A login that was begun, and where its browser came back to.
#[derive(Clone)]
struct Visit {
    code: String,
    /// What the client was given.
    kept: String,
    /// What stood in the address.
    sent: String,
}

async fn agree(shop: &Shop, admin: &Person, name: &str, issuer: &str) -> Answer {
    let body = json!({"issuer": issuer, "clientId": CLIENT, "clientSecret": SECRET, "redirectUris": [BACK]});
    shop.call(admin, "PUT", &format!("/api/admin/login-providers/{name}"), body).await
}

fn ana() -> Value {
    json!({"sub": "10769150350006150715113082367", "email": "Ana@idp.example.org", "email_verified": true, "name": "Ana"})
}

impl Town {
    async fn found(key: Key) -> Self {
        let shop = Shop::open().await;
        let idp = Idp::open(&shop.clock, key).await;
        agree(&shop, &shop.admin, "idp", &idp.issuer()).await.expect(200);
        Self { shop, idp }
    }

    async fn visit_for(&self, purpose: &str, person: &Value) -> Visit {
        let body = json!({"tenantId": "demo", "purpose": purpose});
        let begun = call(&self.shop, "POST", "/api/auth/oidc/idp/start", None, body).await.expect(200);
        let (code, sent) = self.idp.visit(&text(&begun, "authorizationUrl"), person).await;
        Visit { code, kept: text(&begun, "state"), sent }
    }

    async fn visit(&self, person: &Value) -> Visit {
        self.visit_for("login", person).await
    }

    async fn finish(&self, visit: &Visit) -> Answer {
        callback(&self.shop, "demo", "idp", &visit.code, &visit.kept).await
    }

    async fn log_in(&self, person: &Value) -> Answer {
        self.finish(&self.visit(person).await).await
    }

    async fn link(&self, token: &str, person: &Value) -> Answer {
        let visit = self.visit_for("link", person).await;
        let body = json!({"code": visit.code, "state": visit.kept});
        call(&self.shop, "POST", "/api/users/identities/idp", Some(token), body).await
    }

    async fn unlink(&self, token: &str) -> Answer {
        call(&self.shop, "DELETE", "/api/users/identities/idp", Some(token), Value::Null).await
    }

    /// Users, names, subjects, links, logins.
    fn people(&self) -> Vec<String> {
        let mut items: Vec<_> = scan(&self.shop, Table::Identity).iter().map(ToString::to_string).collect();
        items.sort();
        items
    }

    fn remove(&self, user: &str, sort: &str) {
        let user: UserId = user.parse().unwrap();
        let table = format!("{}{}", self.shop.app().settings.table_prefix, Table::Identity.name());
        let key = json!({"pk": {"S": format!("demo#user#{}", user.bare())}, "sk": {"S": sort}});
        self.shop.meddle("DeleteItem", &json!({"TableName": table, "Key": key}));
    }
}

async fn callback(shop: &Shop, tenant: &str, provider: &str, code: &str, state: &str) -> Answer {
    let body = json!({"tenantId": tenant, "code": code, "state": state});
    call(shop, "POST", &format!("/api/auth/oidc/{provider}/callback"), None, body).await
}

async fn register(shop: &Shop, email: &str) -> Value {
    let body = json!({"tenantId": "demo", "email": email, "password": "demo-password-1"});
    call(shop, "POST", "/api/auth/register", None, body).await.expect(201)
}

fn user(answer: &Answer) -> String {
    text(&answer.expect(200)["user"], "id")
}

#[tokio::test]
pub(crate) async fn the_first_login_makes_an_account_and_the_second_finds_it() {
    let town = Town::found(Key::rsa("1")).await;
    let visit = town.visit(&ana()).await;
    town.shop.clock.advance(NOTICED_SECS);
    let first = town.finish(&visit).await;
    let shown = &first.expect(200)["user"];
    assert_eq!((&shown["role"], &shown["nickname"]), (&json!("customer"), &json!("Ana")));
    assert_eq!(shown["email"], "ana@idp.example.org");
    let token = text(&first.data(), "token");
    let profile = call(&town.shop, "GET", "/api/users/profile", Some(&token), Value::Null).await;
    assert_eq!(profile.data()["id"], shown["id"]);
    let refreshed = json!({"refreshToken": first.data()["refreshToken"]});
    call(&town.shop, "POST", "/api/auth/refresh", None, refreshed).await.expect(200);

    let mut renamed = ana();
    renamed["email"] = json!("other@idp.example.org");
    assert_eq!(user(&town.log_in(&renamed).await), user(&first), "the subject says who it is, not the address");
    let another = json!({"sub": "another"});
    assert_ne!(user(&town.log_in(&another).await), user(&first));
}

#[tokio::test]
async fn every_algorithm_that_is_taken_logs_in_by_either_way_to_prove_the_client() {
    for key in [Key::rsa("r"), Key::p256("e"), Key::ed25519("o")] {
        let town = Town::found(key).await;
        town.idp.desk().basic = false;
        // What was published before is believed for a quarter of an hour.
        town.shop.clock.advance(15 * 60);
        let first = user(&town.log_in(&ana()).await);
        town.idp.desk().basic = true;
        town.shop.clock.advance(15 * 60);
        assert_eq!(user(&town.log_in(&ana()).await), first);
    }
}

#[tokio::test]
async fn whatever_a_provider_does_wrong_is_refused_alike_and_makes_nobody() {
    let town = Town::found(Key::rsa("1")).await;
    town.log_in(&json!({"sub": "somebody"})).await.expect(200);
    let before = town.people();
    let mut refusals = Vec::new();
    for mischief in Mischief::ALL {
        town.idp.desk().mischief = mischief;
        let answer = town.log_in(&ana()).await;
        let mut refused = answer.refused(401, "login_refused");
        for differs in ["requestId", "timestamp"] {
            refused.as_object_mut().unwrap().remove(differs);
        }
        refusals.push(refused);
        assert!(town.people() == before, "{mischief:?} wrote something");
    }
    assert!(refusals.windows(2).all(|pair| pair[0] == pair[1]), "{refusals:?}");
    town.idp.desk().mischief = Mischief::None;
    town.log_in(&ana()).await.expect(200);
}

#[tokio::test]
async fn a_login_ends_once_where_it_was_begun() {
    let town = Town::found(Key::ed25519("1")).await;
    let other = "other".parse().unwrap();
    shop::establish(town.shop.app(), &other).await;
    let their_admin = shop::person(town.shop.app(), &other, domain::user::Role::Admin, "their-admin").await;
    agree(&town.shop, &their_admin, "idp", &town.idp.issuer()).await.expect(200);
    agree(&town.shop, &town.shop.admin, "second", &town.idp.issuer()).await.expect(200);
    let before = town.people();
    let (visit, victims) = (town.visit(&ana()).await, town.visit(&ana()).await);
    let (_, key) = victims.kept.split_once('.').unwrap();
    let try_with = async |tenant: &str, provider: &str, code: &str, state: &str| {
        callback(&town.shop, tenant, provider, code, state).await.refused(401, "login_refused");
    };
    try_with("other", "idp", &visit.code, &visit.kept).await;
    try_with("demo", "second", &visit.code, &visit.kept).await;
    // What stands in the address is what an attacker can put into somebody's browser.
    assert!(visit.kept.starts_with(&format!("{}.", visit.sent)));
    try_with("demo", "idp", &visit.code, &visit.sent).await;
    try_with("demo", "idp", &visit.code, &format!("{}.", visit.sent)).await;
    try_with("demo", "idp", &visit.code, &format!("{}.{key}", visit.sent)).await;
    for garbage in ["x", ".", "x.y", &visit.kept[1..]] {
        try_with("demo", "idp", &visit.code, garbage).await;
    }
    let as_link = town.visit_for("link", &ana()).await;
    try_with("demo", "idp", &as_link.code, &as_link.kept).await;
    assert_eq!(town.idp.served("/token"), 0, "nobody asked the provider about any of these");
    // Another login's code: the verifier is not its own.
    try_with("demo", "idp", &visit.code, &victims.kept).await;
    assert_eq!(town.idp.served("/token"), 1);
    assert_eq!(town.people(), before);

    let late = town.visit(&ana()).await;
    town.shop.clock.advance(10 * 60);
    try_with("demo", "idp", &late.code, &late.kept).await;
    let good = town.visit(&ana()).await;
    town.finish(&good).await.expect(200);
    try_with("demo", "idp", &good.code, &good.kept).await;
    let fresh = town.visit(&ana()).await;
    try_with("demo", "idp", &fresh.code, &good.kept).await;
    callback(&town.shop, "nope", "idp", "c", "s").await.refused(404, "not_found");
    callback(&town.shop, "demo", "nope", "c", "s").await.refused(404, "not_found");
}

#[tokio::test]
async fn of_many_who_show_one_state_at_once_one_is_let_in() {
    let town = Town::found(Key::ed25519("1")).await;
    let visit = town.visit(&ana()).await;
    let all = join_all((0..8).map(|_| town.finish(&visit))).await;
    let count = |status| all.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(200), count(401), town.idp.served("/token")), (1, 7, 1));
}

#[tokio::test]
async fn the_provider_of_these_tests_demands_the_verifier_the_client_and_the_address() {
    let town = Town::found(Key::ed25519("1")).await;
    let visit = town.visit(&ana()).await;
    let token = format!("{}/token", town.idp.issuer());
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let form = format!("grant_type=authorization_code&code={}&redirect_uri=x&code_verifier=x", visit.code);
    assert_eq!(town.shop.web.send("POST", &token, &[kind], form.clone()).await.status, 401);
    let pair = data_encoding::BASE64.encode(b"onsale%20client:s3cr%3Aet%2F%2B%25%C3%A9");
    let basic = format!("Basic {pair}");
    let headers = [kind, ("authorization", basic.as_str())];
    let refused = town.shop.web.send("POST", &token, &headers, form).await;
    assert_eq!((refused.status, refused.json()["error"].as_str()), (400, Some("invalid_grant")));
    town.finish(&visit).await.refused(401, "login_refused");
}

#[tokio::test]
async fn browsers_come_back_to_registered_addresses_alone() {
    let town = Town::found(Key::ed25519("1")).await;
    let start = async |redirect: &str| {
        let body = json!({"tenantId": "demo", "redirectUri": redirect});
        call(&town.shop, "POST", "/api/auth/oidc/idp/start", None, body).await
    };
    start(BACK).await.expect(200);
    start("https://evil.example.org/back").await.refused(400, "validation_failed");
    start(&format!("{BACK}&x")).await.refused(400, "validation_failed");
}

#[tokio::test]
async fn new_keys_are_fetched_once_a_minute_at_most() {
    let town = Town::found(Key::ed25519("1")).await;
    town.log_in(&ana()).await.expect(200);
    town.log_in(&ana()).await.expect(200);
    assert_eq!((town.idp.served("/keys"), town.idp.served("/.well-known/openid-configuration")), (1, 1));
    town.idp.desk().keys = vec![Key::p256("2")];
    town.log_in(&ana()).await.refused(401, "login_refused");
    assert_eq!(town.idp.served("/keys"), 1, "the keys were read just now");
    town.shop.clock.advance(60);
    town.log_in(&ana()).await.expect(200);
    town.idp.desk().mischief = Mischief::UnknownKid;
    town.log_in(&ana()).await.refused(401, "login_refused");
    assert_eq!(town.idp.served("/keys"), 2);
}

#[tokio::test]
async fn a_provider_is_taken_only_as_it_names_itself() {
    let town = Town::found(Key::ed25519("1")).await;
    let (shop, issuer) = (&town.shop, town.idp.issuer());
    let shown = agree(shop, &shop.admin, "two", &issuer).await;
    assert!(!shown.to_string().contains(SECRET) && shown.data()["clientId"] == CLIENT);
    for bad in [format!("{issuer}/"), "http://127.0.0.1:1".into(), "https://idp.test".into(), "file:///etc".into()] {
        agree(shop, &shop.admin, "two", &bad).await.refused(409, "provider_unusable");
    }
    agree(shop, &shop.admin, "Two", &issuer).await.refused(404, "not_found");
    agree(shop, &shop.publisher, "two", &issuer).await.refused(403, "forbidden");
    town.idp.desk().alias = Some("https://accounts.google.com".into());
    shop.clock.advance(15 * 60);
    call(shop, "POST", "/api/auth/oidc/idp/start", None, json!({"tenantId": "demo"}))
        .await
        .refused(401, "login_refused");
    let stored: String = scan(shop, Table::Identity).iter().map(ToString::to_string).collect();
    assert!(stored.contains("sealed") && !stored.contains("s3cr") && !stored.contains(&issuer));
}

#[tokio::test]
async fn nobody_takes_over_an_account_by_its_address() {
    let town = Town::found(Key::ed25519("1")).await;
    register(&town.shop, "ana@idp.example.org").await;
    let before = town.people();
    town.log_in(&ana()).await.refused(409, "already_registered");
    assert_eq!(town.people(), before);
    let mut unverified = ana();
    unverified["email_verified"] = json!(false);
    let apart = town.log_in(&unverified).await;
    assert_eq!(apart.expect(200)["user"]["email"], Value::Null, "an address that nobody verified is no name");
}

#[tokio::test]
async fn many_first_logins_of_one_person_make_one_account() {
    let town = Town::found(Key::ed25519("1")).await;
    let mut visits = Vec::new();
    for _ in 0..6 {
        visits.push(town.visit(&ana()).await);
    }
    let all = join_all(visits.iter().map(|visit| town.finish(visit))).await;
    let first = user(&all[0]);
    assert!(all.iter().all(|answer| user(answer) == first), "{all:?}");
    let subjects = town.people().into_iter().filter(|item| item.contains("#subject#")).count();
    assert_eq!(subjects, 1);
}

#[tokio::test]
async fn what_a_login_that_died_left_is_taken_over() {
    let town = Town::found(Key::ed25519("1")).await;
    let person = json!({"sub": "dies"});
    let dead = user(&town.log_in(&person).await);
    // It died before it made the user.
    town.remove(&dead, "user");
    town.shop.clock.advance(61);
    let second = user(&town.log_in(&person).await);
    assert_ne!(second, dead);
    assert_eq!(user(&town.log_in(&person).await), second);
    let dead: UserId = dead.parse().unwrap();
    assert_eq!(town.shop.store().identity().user(dead).await.unwrap(), None);
    // It died before it wrote the links: the user there is another's.
    town.remove(&second, "links");
    town.shop.clock.advance(61);
    assert_ne!(user(&town.log_in(&person).await), second);
}

#[tokio::test]
pub(crate) async fn a_provider_is_linked_and_unlinked_by_whoever_is_logged_in() {
    let town = Town::found(Key::ed25519("1")).await;
    let mine = register(&town.shop, "ana@demo.test").await;
    let (token, me) = (text(&mine, "token"), text(&mine["user"], "id"));
    let linked = town.link(&token, &ana()).await.expect(200);
    assert_eq!(linked["identities"][0]["provider"], "idp");
    assert_eq!(user(&town.log_in(&ana()).await), me);
    town.link(&token, &ana()).await.expect(200);
    town.link(&token, &json!({"sub": "another"})).await.refused(409, "already_linked");
    // A login's state links nothing, and nobody else links what is linked.
    let visit = town.visit(&ana()).await;
    let body = json!({"code": visit.code, "state": visit.kept});
    call(&town.shop, "POST", "/api/users/identities/idp", Some(&token), body).await.refused(401, "login_refused");
    let theirs = text(&register(&town.shop, "bob@demo.test").await, "token");
    town.link(&theirs, &ana()).await.refused(409, "already_linked");

    assert_eq!(town.unlink(&token).await.expect(200)["identities"], json!([]));
    town.unlink(&token).await.refused(404, "not_found");
    let apart = town.log_in(&ana()).await;
    assert_ne!(user(&apart), me);
    town.unlink(&text(&apart.data(), "token")).await.refused(409, "last_login");
    town.link(&theirs, &ana()).await.refused(409, "already_linked");
}

#[tokio::test]
async fn the_disabled_stay_out() {
    let town = Town::found(Key::ed25519("1")).await;
    let id: UserId = user(&town.log_in(&ana()).await).parse().unwrap();
    let tenant = town.shop.store();
    let stored = tenant.identity().user(id).await.unwrap().unwrap();
    assert_eq!(tenant.identity().disable(&stored, town.shop.now()).await.unwrap(), Saved::Yes);
    let before = town.people();
    town.log_in(&ana()).await.refused(401, "login_refused");
    assert_eq!(town.people(), before);
}

#[tokio::test]
async fn whoever_has_a_second_factor_proves_it_here_as_well() {
    let town = Town::found(Key::p256("1")).await;
    let token = text(&town.log_in(&ana()).await.data(), "token");
    let secret = text(&two_factor::begin(&town.shop, &token).await, "secret");
    two_factor::confirm(&town.shop, &token, &two_factor::now_shown(&town.shop, &secret)).await.expect(200);
    town.log_in(&ana()).await.refused(401, "otp_required");
    town.shop.clock.advance(30);
    let code = two_factor::now_shown(&town.shop, &secret);
    let with = async |otp: &str| {
        let Visit { code, kept, .. } = town.visit(&ana()).await;
        let body = json!({"tenantId": "demo", "code": code, "state": kept, "otp": otp});
        call(&town.shop, "POST", "/api/auth/oidc/idp/callback", None, body).await
    };
    with("000000").await.refused(401, "bad_code");
    with(&code).await.expect(200);
    with(&code).await.refused(401, "bad_code");
    for _ in 0..3 {
        with("000000").await.refused(401, "bad_code");
    }
    with("000000").await.refused(401, "bad_code");
    with(&code).await.refused(429, "rate_limited");
}

#[tokio::test]
async fn whoever_has_no_password_is_exported_and_erased_soon_after_a_login() {
    let town = Town::found(Key::p256("1")).await;
    let first = town.log_in(&ana()).await;
    let token = text(&first.data(), "token");
    let export = call(&town.shop, "GET", "/api/users/export", Some(&token), Value::Null).await.data();
    assert_eq!(export["identities"][0]["provider"], "idp");
    let erase = async |token: &str| call(&town.shop, "POST", "/api/users/me/erase", Some(token), json!({})).await;
    town.shop.clock.advance(601);
    erase(&token).await.refused(401, "bad_credentials");
    let token = text(&town.log_in(&ana()).await.data(), "token");
    erase(&token).await.expect(202);
    let kept = town.people().into_iter().filter(|item| item.contains("#subject#") || item.contains("links"));
    assert_eq!(kept.collect::<Vec<_>>(), [""; 0]);
    assert_ne!(user(&town.log_in(&ana()).await), user(&first), "nobody comes back");
}

async fn mini_program() -> (Shop, Wechat) {
    let (shop, wechat) = (Shop::open().await, Wechat::open().await);
    let body = json!({"issuer": wechat.server.base, "clientId": wechat::APP, "clientSecret": wechat::SECRET});
    shop.call(&shop.admin, "PUT", "/api/admin/login-providers/wechat", body).await.expect(200);
    (shop, wechat)
}

async fn with_code(shop: &Shop, code: &str) -> Answer {
    call(shop, "POST", "/api/auth/wechat/login", None, json!({"tenantId": "demo", "code": code})).await
}

#[tokio::test]
pub(crate) async fn a_mini_programs_user_is_known_again_by_either_name() {
    let (shop, wechat) = mini_program().await;
    wechat.code("one", "o-1", None);
    let first = with_code(&shop, "one").await;
    assert_eq!(first.expect(200)["user"]["role"], "customer");
    with_code(&shop, "one").await.refused(401, "login_refused");
    // The owner joins their programs: from now on there is a second name, which is learnt.
    wechat.code("two", "o-1", Some("u-1"));
    assert_eq!(user(&with_code(&shop, "two").await), user(&first));
    wechat.code("three", "o-other-program", Some("u-1"));
    assert_eq!(user(&with_code(&shop, "three").await), user(&first));
    wechat.code("four", "o-other-program", None);
    assert_eq!(user(&with_code(&shop, "four").await), user(&first));
    wechat.code("five", "o-2", Some("u-2"));
    assert_ne!(user(&with_code(&shop, "five").await), user(&first));
    let stored: Vec<_> = scan(&shop, Table::Identity).iter().map(ToString::to_string).collect();
    let plain = [wechat::SESSION_KEY, wechat::SECRET, "o-1", "u-1"];
    assert!(!stored.iter().any(|item| plain.iter().any(|secret| item.contains(secret))));
    assert!(!first.to_string().contains(wechat::SESSION_KEY));
}

#[tokio::test]
async fn what_wechat_refuses_is_told_in_words() {
    let (shop, wechat) = mini_program().await;
    let before = scan(&shop, Table::Identity).len();
    with_code(&shop, "unknown").await.refused(401, "login_refused");
    let busy = || wechat::error(-1, "system error");
    let person = json!({"openid": "o-1", "session_key": wechat::SESSION_KEY});
    for (code, answers, status, word) in [
        ("often", vec![wechat::error(45_011, "api minute-quota reach limit")], 429, "rate_limited"),
        ("blocked", vec![wechat::error(40_226, "code blocked")], 403, "login_blocked"),
        ("busy", vec![busy(), busy(), person.clone()], 503, "unavailable"),
        ("odd", vec![json!({"errcode": 99_999})], 503, "unavailable"),
        ("nobody", vec![json!({"session_key": wechat::SESSION_KEY})], 503, "unavailable"),
        ("text", vec![json!("a page")], 503, "unavailable"),
    ] {
        wechat.answers(code, answers);
        let answer = with_code(&shop, code).await;
        answer.refused(status, word);
        assert!(!answer.to_string().contains(wechat::SESSION_KEY));
        assert_eq!(scan(&shop, Table::Identity).len(), before, "{code}");
    }
    assert_eq!(with_code(&shop, "often").await.status, 401, "a code is good once");
    wechat.answers("busy once", vec![busy(), person]);
    with_code(&shop, "busy once").await.expect(200);
    let body = json!({"tenantId": "nope", "code": "x"});
    call(&shop, "POST", "/api/auth/wechat/login", None, body).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_mini_program_is_linked_without_a_state() {
    let (shop, wechat) = mini_program().await;
    let mine = register(&shop, "ana@demo.test").await;
    wechat.code("one", "o-1", Some("u-1"));
    let (token, body) = (text(&mine, "token"), json!({"code": "one"}));
    let linked = call(&shop, "POST", "/api/users/identities/wechat", Some(&token), body).await.expect(200);
    assert_eq!(linked["identities"][0]["provider"], "wechat");
    wechat.code("two", "o-1", Some("u-1"));
    assert_eq!(user(&with_code(&shop, "two").await), text(&mine["user"], "id"));
}
