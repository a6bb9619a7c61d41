//! One operation of the document.

use std::collections::{BTreeMap, BTreeSet};

use app::{Auth, Body, Code, Idempotency, Operation, Route};
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::{properties, resolve};

/// Describes an operation.
pub(super) fn describe(area: &str, operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let route = &operation.route;
    let mut described = json!({
        "operationId": route.name,
        "tags": [area],
        "summary": route.summary,
        "parameters": parameters(operation, generator),
        "responses": responses(operation, generator),
        "security": security(route.auth),
    });
    if let Auth::AtLeast(role) = route.auth {
        described["x-least-role"] = format!("{role:?}").to_ascii_lowercase().into();
    }
    if let Some(body) = request_body(operation, generator) {
        described["requestBody"] = body;
    }
    described
}

fn takes_query(route: &Route) -> bool {
    route.body == Body::Json && !route.method.has_body()
}

fn parameters(operation: &Operation, generator: &mut SchemaGenerator) -> Vec<Value> {
    let route = &operation.route;
    let path = (operation.path)(generator);
    let mut found: Vec<Value> = properties(&resolve(path, generator.definitions()))
        .into_iter()
        .map(|(name, schema, _)| parameter("path", &name, schema, true))
        .collect();
    let mut tenant_is_said = false;
    if takes_query(route) {
        let query = (operation.input)(generator);
        for (name, schema, required) in properties(&resolve(query, generator.definitions())) {
            tenant_is_said |= name == "tenantId";
            found.push(parameter("query", &name, schema, required));
        }
    }
    if route.auth == Auth::Public {
        if !tenant_is_said {
            found.push(reference("TenantQuery"));
        }
        found.push(reference("TenantHeader"));
    }
    match route.idempotency {
        Idempotency::Ignored => {}
        Idempotency::Taken => found.push(reference("IdempotencyKey")),
        Idempotency::Required => found.push(reference("RequiredIdempotencyKey")),
    }
    found.push(reference("AcceptLanguage"));
    found
}

fn parameter(place: &str, name: &str, schema: Value, required: bool) -> Value {
    let mut parameter = json!({ "in": place, "name": name, "required": required });
    if let Some(description) = schema.get("description") {
        parameter["description"] = description.clone();
    }
    parameter["schema"] = schema;
    if place == "query" {
        // Left out, as far as we are concerned: forms in pages send it so.
        parameter["allowEmptyValue"] = true.into();
    }
    parameter
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

fn request_body(operation: &Operation, generator: &mut SchemaGenerator) -> Option<Value> {
    let route = &operation.route;
    if !route.method.has_body() {
        return None;
    }
    if route.body == Body::Raw {
        return Some(json!({ "content": { "*/*": { "schema": {} } }, "required": true }));
    }
    let schema = (operation.input)(generator);
    let fields = properties(&resolve(schema.clone(), generator.definitions()));
    let is_plain = is_plain_object(&schema, generator);
    // A type without fields takes no body, and none is as good as an empty object where no field is needed.
    if fields.is_empty() && is_plain {
        return None;
    }
    let is_needed = !is_plain || fields.iter().any(|(_, _, is_needed)| *is_needed);
    Some(json!({ "content": { "application/json": { "schema": schema } }, "required": is_needed }))
}

/// Whether a schema is an object without alternatives.
fn is_plain_object(schema: &schemars::Schema, generator: &SchemaGenerator) -> bool {
    let resolved = resolve(schema.clone(), generator.definitions());
    ["anyOf", "oneOf", "allOf"].iter().all(|word| resolved.get(*word).is_none())
}

fn security(auth: Auth) -> Value {
    match auth {
        Auth::Open | Auth::Proof => json!([]),
        Auth::Public => json!([{}, { "bearer": [] }]),
        Auth::AtLeast(_) => json!([{ "bearer": [] }]),
    }
}

fn responses(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let route = &operation.route;
    let mut responses = Map::new();
    responses.insert(route.success.to_string(), success(operation, generator));
    if route.cache.is_some() {
        responses.insert("304".to_owned(), json!({ "description": "As it was when `If-None-Match` was answered." }));
    }
    let mut by_status = BTreeMap::<u16, BTreeSet<Code>>::new();
    for code in refusals(operation) {
        by_status.entry(code.status()).or_default().insert(code);
    }
    responses.extend(by_status.into_iter().map(|(status, codes)| (status.to_string(), refusal(&codes))));
    Value::Object(responses)
}

fn success(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let Some(data) = (operation.output)(generator) else {
        return json!({ "description": "Not in the envelope.", "content": { "*/*": { "schema": {} } } });
    };
    let schema = json!({
        "allOf": [
            { "$ref": "#/components/schemas/Envelope" },
            { "type": "object", "properties": { "data": data }, "required": ["data"] },
        ],
    });
    json!({ "description": "Done.", "content": { "application/json": { "schema": schema } } })
}

fn refusal(codes: &BTreeSet<Code>) -> Value {
    let words: Vec<&str> = codes.iter().map(|code| code.word()).collect();
    if let [word @ ("internal" | "unavailable" | "rate_limited")] = words.as_slice() {
        return json!({ "$ref": format!("#/components/responses/{word}") });
    }
    let schema = json!({
        "allOf": [
            { "$ref": "#/components/schemas/Failure" },
            { "type": "object", "properties": { "error": { "enum": words } } },
        ],
    });
    let said = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    json!({ "description": said, "content": { "application/json": { "schema": schema } } })
}

/// What the route itself refuses, and what is refused before it is reached.
fn refusals(operation: &Operation) -> BTreeSet<Code> {
    let route = &operation.route;
    let mut codes: BTreeSet<Code> = route.errors.iter().copied().collect();
    // Whatever is asked for: headers that are too long, a body that is compressed.
    codes.extend([Code::MalformedRequest, Code::UnsupportedMediaType]);
    codes.extend([Code::RateLimited, Code::Internal, Code::Unavailable]);
    if let Auth::AtLeast(_) = route.auth {
        // Forbidden where the role is too low, or the scopes of an API key leave it out.
        codes.extend([Code::Unauthenticated, Code::SessionRevoked, Code::Forbidden]);
    }
    if matches!(route.auth, Auth::Public | Auth::AtLeast(_)) {
        codes.insert(Code::TenantDisabled);
    }
    if route.path.contains('{') {
        codes.insert(Code::NotFound);
    }
    if route.body == Body::Json {
        codes.insert(Code::ValidationFailed);
    }
    if route.method.has_body() {
        codes.insert(Code::PayloadTooLarge);
    }
    match route.idempotency {
        Idempotency::Ignored => {}
        Idempotency::Taken | Idempotency::Required => {
            codes.extend([Code::IdempotencyConflict, Code::Busy]);
        }
    }
    codes
}
