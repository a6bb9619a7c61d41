//! Drafts as tables; and the event that other tests of this area start from.

use domain::{
    Timestamp,
    event::{Event, Review},
    id::{EventId, Id as _, UserId},
};
use serde_json::{Value, json};

use super::{Content, EventDraft, FreshIds};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn draft() -> Value {
    json!({
        "title": "Night", "city": "武汉", "venue": "Hall", "address": "1 Road", "timezone": "Asia/Shanghai",
        "sessions": [
            {"startsAt": "1970-01-02T08:00:00+08:00", "duration": 60, "doorsAt": "1970-01-02T07:00:00+08:00"},
            {"startsAt": "1970-01-01T08:16:40+08:00", "duration": 60}
        ],
        "priceOptions": [
            {"name": "GA", "price": 12_800, "totalCount": 100, "saleEndsAt": "1970-01-02T08:00:00+08:00"},
            {"name": "VIP", "price": 30_000, "totalCount": 10, "maxPerOrder": 2, "sortOrder": -1}
        ]
    })
}

fn read(draft: Value) -> Result<Content, Vec<String>> {
    let draft: EventDraft = serde_json::from_value(draft).unwrap();
    let read = draft.read(None, domain::event::RefundPolicy::default(), &mut FreshIds::new(at(0), [1; 10]));
    read.map_err(|details| details.into_iter().map(|detail| detail.field).collect())
}

/// An event of two sessions (at 1 000 and 86 400 seconds) and two options (100 at 12 800 fen, 10 at 30 000).
pub(crate) fn event() -> Event {
    let Content { details, sessions, options, seating } = read(draft()).unwrap();
    Event {
        id: EventId::from_bytes([1; 16]),
        publisher: UserId::from_bytes([2; 16]),
        details,
        sessions,
        options,
        seating,
        review: Review::Draft,
        created: at(0),
        updated: at(0),
        version: 1,
    }
}

pub(crate) fn content(event: &Event) -> Content {
    Content {
        details: event.details.clone(),
        sessions: event.sessions.clone(),
        options: event.options.clone(),
        seating: event.seating.clone(),
    }
}

/// The draft with one value replaced, found by its pointer (RFC 6901), and the fields that are wrong then.
fn check(pointer: &str, value: impl Into<Value>, wrong: &[&str]) {
    let mut changed = draft();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = changed.pointer_mut(parent).unwrap();
    match parent {
        Value::Array(entries) => entries[name.parse::<usize>().unwrap()] = value.into(),
        _ => parent[name] = value.into(),
    }
    let found = read(changed).err().unwrap_or_default();
    assert_eq!(found, wrong, "{pointer}");
}

#[test]
fn a_draft_becomes_an_event_with_its_dates_in_order() {
    let event = event();
    let starts: Vec<_> = event.sessions.iter().map(|session| session.starts).collect();
    assert_eq!(starts, [at(1_000), at(86_400)]);
    assert_eq!(event.details.currency.code(), "CNY");
    assert_eq!(event.options[0].max_per_order.get(), 10);
    assert_ne!(event.options[0].id, event.options[1].id);
}

#[test]
fn what_is_wrong_is_named_by_its_path() {
    check("/title", "", &["title"]);
    check("/title", "   ", &["title"]);
    check("/title", "夜".repeat(200), &[]);
    check("/title", "夜".repeat(201), &["title"]);
    check("/title", "a\u{0}b", &["title"]);
    check("/description", "line\nline", &[]);
    check("/poster", "javascript:alert(1)", &["poster"]);
    check("/poster", "//elsewhere.test/x.png", &["poster"]);
    check("/poster", "https://a.test/x.png\" onerror=\"x", &["poster"]);
    check("/poster", "/posters/1.png", &[]);
    check("/timezone", "Mars/Base", &["timezone"]);
    check("/currency", "XXX", &["currency"]);
    check("/refundPolicy", json!({"mode": "automatic", "hoursBefore": 9_000}), &["refundPolicy.hoursBefore"]);
    check("/performers", json!(["A", ""]), &["performers[1]"]);
    check("/tags", json!(vec!["t"; 21]), &["tags"]);
    check("/sessions", json!([]), &["sessions"]);
    check("/sessions/0/startsAt", "1970-01-02T08:00:00", &["sessions[0].startsAt"]);
    check("/sessions/0/duration", 0, &["sessions[0].duration"]);
    check("/sessions/1/duration", 14_401, &["sessions[1].duration"]);
    check("/sessions/0/doorsAt", "1970-01-02T08:00:00+08:00", &["sessions[0].doorsAt"]);
    check("/priceOptions", json!([]), &["priceOptions"]);
    check("/priceOptions/0/price", 10_000_000_001_u64, &["priceOptions[0].price"]);
    check("/priceOptions/0/totalCount", 0, &["priceOptions[0].totalCount"]);
    check("/priceOptions/1/maxPerOrder", 11, &["priceOptions[1].maxPerOrder"]);
    check("/priceOptions/0/saleStartsAt", "1970-01-02T08:00:00+08:00", &["priceOptions[0].saleEndsAt"]);
}

