//! Every request is hostile: what a stranger can send, for every operation, taken from the declarations. Whatever it is,
//! the answer is no 5xx, it is the envelope with a code that the operation declares, and what was refused changed nothing.

mod forge;
mod wire;

use std::collections::BTreeSet;

use app::Auth;
use domain::user::Role;
use serde_json::{Map, Value, json};
use store::Table;

use self::forge::Forge;
use crate::{
    audit::scan,
    client::Answer,
    derived::{Change, Roles, check, point_at, send, world, wrong_fields},
    sample::{Sample, samples},
    shop::{Person, Shop, fresh_key, person, text},
};

/// A shop with one of everything, and who may do what with it.
struct Town {
    shop: Shop,
    roles: Roles,
    world: Map<String, Value>,
    buyer: Person,
}

impl Town {
    async fn found() -> Self {
        let shop = Shop::open().await;
        let (world, buyer) = world(&shop).await;
        let roles = Roles::of(&shop, "demo").await;
        Self { shop, roles, world, buyer }
    }

    /// Samples that ask for what exists.
    fn samples(&self) -> impl Iterator<Item = Sample> {
        samples().into_iter().map(|mut sample| {
            point_at(&mut sample, &self.world);
            sample
        })
    }

    /// Whoever may do it with these things: their owner.
    fn owner(&self, auth: Auth) -> Option<&Person> {
        match auth {
            Auth::AtLeast(Role::Customer) => Some(&self.buyer),
            Auth::AtLeast(Role::Staff) => Some(&self.shop.staff),
            Auth::AtLeast(Role::Publisher) => Some(&self.shop.publisher),
            Auth::AtLeast(Role::Admin) => Some(&self.shop.admin),
            Auth::AtLeast(Role::Platform) => Some(self.roles.with(Role::Platform)),
            Auth::Open | Auth::Public | Auth::Proof => None,
        }
    }

    /// Everything that is stored.
    fn stored(&self) -> Stored {
        Stored(
            Table::ALL.map(|table| (table.name(), scan(&self.shop, table).iter().map(ToString::to_string).collect())),
        )
    }

    /// Demands that a refusal changed nothing. Attempts that are counted, and keys that were claimed before the handler
    /// refused, lie in two tables that are made for it.
    fn unchanged(&self, before: &Stored, what: &str) {
        for ((name, before), (_, after)) in before.0.iter().zip(self.stored().0) {
            if *name != Table::Activity.name() {
                assert!(*before == after, "{what} changed {name}");
            }
        }
    }
}

