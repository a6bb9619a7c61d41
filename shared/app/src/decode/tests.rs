use domain::{
    id::{Id as _, OrderId},
    tenant::TenantId,
};
use http::{HeaderMap, HeaderValue};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::{
    Detail,
    wire::{Instant, PageQuery, Text},
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read by serde and by the schema alone")]
struct Order {
    #[schemars(range(min = 1, max = 10))]
    quantity: u32,
    user_info: Person,
    #[schemars(length(min = 1, max = 2))]
    sessions: Vec<Session>,
    before: Option<Text<OrderId>>,
    kind: Option<Kind>,
    way: Option<Way>,
    #[schemars(regex(pattern = r"^\d{4}-\d{2}$"))]
    month: Option<String>,
    #[serde(default)]
    gift: bool,
    price: Option<u64>,
    next: Option<Box<Person>>,
    labels: Option<std::collections::BTreeMap<String, u8>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "read by serde and by the schema alone")]
struct Person {
    #[schemars(length(min = 1, max = 5))]
    name: String,
    friend: Option<Box<Person>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read by serde and by the schema alone")]
struct Session {
    starts_at: Instant,
}

/// Words.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Kind {
    FirstClass,
    Second,
}

/// Words that are explained, which schemars writes as one branch for each.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Way {
    /// By post.
    Post,
    /// By hand.
    Hand,
}

fn shape<T: JsonSchema>() -> Shape {
    Shape::of(SchemaGenerator::subschema_for::<T>)
}

fn good() -> Value {
    json!({"quantity": 1, "userInfo": {"name": "Ann"}, "sessions": [{"startsAt": "2026-05-01T19:30:00+08:00"}]})
}

/// What is said of the good order with one field changed.
#[track_caller]
fn says(pointer: &str, value: Value, field: &str, reason: &str) {
    let mut order = good();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    order.pointer_mut(parent).unwrap()[name] = value;
    let expected = Detail { field: field.to_owned(), reason: reason.to_owned() };
    assert_eq!(shape::<Order>().check(&order), [expected]);
}

#[test]
fn every_wrong_field_is_told_at_once() {
    let wrong = shape::<Order>().check(&json!({
        "quantity": 11,
        "userInfo": {"name": "", "friend": {"name": 7}},
        "sessions": [{"startsAt": "tomorrow"}, {}, {"startsAt": "2026-05-01T19:30:00Z"}],
        "before": "tkt_1",
        "kind": "third",
        "gift": "yes",
        "labels": {"a": 1, "b": 300},
        "unknown": "ignored",
    }));
    let mut told: Vec<_> = wrong.iter().map(|it| (it.field.as_str(), it.reason.as_str())).collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("before", "must be an id that begins with ord_"),
            ("gift", "must be true or false"),
            ("kind", "must be one of firstClass, second"),
            ("labels.b", "must be 0 to 255"),
            ("quantity", "must be 1 to 10"),
            ("sessions", "must have 1 to 2 items"),
            ("sessions[0].startsAt", "must be a time with its offset, such as 2026-05-01T19:30:00+08:00"),
            ("sessions[1].startsAt", "is needed"),
            ("userInfo.friend.name", "must be text"),
            ("userInfo.name", "must have 1 to 5 characters"),
        ]
    );
}

#[test]
fn each_reason_reads_well() {
    says("/quantity", json!(0), "quantity", "must be 1 to 10");
    says("/quantity", json!(1.5), "quantity", "must be a whole number");
    says("/quantity", json!("1"), "quantity", "must be a whole number");
    says("/quantity", Value::Null, "quantity", "must be a whole number");
    says("/price", json!(-1), "price", "must be at least 0");
    says("/userInfo", json!("Ann"), "userInfo", "must be an object");
    says("/userInfo/name", json!("六个汉字啊啊"), "userInfo.name", "must have 1 to 5 characters");
    says("/sessions", json!([]), "sessions", "must have 1 to 2 items");
    says("/sessions", json!({}), "sessions", "must be a list");
    says("/sessions/0/startsAt", json!("2026-13-01T00:00:00Z"), "sessions[0].startsAt", TIME);
    says("/kind", json!(3), "kind", "must be one of firstClass, second");
    says("/way", json!("air"), "way", "must be one of post, hand");
    says("/month", json!("May"), "month", r"must match ^\d{4}-\d{2}$");
    says("/next", json!({}), "next.name", "is needed");
    says("/next", json!([]), "next", "must be an object");
}

const TIME: &str = "must be a time with its offset, such as 2026-05-01T19:30:00+08:00";

#[test]
fn what_fits_is_left_alone() {
    for (pointer, value) in [
        ("/quantity", json!(10)),
        ("/userInfo/name", json!("五个汉字啊")),
        ("/before", json!(OrderId::from_bytes([1; 16]).to_string())),
        ("/before", Value::Null),
        ("/kind", json!("second")),
        ("/kind", Value::Null),
        ("/way", json!("hand")),
        ("/price", json!(u64::MAX)),
        ("/next", json!({"name": "Bob", "friend": {"name": "Cem", "friend": null}})),
        ("/labels", json!({"a": 0})),
        ("/month", json!("2026-05")),
        ("/more", json!({"anything": [1]})),
    ] {
        let mut order = good();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        order.pointer_mut(parent).unwrap()[name] = value;
        assert_eq!(shape::<Order>().check(&order), [], "{pointer}");
        typed::<Order>(order).unwrap();
    }
}

#[test]
fn a_body_that_is_no_object_is_wrong_as_a_whole() {
    for body in [json!([]), json!("text"), json!(1), Value::Null] {
        let told = shape::<Order>().check(&body);
        assert_eq!((told[0].field.as_str(), told[0].reason.as_str()), ("body", "must be an object"), "{body}");
        assert!(!shape::<crate::Nothing>().check(&body).is_empty(), "{body}");
    }
    assert_eq!(shape::<crate::Nothing>().check(&json!({"more": 1})), []);
}

