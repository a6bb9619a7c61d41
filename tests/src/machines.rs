//! Machines: keys that sign what they ask.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::{digest, hmac};
use data_encoding::BASE64;
use domain::user::Role;
use serde_json::{Value, json};

use crate::{
    client::Answer,
    derived::Roles,
    shop::{Person, Shop, fresh_key, text, tickets},
};

/// A machine with its key.
#[derive(Clone, Debug)]
struct Machine {
    name: String,
    secret: String,
}

/// How a request differs from one that is right.
#[derive(Clone, Copy, Debug, Default)]
struct Odd<'o> {
    /// Seconds by which it was signed too early or too late.
    late: i64,
    nonce: Option<&'o str>,
    /// What is sent instead of what was signed.
    path: Option<&'o str>,
    method: Option<&'o str>,
    body: Option<&'o str>,
    /// The digest that is told.
    digest: Option<&'o str>,
    components: Option<&'o str>,
    alg: Option<&'o str>,
    header: Option<(&'o str, &'o str)>,
}

fn fresh_nonce() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("nonce-{:016}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

impl Machine {
    async fn make(shop: &Shop, who: &Person, role: &str, scopes: &[&str]) -> Self {
        let asked = json!({"name": "Till 1", "role": role, "scopes": scopes});
        let made = shop.post(who, "/api/admin/api-keys", asked).await.expect(201);
        Self { name: text(&made, "keyName"), secret: text(&made, "secret") }
    }

    async fn call(&self, shop: &Shop, method: &str, path: &str, body: &Value) -> Answer {
        self.odd(shop, method, path, body, Odd::default()).await
    }

    /// Signs as docs/api-keys.md says, with nothing of the product's code.
    async fn odd(&self, shop: &Shop, method: &str, target: &str, body: &Value, odd: Odd<'_>) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let nonce = odd.nonce.map_or_else(fresh_nonce, str::to_owned);
        let created = shop.now().as_second() + odd.late;
        let hash = digest::digest(&digest::SHA256, body.as_bytes());
        let told = odd.digest.map_or_else(|| format!("sha-256=:{}:", BASE64.encode(hash.as_ref())), str::to_owned);
        let covered = if body.is_empty() {
            r#""@method" "@path" "@query""#
        } else {
            r#""@method" "@path" "@query" "content-digest""#
        };
        let covered = odd.components.unwrap_or(covered);
        let alg = odd.alg.map(|alg| format!(";alg=\"{alg}\"")).unwrap_or_default();
        let parameters = format!("({covered});created={created};nonce=\"{nonce}\";keyid=\"{}\"{alg}", self.name);
        let mut base = Vec::new();
        for component in covered.split(' ').filter(|it| !it.is_empty()) {
            let value = match component.trim_matches('"') {
                "@method" => method.to_owned(),
                "@path" => path.to_owned(),
                "@query" => format!("?{query}"),
                _ => told.clone(),
            };
            base.push(format!("{component}: {value}"));
        }
        base.push(format!("\"@signature-params\": {parameters}"));
        let key = hmac::Key::new(hmac::HMAC_SHA256, &BASE64.decode(self.secret.as_bytes()).unwrap());
        let signature = BASE64.encode(hmac::sign(&key, base.join("\n").as_bytes()).as_ref());
        let (input, signature) = (format!("sig1={parameters}"), format!("sig1=:{signature}:"));
        let idempotency = fresh_key();
        let mut headers = vec![
            ("signature-input", input.as_str()),
            ("signature", signature.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", idempotency.as_str()),
        ];
        if !body.is_empty() {
            headers.push(("content-digest", told.as_str()));
        }
        headers.extend(odd.header);
        let body = odd.body.map_or(body, str::to_owned);
        shop.web.send(odd.method.unwrap_or(method), odd.path.unwrap_or(target), &headers, body).await
    }
}

const UNKNOWN: &str = "/api/orders/ord_00000000000000000000000000/cancel";

#[tokio::test]
pub(crate) async fn a_machine_buys_pays_and_is_shut_out() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(8)).await;
    let till = Machine::make(&shop, &shop.admin, "customer", &["orders:read", "orders:write", "payments:write"]).await;
    let placed = till.call(&shop, "POST", "/api/orders", &offer.order(2)).await.expect(202);
    shop.drained().await;
    let order = text(&placed, "id");
    let payment = till.call(&shop, "POST", "/api/payments/sandbox", &json!({"orderId": order})).await.data();
    let complete = format!("/api/payments/sandbox/{}/complete", text(&payment, "paymentId"));
    till.call(&shop, "POST", &complete, &json!({"outcome": "paid"})).await.expect(200);
    shop.drained().await;
    let seen = till.call(&shop, "GET", &format!("/api/orders/{order}?x=1&y=%20"), &Value::Null).await.expect(200);
    assert_eq!(seen["status"], "ticketed");

    // It is a caller of its own: what it bought is its own, and nobody else's.
    let listed = shop.get(&shop.admin, "/api/admin/api-keys").await.data();
    let key = &listed["items"][0];
    assert_eq!((&seen["userId"], &key["keyName"]), (&key["userId"], &json!(till.name)));
    shop.get(&shop.buyer().await, &format!("/api/orders/{order}")).await.refused(404, "not_found");
    let everything = listed.to_string() + &format!("{:?}", shop.get(&shop.admin, "/api/admin/audit").await.data());
    assert!(!everything.contains(&till.secret) && key.get("secret").is_none(), "{everything}");

    shop.call(&shop.admin, "DELETE", &format!("/api/admin/api-keys/{}", text(key, "id")), Value::Null)
        .await
        .expect(200);
    till.call(&shop, "GET", "/api/orders", &Value::Null).await.refused(401, "unauthenticated");
    let gone = format!("/api/admin/api-keys/{}", text(key, "id"));
    shop.call(&shop.admin, "DELETE", &gone, Value::Null).await.refused(404, "not_found");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_signature_the_answer_is_the_same() {
    let shop = Shop::open().await;
    let machine = Machine::make(&shop, &shop.admin, "customer", &["orders:read", "orders:write"]).await;
    let body = json!({"reason": "x"});
    let wrong_secret = Machine { secret: BASE64.encode(&[1; 32]), ..machine.clone() };
    let unknown = Machine { name: "demo/key_00000000000000000000000000".to_owned(), ..machine.clone() };
    let elsewhere = Machine { name: machine.name.replace("demo/", "other/"), ..machine.clone() };
    let nameless = Machine { name: machine.name.replace("demo/", ""), ..machine.clone() };
    let mut answers = Vec::new();
    for other in [&wrong_secret, &unknown, &elsewhere, &nameless] {
        answers.push(other.call(&shop, "PUT", UNKNOWN, &body).await);
    }
    let token = format!("Bearer {}", shop.token(&shop.admin));
    for odd in [
        Odd { late: -301, ..Odd::default() },
        Odd { late: 301, ..Odd::default() },
        Odd { nonce: Some(""), ..Odd::default() },
        Odd { nonce: Some("short"), ..Odd::default() },
        Odd { path: Some("/api/orders/ord_10000000000000000000000000/cancel"), ..Odd::default() },
        Odd { path: Some("/api/orders/ord_00000000000000000000000000/cancel?a=b"), ..Odd::default() },
        Odd { method: Some("GET"), path: Some("/api/orders"), ..Odd::default() },
        Odd { body: Some(r#"{"reason":"y"}"#), ..Odd::default() },
        Odd { body: Some(""), ..Odd::default() },
        Odd { digest: Some("sha-256=:AAAA:"), ..Odd::default() },
        Odd { digest: Some("md5=:AAAA:"), ..Odd::default() },
        Odd { components: Some(r#""@method" "@path" "@query""#), ..Odd::default() },
        Odd { components: Some(r#""@path" "@query" "content-digest""#), ..Odd::default() },
        Odd { components: Some(r#""@method" "@query" "content-digest""#), ..Odd::default() },
        Odd { components: Some(r#""@method" "@path" "content-digest""#), ..Odd::default() },
        Odd { components: Some(""), ..Odd::default() },
        Odd { alg: Some("ed25519"), ..Odd::default() },
        Odd { alg: Some("none"), ..Odd::default() },
        Odd { header: Some(("signature", "sig1=:AAAA:")), ..Odd::default() },
        Odd { header: Some(("authorization", &token)), ..Odd::default() },
    ] {
        let answer = machine.odd(&shop, "PUT", UNKNOWN, &body, odd).await;
        assert_eq!(answer.status, 401, "{odd:?}: {answer}");
        answers.push(answer);
    }
    for answer in answers {
        let mut told = answer.refused(401, "unauthenticated");
        told["requestId"].take();
        assert_eq!(told["message"], "Please log in.", "{answer}");
        assert_eq!(told.as_object().unwrap().len(), 5, "{answer}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    // And what is right is taken, at the edges too.
    for late in [-300, 0, 300] {
        machine.odd(&shop, "PUT", UNKNOWN, &body, Odd { late, ..Odd::default() }).await.refused(404, "not_found");
    }
    let named = Odd { alg: Some("hmac-sha256"), ..Odd::default() };
    machine.odd(&shop, "PUT", UNKNOWN, &body, named).await.refused(404, "not_found");
}

#[tokio::test]
async fn what_was_signed_once_is_taken_once() {
    let shop = Shop::open().await;
    let machine = Machine::make(&shop, &shop.admin, "customer", &["orders:read"]).await;
    let other = Machine::make(&shop, &shop.admin, "customer", &["orders:read"]).await;
    let again = Odd { nonce: Some("a-nonce-that-stands-twice"), ..Odd::default() };
    // Whoever does not have the key cannot spend its nonces.
    let forged = Machine { secret: other.secret.clone(), ..machine.clone() };
    forged.odd(&shop, "GET", "/api/orders", &Value::Null, again).await.refused(401, "unauthenticated");
    machine.odd(&shop, "GET", "/api/orders", &Value::Null, again).await.expect(200);
    for _ in 0..3 {
        machine.odd(&shop, "GET", "/api/orders", &Value::Null, again).await.refused(401, "unauthenticated");
    }
    other.odd(&shop, "GET", "/api/orders", &Value::Null, again).await.expect(200);
    // As long as the signature counts; and one of then does not count any more.
    shop.clock.advance(600);
    let then = Odd { late: -600, nonce: Some("a-nonce-that-stands-never"), ..Odd::default() };
    machine.odd(&shop, "GET", "/api/orders", &Value::Null, then).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_key_may_what_its_scopes_and_its_role_allow() {
    let shop = Shop::open().await;
    let roles = Roles::of(&shop, "demo").await;
    let reader = Machine::make(&shop, &shop.admin, "admin", &["catalogue:read", "security:read"]).await;
    let get = async |path: &str| reader.call(&shop, "GET", path, &Value::Null).await;
    get("/api/admin/events").await.expect(200);
    get("/api/admin/audit").await.expect(200);
    get("/api/events").await.expect(200);
    get("/api/admin/refunds").await.refused(403, "forbidden");
    get("/api/users/profile").await.refused(403, "forbidden");
    reader.call(&shop, "POST", "/api/admin/events", &json!({})).await.refused(403, "forbidden");
    // A scope does not lift a role, and nothing makes a machine of a machine.
    let weak =
        Machine::make(&shop, &shop.admin, "customer", &["catalogue:read", "payments:read", "security:read"]).await;
    for path in ["/api/admin/events", "/api/admin/refunds", "/api/admin/api-keys"] {
        weak.call(&shop, "GET", path, &Value::Null).await.refused(403, "forbidden");
    }
    let asked = json!({"name": "Child", "role": "customer", "scopes": ["orders:read"]});
    reader.call(&shop, "POST", "/api/admin/api-keys", &asked).await.refused(403, "forbidden");
    for (who, change) in [
        (&shop.admin, json!({"role": "platform"})),
        (roles.with(Role::Platform), json!({"role": "platform"})),
        (&shop.admin, json!({"scopes": ["identity:write"]})),
        (&shop.admin, json!({"scopes": []})),
        (&shop.admin, json!({"expiresAt": shop.now().to_string()})),
    ] {
        let mut asked = asked.clone();
        asked.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        shop.post(who, "/api/admin/api-keys", asked).await.refused(400, "validation_failed");
    }
}

#[tokio::test]
async fn a_key_ends_when_it_was_said_to() {
    let shop = Shop::open().await;
    let end = domain::Timestamp::from_second(shop.now().as_second() + 60).unwrap();
    let asked = json!({"name": "Guest", "role": "staff", "scopes": ["orders:read"], "expiresAt": end.to_string()});
    let made = shop.post(&shop.admin, "/api/admin/api-keys", asked).await.expect(201);
    let machine = Machine { name: text(&made, "keyName"), secret: text(&made, "secret") };
    shop.clock.advance(59);
    machine.call(&shop, "GET", "/api/orders", &Value::Null).await.expect(200);
    shop.clock.advance(1);
    machine.call(&shop, "GET", "/api/orders", &Value::Null).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_key_is_of_one_tenant() {
    let shop = Shop::open().await;
    let others = Roles::of(&shop, "other").await;
    let theirs = Machine::make(&shop, others.with(Role::Admin), "admin", &["catalogue:read", "security:read"]).await;
    theirs.call(&shop, "GET", "/api/admin/events", &Value::Null).await.expect(200);
    let ours = theirs.call(&shop, "GET", "/api/admin/events?tenantId=demo", &Value::Null).await;
    ours.refused(400, "validation_failed");
    let listed = shop.get(&shop.admin, "/api/admin/api-keys").await.data();
    assert_eq!(listed["total"], 0, "{listed}");
    let id = theirs.name.split_once('/').unwrap().1;
    shop.call(&shop.admin, "DELETE", &format!("/api/admin/api-keys/{id}"), Value::Null).await.refused(404, "not_found");
    theirs.call(&shop, "GET", "/api/admin/events", &Value::Null).await.expect(200);
}

#[tokio::test]
async fn what_a_machine_changes_is_on_the_trail_under_its_name() {
    let shop = Shop::open().await;
    let machine = Machine::make(&shop, &shop.admin, "publisher", &["catalogue:write"]).await;
    let made = machine.call(&shop, "POST", "/api/admin/events", &shop.event(&tickets(1))).await.expect(201);
    let id = machine.name.split_once('/').unwrap().1;
    let told = shop.get(&shop.admin, &format!("/api/admin/audit?actor={id}")).await.data();
    let items = told["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{told}");
    assert_eq!((&items[0]["apiKeyId"], &items[0]["changed"][0]["what"]), (&json!(id), &made["id"]));
    assert!(items[0].get("sessionId").is_none());
}

/// Whether a program is to be had.
fn has(program: &str) -> bool {
    std::process::Command::new(program).arg("--help").output().is_ok()
}

#[tokio::test]
async fn the_script_of_the_documentation_signs_what_is_taken() {
    if !(has("openssl") && has("curl") && has("sh")) {
        println!("openssl, curl or sh is not to be had: the script is not run");
        return;
    }
    let shop = Shop::open().await;
    let machine = Machine::make(&shop, &shop.admin, "customer", &["orders:read", "payments:write"]).await;
    let base = shop.system.base_url();
    let run = async |arguments: &'static [&'static str]| {
        let mut command = std::process::Command::new("sh");
        command.arg(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/api-keys.sh")).args(arguments);
        command.env("ONSALE_URL", &base).env("ONSALE_KEY", &machine.name).env("ONSALE_KEY_SECRET", &machine.secret);
        command.env("ONSALE_NOW", shop.now().as_second().to_string());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        assert!(answer.is_object(), "{output:?}");
        answer
    };
    let listed = run(&["GET", "/api/orders?page=1&pageSize=5"]).await;
    assert_eq!((&listed["code"], &listed["data"]["total"]), (&json!(200), &json!(0)), "{listed}");
    assert_eq!(run(&["GET", "/api/orders"]).await["code"], 200);
    let refused = run(&["POST", "/api/payments/sandbox", r#"{"orderId":"ord_00000000000000000000000000"}"#]).await;
    assert_eq!(refused["error"], "not_found", "it is let in, and the order is nobody's: {refused}");
    assert_eq!(run(&["GET", "/api/admin/refunds"]).await["error"], "forbidden");
}