/// Items by table.
#[derive(PartialEq)]
struct Stored([(&'static str, BTreeSet<String>); Table::ALL.len()]);

/// Sends a sample under some headers, by the owner unless they say otherwise.
async fn with_headers(town: &Town, sample: &Sample, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let key = fresh_key();
    let mut all = vec![("idempotency-key", key.as_str())];
    if sample.operation.route.method.has_body() && !headers.iter().any(|(name, _)| *name == "content-type") {
        all.push(("content-type", "application/json"));
    }
    all.extend_from_slice(headers);
    let answer = town.shop.web.send(sample.method(), &sample.target(), &all, body.to_vec()).await;
    check(sample, &answer);
    answer
}

fn body_of(sample: &Sample) -> Vec<u8> {
    if sample.body.is_null() { Vec::new() } else { serde_json::to_vec(&sample.body).unwrap() }
}

#[tokio::test]
async fn no_forged_token_opens_anything() {
    let town = Town::found().await;
    let stranger = town.shop.buyer().await;
    let mut refused = 0;
    for sample in town.samples() {
        let Some(who) = town.owner(sample.operation.route.auth) else { continue };
        let (forge, before) = (Forge::of(&town.shop, who), town.stored());
        // Both sessions are known to be alive: what counts is whose they are.
        for person in [who, &stranger] {
            town.shop.get(person, "/api/users/profile").await;
        }
        for (what, token) in forge.all(&stranger) {
            let bearer = format!("Bearer {token}");
            let answer = with_headers(&town, &sample, &[("authorization", &bearer)], &body_of(&sample)).await;
            assert_eq!(answer.status, 401, "{} with {what}: {answer}", sample.name());
            refused += 1;
        }
        for (name, value) in [
            ("authorization", "Bearer".to_owned()),
            ("authorization", format!("Basic {}", forge.again())),
            ("authorization", format!("Token {}", forge.again())),
            ("authorization", forge.again()),
            ("x-authorization", format!("Bearer {}", forge.again())),
            ("cookie", format!("access_token={}", forge.again())),
        ] {
            let answer = with_headers(&town, &sample, &[(name, &value)], &body_of(&sample)).await;
            answer.refused(401, "unauthenticated");
        }
        let bearer = format!("Bearer {}", forge.again());
        let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str())];
        with_headers(&town, &sample, &twice, &body_of(&sample)).await.refused(401, "unauthenticated");
        town.unchanged(&before, sample.name());
    }
    assert!(refused > 2_000, "{refused}");
}

#[tokio::test]
async fn the_forge_has_the_right_key() {
    let town = Town::found().await;
    let again = format!("Bearer {}", Forge::of(&town.shop, &town.buyer).again());
    town.shop.web.send("GET", "/api/users/profile", &[("authorization", &again)], "").await.expect(200);
}

#[tokio::test]
async fn a_token_is_good_in_its_tenant_alone() {
    let town = Town::found().await;
    let others = Roles::of(&town.shop, "other").await;
    for sample in town.samples() {
        let Some(who) = town.owner(sample.operation.route.auth) else { continue };
        let before = town.stored();
        let theirs = others.with(who.identity.role);
        for (person, named) in [(theirs, "demo"), (who, "other")] {
            let bearer = format!("Bearer {}", town.shop.token(person));
            let headers = [("authorization", bearer.as_str()), ("x-tenant-id", named), ("host", "other.example")];
            let answer = with_headers(&town, &sample, &headers, &body_of(&sample)).await;
            assert_eq!(wrong_fields(&answer), ["tenantId"], "{}", sample.name());
            let mut sample = sample.clone();
            sample.query.insert("tenantId".into(), named.into());
            let answer = with_headers(&town, &sample, &headers[..1], &body_of(&sample)).await;
            assert_eq!(wrong_fields(&answer), ["tenantId"], "{}", sample.name());
        }
        town.unchanged(&before, sample.name());
    }
}

/// Bodies that are no JSON, and what they are.
fn unreadable(sample: &Sample) -> Vec<Vec<u8>> {
    const DEEP: usize = 10_000;
    let nested = |open: &str, inner: &str, close: &str| [&open.repeat(DEEP), inner, &close.repeat(DEEP)].concat();
    let field = sample.fields().keys().next().cloned().unwrap_or_else(|| "a".to_owned());
    let utf16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        nested("[", "", "]").into_bytes(),
        nested("{\"a\":", "1", "}").into_bytes(),
        format!("{{\"{field}\":{}}}", nested("[", "1", "]")).into_bytes(),
        "[".repeat(DEEP).into_bytes(),
        format!("{{\"{field}\":1e400}}").into_bytes(),
        format!("{{\"{field}\":-1e9999999999}}").into_bytes(),
        format!("{{\"{field}\":NaN}}").into_bytes(),
        format!("{{\"{field}\":0x10}}").into_bytes(),
        format!("{{\"{field}\":01}}").into_bytes(),
        format!("{{'{field}':1}}").into_bytes(),
        format!("{{\"{field}\":1,}}").into_bytes(),
        format!("{{\"{field}\":\"\\ud800\"}}").into_bytes(),
        format!("{{\"{field}\":\"\u{1}\"}}").into_bytes(),
        b"{\"a\":\"\xff\"}".to_vec(),
        b"{\"a\":\"\xc0\xaf\"}".to_vec(),
        b"{\"a\":\"\xed\xa0\x80\"}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{}\0".to_vec(),
        b"\x1f\x8b\x08\0\0\0\0\0".to_vec(),
        b"<?xml version=\"1.0\"?><a/>".to_vec(),
        utf16,
    ]
}

