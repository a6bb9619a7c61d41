//! What every operation does, derived from its declaration: nobody has to remember to test it.

use std::collections::BTreeSet;

use app::{Auth, Code};
use domain::user::Role;
use lambda_http::request::LambdaRequest;
use serde_json::{Map, Value, json};

use crate::{
    client::Answer,
    sample::{self, Sample, samples},
    shop::{self, Person, Shop, fresh_key, person, text, tickets},
};

/// From least to most.
pub(crate) const ROLES: [Role; 5] = [Role::Customer, Role::Staff, Role::Publisher, Role::Admin, Role::Platform];

/// Somebody of each role.
pub(crate) struct Roles(Vec<Person>);

impl Roles {
    pub(crate) async fn of(shop: &Shop, tenant: &str) -> Self {
        let tenant = tenant.parse().unwrap();
        shop::establish(shop.app(), &tenant).await;
        let mut people = Vec::new();
        for role in ROLES {
            people.push(person(shop.app(), &tenant, role, &format!("any-{role}")).await);
        }
        Self(people)
    }

    pub(crate) fn with(&self, role: Role) -> &Person {
        self.0.iter().find(|person| person.identity.role == role).unwrap()
    }

    /// Whoever may do what somebody of a route may; the least of them.
    pub(crate) fn enough(&self, auth: Auth) -> Option<&Person> {
        match auth {
            Auth::AtLeast(role) => Some(self.with(role)),
            Auth::Open | Auth::Public | Auth::Proof => None,
        }
    }
}

/// How a request differs from the sample.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change<'c> {
    pub(crate) who: Option<&'c Person>,
    pub(crate) method: Option<&'c str>,
    pub(crate) content_type: Option<&'c str>,
    pub(crate) body: Option<Vec<u8>>,
}

/// Sends a sample, changed in some way, and checks what every answer has to be.
pub(crate) async fn send(shop: &Shop, sample: &Sample, change: Change<'_>) -> Answer {
    let bearer = change.who.map(|who| format!("Bearer {}", shop.token(who)));
    let key = fresh_key();
    let mut headers = vec![("idempotency-key", key.as_str())];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    if sample.operation.route.method.has_body() {
        headers.push(("content-type", change.content_type.unwrap_or("application/json")));
    }
    let sample_body = || match &sample.body {
        Value::Null => Vec::new(),
        body => serde_json::to_vec(body).unwrap(),
    };
    let body = change.body.unwrap_or_else(sample_body);
    let answer = shop.web.send(change.method.unwrap_or(sample.method()), &sample.target(), &headers, body).await;
    check(sample, &answer);
    answer
}

/// What every answer is, whatever was asked.
pub(crate) fn check(sample: &Sample, answer: &Answer) {
    let name = sample.name();
    // A database that cannot be reached says 503, and here it can.
    assert!(answer.status < 500, "{name}: {answer}");
    let envelope = answer.json();
    if answer.status >= 400 {
        let word = envelope["error"].as_str().unwrap_or_else(|| panic!("{name}: no word in {answer}"));
        let code = Code::all().find(|code| code.word() == word).unwrap_or_else(|| panic!("{name}: unknown {answer}"));
        assert_eq!(u64::from(answer.status), envelope["code"].as_u64().unwrap(), "{name}: {answer}");
        assert_eq!(code.status(), answer.status, "{name}: {answer}");
        assert!(envelope["message"].is_string() && envelope["requestId"].is_string(), "{name}: {answer}");
        assert!(envelope["timestamp"].is_i64(), "{name}: {answer}");
        let declared = sample.operation.route.errors.contains(&code) || OF_EVERY_ROUTE.contains(&code);
        assert!(declared, "{name} answers {word} and does not declare it");
    } else if sample.answers_json() && answer.status != 304 {
        assert_eq!(u64::from(answer.status), envelope["code"].as_u64().unwrap_or_default(), "{name}: {answer}");
        assert!(envelope.get("data").is_some() && envelope["message"] == "ok", "{name}: {answer}");
    }
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{name}: {answer}");
}

/// What the dispatcher may refuse for any route.
const OF_EVERY_ROUTE: &[Code] = &[
    Code::ValidationFailed,
    Code::MalformedRequest,
    Code::Unauthenticated,
    Code::SessionRevoked,
    Code::Forbidden,
    Code::TenantDisabled,
    Code::MethodNotAllowed,
    Code::PayloadTooLarge,
    Code::UnsupportedMediaType,
    Code::RateLimited,
];