#[test]
fn everything_wrong_is_said_at_once() {
    let mut wrong = draft();
    wrong["title"] = "".into();
    wrong["timezone"] = "".into();
    wrong["sessions"][1]["duration"] = 0.into();
    wrong["priceOptions"][0]["name"] = "".into();
    let fields = read(wrong).unwrap_err();
    assert_eq!(fields, ["title", "priceOptions[0].name", "sessions[1].duration", "timezone"]);
}

#[test]
fn an_event_has_limits_as_a_whole() {
    check("/priceOptions/0/totalCount", 499_990, &[]);
    check("/priceOptions/0/totalCount", 499_991, &["priceOptions"]);
    let session = draft()["sessions"][1].clone();
    let option = draft()["priceOptions"][1].clone();
    let mut many = draft();
    many["sessions"] = json!(vec![session.clone(); 20]);
    many["priceOptions"] = json!(vec![option.clone(); 50]);
    assert!(read(many.clone()).is_ok());
    many["sessions"] = json!(vec![session; 21]);
    assert_eq!(read(many.clone()), Err(vec!["sessions".to_owned()]));
    many["sessions"] = draft()["sessions"].clone();
    many["priceOptions"] = json!(vec![
        {
            let mut long = option;
            long["description"] = "夜".repeat(500).into();
            long
        };
        50
    ]);
    assert_eq!(read(many), Err(vec!["description".to_owned()]));
}

#[test]
fn ids_name_what_the_event_has() {
    let event = event();
    let ids = |one: String, two: Value| {
        let mut changed = draft();
        changed["sessions"][0]["id"] = one.into();
        changed["sessions"][1]["id"] = two;
        let draft: EventDraft = serde_json::from_value(changed).unwrap();
        let read = draft.read_over(&event, None, &mut FreshIds::new(at(9), [3; 10]));
        read.map_err(|details| details.into_iter().map(|detail| detail.field).collect::<Vec<_>>())
    };
    let own = event.sessions[0].id;
    let kept = ids(own.to_string(), Value::Null).unwrap();
    assert_eq!(kept.sessions.iter().filter(|session| session.id == own).count(), 1);
    assert_eq!(ids(own.to_string(), own.to_string().into()), Err(vec!["sessions".to_owned()]));
    for foreign in ["", "ses_", "ses_00000000000000000000000000", &event.id.to_string()] {
        assert_eq!(ids(foreign.to_owned(), Value::Null), Err(vec!["sessions[0].id".to_owned()]), "{foreign}");
    }
}

#[test]
fn fresh_ids_differ() {
    let mut fresh = FreshIds::new(at(5), [255; 10]);
    let ids: std::collections::HashSet<EventId> = (0..1_000).map(|_| fresh.next()).collect();
    assert_eq!(ids.len(), 1_000);
}

/// The schema alone says what a schema can say, and refuses nothing that is right.
#[test]
fn the_schema_agrees() {
    let shape = app::decode::Shape::of(crate::create_event::OPERATION.input);
    let wrong = |draft: &Value| shape.check(draft).into_iter().map(|detail| detail.field).collect::<Vec<_>>();
    assert!(wrong(&draft()).is_empty());
    let mut bad = draft();
    bad["title"] = "".into();
    bad["currency"] = "euro".into();
    bad["refundPolicy"] = json!({"mode": "maybe"});
    bad["sessions"][0]["doorsAt"] = "noon".into();
    bad["sessions"][1]["duration"] = 14_401.into();
    bad["priceOptions"][0]["price"] = 10_000_000_001_u64.into();
    bad["priceOptions"][1]["name"] = Value::Null;
    let mut found = wrong(&bad);
    found.sort_unstable();
    let expected = [
        "currency",
        "priceOptions[0].price",
        "priceOptions[1].name",
        "refundPolicy.mode",
        "sessions[0].doorsAt",
        "sessions[1].duration",
        "title",
    ];
    assert_eq!(found, expected);
}