#[tokio::test]
async fn no_body_brings_an_operation_down() {
    let town = Town::found().await;
    for sample in town.samples().filter(Sample::takes_json) {
        let (who, before) = (town.owner(sample.operation.route.auth), town.stored());
        let with = |body: Vec<u8>| send(&town.shop, &sample, Change { who, body: Some(body), ..Change::default() });
        for body in unreadable(&sample) {
            with(body).await.refused(400, "malformed_request");
        }
        let padded = |length: usize| {
            let empty = "{\"pad\":\"\"}".len();
            format!("{{\"pad\":\"{}\"}}", "x".repeat(length - empty)).into_bytes()
        };
        let longest = sample.operation.route.longest_body;
        with(padded(longest + 1)).await.refused(413, "payload_too_large");
        for kind in [
            "text/plain",
            "text/json",
            "application/xml",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "json",
            "",
        ] {
            let change = Change { who, content_type: Some(kind), ..Change::default() };
            let answer = send(&town.shop, &sample, Change { body: Some(b"{}".to_vec()), ..change }).await;
            answer.refused(415, "unsupported_media_type");
        }
        town.unchanged(&before, sample.name());
        // As long as may be is not too long. What is done then may be to log out: by somebody whom nobody needs.
        let somebody = match sample.operation.route.auth {
            Auth::AtLeast(role) => Some(person(town.shop.app(), &town.shop.tenant, role, sample.name()).await),
            Auth::Open | Auth::Public | Auth::Proof => None,
        };
        let change = Change { who: somebody.as_ref(), body: Some(padded(longest)), ..Change::default() };
        assert_ne!(send(&town.shop, &sample, change).await.status, 413, "{}", sample.name());
    }
}

/// A place in a body, and how it is called in details: `sessions[0].startsAt`.
type Place = (String, String);

/// Every value in a body that is no list and no object.
fn leaves(value: &Value, (pointer, name): Place, found: &mut Vec<Place>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let inner = if name.is_empty() { field.clone() } else { [&name, ".", field.as_str()].concat() };
                leaves(value, ([&pointer, "/", field.as_str()].concat(), inner), found);
            }
        }
        Value::Array(items) => {
            for (number, value) in items.iter().enumerate() {
                leaves(value, (format!("{pointer}/{number}"), format!("{name}[{number}]")), found);
            }
        }
        _ => found.push((pointer, name)),
    }
}

/// Each body of a sample in which one value is another.
fn changed(sample: &Sample, other: impl Fn(&Value) -> Vec<Value>) -> Vec<(String, Value)> {
    let mut places = Vec::new();
    leaves(&sample.body, Place::default(), &mut places);
    let mut bodies = Vec::new();
    for (pointer, name) in places {
        for value in other(sample.body.pointer(&pointer).unwrap()) {
            let mut body = sample.body.clone();
            *body.pointer_mut(&pointer).unwrap() = value;
            bodies.push((name.clone(), body));
        }
    }
    bodies
}

/// What does not fit is refused with its name, and nothing else is blamed.
fn blames(name: &str, sample: &Sample, body: &Value, answer: &Answer) {
    if answer.error() != "validation_failed" {
        return;
    }
    let named = wrong_fields(answer);
    // A list is wrong as a whole where one of its members cannot be.
    let fits = |field: &str| name.starts_with(field.split('[').next().unwrap_or_default());
    assert!(!named.is_empty() && named.iter().all(|field| fits(field)), "{}: {body} blames {named:?}", sample.name());
}

#[tokio::test]
async fn numbers_that_do_not_fit_are_refused_by_name() {
    let town = Town::found().await;
    let numbers = |value: &Value| match value {
        Value::Number(_) => {
            ["1e30", "18446744073709551616", "-9223372036854775809", "-1e-7", "1.5", "\"1\"", "true", "[]"]
                .iter()
                .map(|text| serde_json::from_str(text).unwrap())
                .collect()
        }
        _ => Vec::new(),
    };
    let mut sent = 0;
    for sample in town.samples().filter(Sample::takes_json) {
        let (who, before) = (town.owner(sample.operation.route.auth), town.stored());
        for (name, body) in changed(&sample, numbers) {
            let bytes = serde_json::to_vec(&body).unwrap();
            let answer = send(&town.shop, &sample, Change { who, body: Some(bytes), ..Change::default() }).await;
            answer.refused(400, "validation_failed");
            blames(&name, &sample, &body, &answer);
            sent += 1;
        }
        town.unchanged(&before, sample.name());
    }
    assert!(sent > 20, "{sent}");
}