#[tokio::test]
async fn whoever_is_not_logged_in_gets_nothing_that_needs_a_login() {
    let shop = Shop::open().await;
    for sample in samples() {
        let answer = send(&shop, &sample, Change::default()).await;
        match sample.operation.route.auth {
            Auth::AtLeast(_) => drop(answer.refused(401, "unauthenticated")),
            Auth::Open | Auth::Public => assert_ne!(answer.status, 401, "{answer}"),
            // Whoever has nothing to prove who they are is not let in; with what words depends on the proof.
            Auth::Proof if sample.name() == "forgot-password" => {
                assert_eq!(answer.status, 202, "to everybody: {answer}");
            }
            Auth::Proof => assert!((400..500).contains(&answer.status) || sample.name() == "register", "{answer}"),
        }
    }
}

#[tokio::test]
async fn whoever_may_too_little_is_refused() {
    let shop = Shop::open().await;
    let roles = Roles::of(&shop, "demo").await;
    let mut refused = 0;
    for sample in samples() {
        let Auth::AtLeast(least) = sample.operation.route.auth else { continue };
        for lower in ROLES.into_iter().filter(|role| *role < least) {
            send(&shop, &sample, Change { who: Some(roles.with(lower)), ..Change::default() })
                .await
                .refused(403, "forbidden");
            refused += 1;
        }
    }
    assert!(refused > 10, "{refused}");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_before_it_does_anything() {
    let shop = Shop::open().await;
    let roles = Roles::of(&shop, "demo").await;
    for sample in samples().into_iter().filter(|sample| sample.operation.route.method.has_body()) {
        let change = || Change { who: roles.enough(sample.operation.route.auth), ..Change::default() };
        let large = Change { body: Some(vec![b' '; sample.operation.route.longest_body + 1]), ..change() };
        send(&shop, &sample, large).await.refused(413, "payload_too_large");
        if !sample.takes_json() {
            continue;
        }
        for malformed in ["{", "{\"a\":", "nothing", "\u{0}", "{} {}"] {
            let change = Change { body: Some(malformed.into()), ..change() };
            send(&shop, &sample, change).await.refused(400, "malformed_request");
        }
        let change = Change { content_type: Some("text/plain"), body: Some(b"{}".to_vec()), ..change() };
        send(&shop, &sample, change).await.refused(415, "unsupported_media_type");
    }
}

/// Fits no field: a list of lists of lists.
fn nonsense() -> Value {
    json!([[[]]])
}

#[tokio::test]
async fn every_wrong_field_is_named_and_all_of_them_at_once() {
    let shop = Shop::open().await;
    let roles = Roles::of(&shop, "demo").await;
    for sample in samples() {
        let who = roles.enough(sample.operation.route.auth);
        let fields = sample.fields();
        let mut all = Map::new();
        if !sample.takes_json() {
            continue;
        }
        for field in fields.keys() {
            let mut body = sample.body.clone();
            if body.is_null() {
                body = json!({});
            }
            body[field] = nonsense();
            all.insert(field.clone(), nonsense());
            let change = Change { who, body: Some(serde_json::to_vec(&body).unwrap()), ..Change::default() };
            let named = wrong_fields(&send(&shop, &sample, change).await);
            let own = named.iter().all(|name| name.starts_with(field.as_str()));
            assert!(!named.is_empty() && own, "{}: {field} is wrong, and named are {named:?}", sample.name());
        }
        if fields.is_empty() {
            continue;
        }
        let change = Change { who, body: Some(serde_json::to_vec(&all).unwrap()), ..Change::default() };
        let named = wrong_fields(&send(&shop, &sample, change).await);
        for field in fields.keys() {
            assert!(
                named.iter().any(|name| name.starts_with(field.as_str())),
                "{}: {field} in {named:?}",
                sample.name()
            );
        }
        for body in ["[]", "7", "\"text\"", "null"] {
            let change = Change { who, body: Some(body.into()), ..Change::default() };
            assert_eq!(wrong_fields(&send(&shop, &sample, change).await), ["body"], "{}: {body}", sample.name());
        }
    }
}

#[tokio::test]
async fn every_number_of_a_query_string_is_checked() {
    let shop = Shop::open().await;
    let roles = Roles::of(&shop, "demo").await;
    let mut checked = 0;
    for mut sample in samples() {
        if sample.operation.route.method.has_body() {
            continue;
        }
        let fields = sample.fields();
        let numbers = fields.into_iter().filter(|(_, schema)| schema.to_string().contains("\"integer\""));
        for (field, _) in numbers {
            let before = sample.query.insert(field.clone(), "many".into());
            let change = Change { who: roles.enough(sample.operation.route.auth), ..Change::default() };
            assert_eq!(wrong_fields(&send(&shop, &sample, change).await), [field.as_str()], "{}", sample.name());
            sample.query.remove(&field);
            sample.query.extend(before.map(|value| (field, value)));
            checked += 1;
        }
    }
    assert!(checked > 2, "{checked}");
}

pub(crate) fn wrong_fields(answer: &Answer) -> Vec<String> {
    let refused = answer.refused(400, "validation_failed");
    refused["details"].as_array().into_iter().flatten().map(|detail| text(detail, "field")).collect()
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_refused_with_those_that_it_does() {
    let shop = Shop::open().await;
    for sample in samples() {
        for method in ["PATCH", "TRACE"] {
            let answer = send(&shop, &sample, Change { method: Some(method), ..Change::default() }).await;
            answer.refused(405, "method_not_allowed");
            assert!(answer.header("allow").contains(sample.method()), "{}: {}", sample.name(), answer.header("allow"));
        }
    }
    for path in ["/", "/api", "/api/nothing", "/api/events/../../etc/passwd", "/api/orders//cancel", "/%00"] {
        let answer = shop.web.send("GET", path, &[], "").await;
        answer.refused(404, "not_found");
    }
}

/// Placeholders that are no ids of things that can be missing.
const NO_IDS: [&str; 4] = ["file", "provider", "year", "month"];

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let shop = Shop::open().await;
    let roles = Roles::of(&shop, "demo").await;
    let mut asked = 0;
    for mut sample in samples() {
        let ids: Vec<_> = sample.path.keys().filter(|name| !NO_IDS.contains(&name.as_str())).cloned().collect();
        if ids.is_empty() || matches!(sample.operation.route.auth, Auth::Proof) {
            continue;
        }
        let who = roles.enough(sample.operation.route.auth);
        if sample.path.contains_key("tenant") {
            sample.path.insert("tenant".into(), "nobody".into());
        }
        let answer = send(&shop, &sample, Change { who, ..Change::default() }).await;
        assert_eq!(answer.status, 404, "{}: {answer}", sample.name());
        asked += 1;
        // What is not even an id is no more there, and no other kind of refusal.
        for id in ids {
            let mut sample = sample.clone();
            for odd in ["x", "%23", "ord_%F0%9F%8E%AB", "ord_zzzzzzzzzzzzzzzzzzzzzzzzzzz"] {
                sample.path.insert(id.clone(), odd.into());
                let answer = send(&shop, &sample, Change { who, ..Change::default() }).await;
                assert_eq!(answer.status, 404, "{}: {answer}", sample.name());
            }
        }
    }
    assert!(asked > 10, "{asked}");
}

/// One of everything that a tenant can have, by the names under which requests ask for it; and whose it is.
pub(crate) async fn world(shop: &Shop) -> (Map<String, Value>, Person) {
    let offer = shop.publish(tickets(20)).await;
    let buyer = shop.buyer().await;
    let sale = shop.sale(&buyer, &offer, 2).await;
    let order = text(&sale, "id");
    let asked = json!({"orderId": order, "reason": "ill", "ticketIds": [text(&sale["tickets"][0], "id")]});
    let refund = shop.create(&buyer, "/api/payments/refund", asked).await.data();
    let payments = shop.get(&buyer, &format!("/api/payments?orderId={order}")).await.data();
    let payment = payments.as_array().or(payments["items"].as_array()).unwrap()[0].clone();
    let mut world = Map::new();
    for (names, value) in [
        (&["event", "eventId"][..], json!(offer.event)),
        (&["session", "sessionId"][..], json!(offer.session)),
        (&["option", "priceOptionId", "optionId"][..], json!(offer.option)),
        (&["order", "orderId"][..], json!(order)),
        (&["ticket", "ticketId"][..], sale["tickets"][0]["id"].clone()),
        (&["code"][..], sale["tickets"][0]["qrCode"].clone()),
        (&["payment", "paymentId"][..], payment["id"].clone()),
        (&["refund", "refundId"][..], refund["id"].clone()),
        (&["venue", "venueId"][..], json!(crate::venues::venue(shop).await)),
    ] {
        assert!(value.is_string(), "{names:?}: {value}");
        world.extend(names.iter().map(|name| ((*name).to_owned(), value.clone())));
    }
    (world, buyer)
}

/// Whether whoever calls it is nobody afterwards. Such an operation names nothing but its caller.
fn ends_its_caller(sample: &Sample) -> bool {
    matches!(sample.name(), "logout" | "erase-me")
}

/// Puts the real things of a tenant into a sample. Whether there were any.
pub(crate) fn point_at(sample: &mut Sample, world: &Map<String, Value>) -> bool {
    let mut pointed = false;
    // Where the place of an event is written, it is no venue but what people call it.
    let mut body = sample.body.as_object_mut();
    let place = body.as_mut().and_then(|body| body.remove("venue"));
    for map in [Some(&mut sample.path), Some(&mut sample.query), body.as_deref_mut()].into_iter().flatten() {
        for (name, value) in map.iter_mut() {
            if let Some(real) = world.get(name) {
                *value = real.clone();
                pointed = true;
            }
        }
    }
    if let Some((body, place)) = body.zip(place) {
        body.insert("venue".to_owned(), place);
    }
    pointed
}

#[tokio::test]
async fn other_tenants_and_other_people_see_and_change_nothing() {
    let shop = Shop::open().await;
    strangers_see_and_change_nothing(&shop).await;
    crate::audit::audit(&shop).await;
}

pub(crate) async fn strangers_see_and_change_nothing(shop: &Shop) {
    let (world, _) = world(shop).await;
    let others = Roles::of(shop, "other").await;
    let stranger = shop.buyer().await;
    let before = format!("{:?}", shop.stored(world["order"].as_str().unwrap()).await);
    for mut sample in samples() {
        if ends_its_caller(&sample) {
            continue;
        }
        sample.query.remove("tenantId");
        let pointed = point_at(&mut sample, &world);
        let public = !matches!(sample.operation.route.auth, Auth::AtLeast(_));
        // Everybody of the other tenant, and a customer of this one who owns nothing.
        let admins = [Role::Customer, Role::Publisher, Role::Admin].map(|role| others.with(role));
        for who in admins.into_iter().chain([&stranger]) {
            let is_stranger = std::ptr::eq(who, &raw const stranger);
            if is_stranger && (public || matches!(sample.name(), "place-order")) {
                continue;
            }
            let answer = send(shop, &sample, Change { who: Some(who), ..Change::default() }).await;
            let shown = String::from_utf8_lossy(&answer.body).into_owned();
            // Their own trail says what they have just asked for.
            if sample.name() == "list-audit" {
                continue;
            }
            let leaked: Vec<_> = world.iter().filter(|(_, id)| shown.contains(id.as_str().unwrap())).collect();
            assert!(leaked.is_empty(), "{} shows {leaked:?} to {who:?}: {answer}", sample.name());
            let proof = matches!(sample.operation.route.auth, Auth::Proof | Auth::Open);
            if pointed && !proof {
                assert!(matches!(answer.status, 403 | 404), "{} for {who:?}: {answer}", sample.name());
            }
        }
    }
    shop.drained().await;
    let after = format!("{:?}", shop.stored(world["order"].as_str().unwrap()).await);
    assert_eq!(before, after);
}

#[tokio::test]
async fn sample_requests_are_taken_by_their_functions() {
    let shop = Shop::open().await;
    let roles = Roles::of(&shop, "demo").await;
    let mut samples = samples();
    samples.sort_by_key(ends_its_caller);
    for sample in samples {
        let mut event = sample.event.clone();
        if let Some(who) = roles.enough(sample.operation.route.auth) {
            event["headers"]["authorization"] = format!("Bearer {}", shop.token(who)).into();
        }
        let request: LambdaRequest = serde_json::from_value(event).unwrap();
        let answer = runtime::http::answer(sample.operation, shop.app(), request.into()).await;
        let status = answer.status().as_u16();
        assert!(status < 500 && !matches!(status, 403 | 405 | 413 | 415), "{}: {answer:?}", sample.name());
        // What it names does not exist here; but nothing is wrong with how it is written.
        let refused_fields = matches!(sample.operation.route.auth, Auth::AtLeast(_)) && status == 400;
        assert!(!refused_fields, "{}: {answer:?}", sample.name());
    }
}

#[tokio::test]
async fn sample_messages_are_taken_by_their_workers() {
    let shop = Shop::open().await;
    for area in onsale::areas() {
        for worker in area.workers {
            let event = sample::event(area.name, worker.duty.name);
            match worker.duty.source {
                app::Source::Queue(_) => {
                    let event = serde_json::from_value(event).unwrap();
                    let outcome = runtime::queue::deliver(worker, shop.app(), event).await;
                    assert!(outcome.batch_item_failures.is_empty(), "{}: {outcome:?}", worker.duty.name);
                }
                app::Source::Stream(_) => {
                    let event = serde_json::from_value(event).unwrap();
                    let outcome = runtime::stream::forward(worker, shop.app(), event).await;
                    assert!(outcome.batch_item_failures.is_empty(), "{}: {outcome:?}", worker.duty.name);
                }
                app::Source::Schedule { .. } => {
                    let outcome = runtime::schedule::tick(worker, shop.app()).await;
                    assert!(outcome.is_ok(), "{}: {outcome:?}", worker.duty.name);
                }
            }
        }
    }
}

#[tokio::test]
async fn no_name_path_or_sample_is_used_twice() {
    let mut names = BTreeSet::new();
    let mut routes = BTreeSet::new();
    for operation in onsale::operations() {
        assert!(names.insert(operation.route.name), "{}", operation.route.name);
        assert!(routes.insert((operation.route.method, operation.route.path)), "{}", operation.route.path);
    }
    for worker in onsale::workers() {
        assert!(names.insert(worker.duty.name), "{}", worker.duty.name);
    }
}