#[test]
fn a_list_of_mistakes_has_an_end() {
    let mut order = good();
    order["sessions"] = Value::Array(vec![json!({}); 5_000]);
    assert!(shape::<Order>().check(&order).len() <= 100);
}

#[test]
fn a_long_name_is_not_told_in_full() {
    let mut order = good();
    order["labels"] = Value::Object(Map::from_iter([("名".repeat(10_000), json!(-1))]));
    let told = shape::<Order>().check(&order);
    assert!(told[0].field.starts_with("labels.名") && told[0].field.len() < 1_000);
}

#[test]
fn what_only_the_type_knows_is_told_with_its_field() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "read by serde alone")]
    struct Nested {
        outer: Vec<Inner>,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "read by serde alone")]
    struct Inner {
        zone: Text<domain::event::Zone>,
    }
    let error = typed::<Nested>(json!({"outer": [{"zone": "Asia/Shanghai"}, {"zone": "Mars"}]})).unwrap_err();
    assert_eq!(error.code, Code::ValidationFailed);
    assert_eq!(error.details[0].field, "outer[1].zone");
    assert_eq!(error.details[0].reason, "Mars".parse::<domain::event::Zone>().unwrap_err().to_string());
    assert_eq!(typed::<Nested>(json!(1)).unwrap_err().details[0].field, "body");
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read by serde and by the schema alone")]
struct Search {
    tenant_id: Text<TenantId>,
    min_price: Option<u64>,
    free: Option<bool>,
    #[serde(flatten)]
    page: PageQuery,
}

#[test]
fn the_query_is_read_by_its_schema() {
    let read = |query: Value| {
        let query = Value::Object(shape::<Search>().coerce(query.as_object().unwrap().clone()));
        (shape::<Search>().check(&query), query)
    };
    let (wrong, query) = read(json!({"tenantId": "demo", "minPrice": "5", "free": "true", "page": "2", "q": "1"}));
    assert_eq!(wrong, []);
    assert_eq!(query, json!({"tenantId": "demo", "minPrice": 5, "free": true, "page": 2, "q": "1"}));
    let search = typed::<Search>(query).unwrap();
    assert_eq!((search.page.page, search.page.page_size), (2, 20));
    let (wrong, _) = read(json!({"page": "0", "pageSize": "many", "minPrice": "", "free": "1"}));
    let mut told: Vec<_> = wrong.iter().map(|it| (it.field.as_str(), it.reason.as_str())).collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("free", "must be true or false"),
            ("page", "must be 1 to 1000000"),
            ("pageSize", "must be a whole number"),
            ("tenantId", "is needed"),
        ]
    );
}

#[test]
fn bodies_are_json_in_utf_8() {
    let read = |kind: Option<&'static str>, bytes: &'static [u8]| {
        let kind = kind.map(|kind| (CONTENT_TYPE, HeaderValue::from_static(kind)));
        body(&HeaderMap::from_iter(kind), &Bytes::from_static(bytes)).map_err(|error| error.code)
    };
    assert_eq!(read(None, b"").unwrap(), json!({}));
    assert_eq!(read(Some("text/plain"), b"").unwrap(), json!({}));
    for kind in [None, Some("application/json"), Some("Application/JSON; charset=utf-8")] {
        assert_eq!(read(kind, b"{\"a\":1}").unwrap(), json!({"a": 1}), "{kind:?}");
    }
    for kind in ["text/plain", "application/jsonp", "application/x-www-form-urlencoded", ""] {
        assert_eq!(read(Some(kind), b"{}").unwrap_err(), Code::UnsupportedMediaType, "{kind}");
    }
    for broken in [&b"{"[..], b"{\"a\":\"\xff\"}", b"{}{}", b"nul", b"{\"a\":1,}", b"\xef\xbb\xbf{}"] {
        assert_eq!(read(None, broken).unwrap_err(), Code::MalformedRequest, "{broken:?}");
    }
    let deep = Bytes::from("[".repeat(100_000));
    assert_eq!(body(&HeaderMap::new(), &deep).unwrap_err().code, Code::MalformedRequest);
}

#[test]
fn a_request_has_a_largest_size() {
    let of = |body: usize, path: usize, headers: usize, coding: Option<&'static str>| {
        let filler = (0..headers).map(|number| (format!("x-{number}").parse().unwrap(), "x".parse().unwrap()));
        let coding = coding.map(|coding| (http::header::CONTENT_ENCODING, coding.parse().unwrap()));
        let request = crate::RequestFacts {
            id: String::new(),
            ip: String::new(),
            language: crate::Language::English,
            headers: filler.chain(coding).collect(),
            body: Bytes::from(vec![0; body]),
            origin: String::new(),
        };
        let target = crate::Target { path: "x".repeat(path), ..crate::Target::default() };
        let call = Call { target, path: Map::new(), query: Map::new(), request };
        check_request(&call, MAX_BODY).map_err(|error| error.code)
    };
    assert_eq!(of(MAX_BODY, MAX_TARGET, MOST_HEADERS, None), Ok(()));
    assert_eq!(of(0, 0, 0, Some("Identity")), Ok(()));
    assert_eq!(of(MAX_BODY + 1, 0, 0, None), Err(Code::PayloadTooLarge));
    assert_eq!(of(0, MAX_TARGET + 1, 0, None), Err(Code::MalformedRequest));
    assert_eq!(of(0, 0, MOST_HEADERS + 1, None), Err(Code::MalformedRequest));
    assert_eq!(of(0, 0, 0, Some("gzip")), Err(Code::UnsupportedMediaType));
}