#[tokio::test]
async fn no_text_is_too_odd() {
    let town = Town::found().await;
    let odd = [
        "",
        "\0",
        "a\0b",
        " ",
        "\u{202e}txt",
        "\u{feff}",
        "\r\nset-cookie: a=b",
        "../../../../etc/passwd",
        "%00%2e%2e%2f",
        "${jndi:ldap://127.0.0.1:9/a}",
        "' OR 1=1 --",
        "demo#user#",
        "<script>alert(1)</script>",
        "{\"$ne\": null}",
        "e\u{301}\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    ];
    let mut sent = 0;
    for sample in town.samples().filter(Sample::takes_json) {
        let who = town.owner(sample.operation.route.auth);
        let texts =
            |value: &Value| if value.is_string() { odd.iter().map(|text| json!(text)).collect() } else { vec![] };
        for (name, body) in changed(&sample, texts) {
            let bytes = serde_json::to_vec(&body).unwrap();
            let answer = send(&town.shop, &sample, Change { who, body: Some(bytes), ..Change::default() }).await;
            blames(&name, &sample, &body, &answer);
            sent += 1;
        }
        // Whatever is text has a limit.
        let long = |value: &Value| if value.is_string() { vec![json!("x".repeat(100_000))] } else { vec![] };
        for (name, body) in changed(&sample, long) {
            let before = town.stored();
            let bytes = serde_json::to_vec(&body).unwrap();
            let answer = send(&town.shop, &sample, Change { who, body: Some(bytes), ..Change::default() }).await;
            assert!(answer.status >= 400, "{} takes 100 000 characters for {name}", sample.name());
            town.unchanged(&before, sample.name());
        }
    }
    town.shop.drained().await;
    crate::audit::audit(&town.shop).await;
    assert!(sent > 100, "{sent}");
}

/// Fields that decide what nobody may decide by saying so.
const POWERFUL: &[&str] = &[
    "role",
    "tenantId",
    "tid",
    "tenant",
    "status",
    "state",
    "st",
    "id",
    "userId",
    "user",
    "owner",
    "price",
    "total",
    "totalAmount",
    "amount",
    "currency",
    "paid",
    "isAdmin",
    "admin",
    "version",
    "ver",
    "epoch",
    "createdAt",
    "expiresAt",
    "pk",
    "sk",
    "ttl",
    "__proto__",
    "constructor",
];

#[tokio::test]
async fn fields_that_nobody_asked_for_are_stored_nowhere() {
    let town = Town::found().await;
    let marker = format!("mass-assignment-{:x}", fastrand::u64(..));
    println!("{marker}");
    let platform =
        |town: &Town| scan(&town.shop, Table::Identity).iter().filter(|it| it.to_string().contains("platform")).count();
    let before = platform(&town);
    for sample in town.samples().filter(Sample::takes_json) {
        let (who, fields) = (town.owner(sample.operation.route.auth), sample.fields());
        let plain = send(&town.shop, &sample, Change { who, ..Change::default() }).await;
        for (place, power) in
            [(0, json!(marker)), (1, json!("platform")), (2, json!({"S": marker})), (3, json!([1, marker]))]
        {
            let mut body = sample.body.clone();
            if body.is_null() {
                body = json!({});
            }
            let mut unknown: Vec<String> = POWERFUL.iter().map(|name| (*name).to_owned()).collect();
            unknown.extend([marker.clone(), format!("{marker}{place}")]);
            unknown.retain(|name| !fields.contains_key(name));
            for name in unknown {
                body[name] = power.clone();
            }
            let bytes = serde_json::to_vec(&body).unwrap();
            let answer = send(&town.shop, &sample, Change { who, body: Some(bytes), ..Change::default() }).await;
            assert!(!String::from_utf8_lossy(&answer.body).contains(&marker), "{answer}");
            // They are neither obeyed nor complained about; what the first request did may refuse the second.
            if answer.error() == "validation_failed" {
                assert_eq!(wrong_fields(&answer), wrong_fields(&plain), "{}", sample.name());
            }
        }
    }
    town.shop.drained().await;
    for table in Table::ALL {
        let found: Vec<_> = scan(&town.shop, table).into_iter().filter(|it| it.to_string().contains(&marker)).collect();
        assert!(found.is_empty(), "{}: {found:?}", table.name());
    }
    assert_eq!(platform(&town), before, "somebody is somebody else now");
}

#[tokio::test]
async fn whoever_registers_is_a_customer_whatever_they_say() {
    let shop = Shop::open().await;
    for role in ["platform", "admin", "publisher", "staff"] {
        let body = json!({
            "tenantId": "demo", "email": format!("{role}@demo.test"), "password": "correct-horse-7",
            "role": role, "roles": [role], "standing": "active", "profile": {"role": role}, "user": {"role": role},
        });
        let headers = [("content-type", "application/json")];
        let made = shop.web.send("POST", "/api/auth/register", &headers, body.to_string()).await.expect(201);
        assert_eq!(text(&made["user"], "role"), "customer");
        let bearer = format!("Bearer {}", text(&made, "token"));
        let list = shop.web.send("GET", "/api/admin/events", &[("authorization", &bearer)], "").await;
        list.refused(403, "forbidden");
    }
}
