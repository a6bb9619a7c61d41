//! An HTTP request, as API Gateway's payload format 2.0 has it.

use app::{Auth, Body, Idempotency, Operation};
use serde_json::{Map, Value, json};

use super::plausible;
use crate::{
    areas::DEFAULT_PATH,
    openapi::{generator, properties, resolve},
};

/// How API Gateway names a route.
pub(super) fn route_key(operation: &Operation) -> String {
    let route = &operation.route;
    if route.path == DEFAULT_PATH { route.path.to_owned() } else { format!("{} {}", route.method.word(), route.path) }
}

/// A request that the operation would take.
pub(super) fn event(operation: &Operation) -> Value {
    let route = &operation.route;
    let (path, placeholders) = path(operation);
    let query = query(operation);
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key(operation),
        "rawPath": path,
        "rawQueryString": query_string(&query),
        "headers": headers(operation),
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "localhost",
            "domainPrefix": "localhost",
            "http": {
                "method": route.method.word(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "sample",
            },
            "requestId": "sample",
            "routeKey": route_key(operation),
            "stage": "$default",
            "time": "25/Dec/2026:11:30:00 +0000",
            "timeEpoch": 1_798_198_200_000_u64,
        },
        "isBase64Encoded": false,
    });
    if !placeholders.is_empty() {
        event["pathParameters"] = Value::Object(placeholders);
    }
    if !query.is_empty() {
        event["queryStringParameters"] = Value::Object(query);
    }
    if let Some(body) = body(operation) {
        event["body"] = body.into();
    }
    event
}

/// The path with its placeholders filled in, and the values by name.
fn path(operation: &Operation) -> (String, Map<String, Value>) {
    if operation.route.path == DEFAULT_PATH {
        return ("/nowhere".to_owned(), Map::new());
    }
    let mut values = Map::new();
    let mut before = "";
    let mut filled = Vec::new();
    for segment in operation.route.path.split('/') {
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => {
                let value = plausible::placeholder(before, name);
                filled.push(value.clone());
                values.insert(name.to_owned(), value.into());
            }
            None => filled.push(segment.to_owned()),
        }
        before = segment;
    }
    (filled.join("/"), values)
}

/// What the query must say, and the tenant where the route takes it from there.
fn query(operation: &Operation) -> Map<String, Value> {
    let route = &operation.route;
    let mut query = Map::new();
    if route.body == Body::Json && !route.method.has_body() {
        let mut generator = generator();
        let schema = (operation.input)(&mut generator);
        let definitions = generator.definitions();
        for (name, property, _) in properties(&resolve(schema, definitions)).into_iter().filter(|(_, _, must)| *must) {
            let value = plausible::value(&name, &property, definitions);
            query.insert(name, value.as_str().map_or_else(|| value.to_string(), str::to_owned).into());
        }
    }
    if route.auth == Auth::Public {
        query.insert("tenantId".to_owned(), plausible::TENANT.into());
    }
    query
}

fn query_string(query: &Map<String, Value>) -> String {
    let pairs: Vec<String> =
        query.iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default())).collect();
    pairs.join("&")
}

fn headers(operation: &Operation) -> Value {
    let route = &operation.route;
    let mut headers = json!({ "accept": "application/json", "accept-language": "en", "host": "localhost" });
    if matches!(route.auth, Auth::AtLeast(_)) {
        // Whoever replays the event puts a token here that is good at that moment.
        headers["authorization"] = "Bearer TOKEN".into();
    }
    if route.method.has_body() {
        headers["content-type"] = "application/json".into();
    }
    if route.idempotency != Idempotency::Ignored {
        headers["idempotency-key"] = format!("sample-{}", route.name).into();
    }
    headers
}

fn body(operation: &Operation) -> Option<String> {
    if !operation.route.method.has_body() {
        return None;
    }
    let mut generator = generator();
    let schema = (operation.input)(&mut generator);
    let definitions = generator.definitions();
    let body = plausible::value("", &resolve(schema, definitions), definitions);
    Some(crate::openapi::sorted(body).to_string())
}
