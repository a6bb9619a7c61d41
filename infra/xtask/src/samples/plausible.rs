//! Values that a type would take, guessed from its schema and, where that says little, from the field's name.

use domain::id::{
    EventId, Id, LoginId, OptionId, OrderId, PaymentId, RefundId, RunId, SessionId, TicketId, UserId, VenueId,
};
use serde_json::{Map, Value, json};

/// The tenant of samples.
pub(super) const TENANT: &str = "demo";
/// How deep a value may be nested before a type that contains itself is cut off.
const DEEPEST: usize = 12;
/// The bytes of every id in samples: a version 7 UUID of December 2026.
const BYTES: [u8; 16] = [1, 0x9d, 0x2b, 0x7c, 0x40, 0, 0x70, 1, 0x80, 2, 3, 4, 5, 6, 7, 8];

/// A value of the type with only what must be there.
pub(super) fn value(name: &str, schema: &Value, definitions: &Map<String, Value>) -> Value {
    of_schema(name, schema, definitions, 0)
}

/// A value for the placeholder `name` of a path, behind the segment `before`.
pub(super) fn placeholder(before: &str, name: &str) -> String {
    let of = if name == "id" { before } else { name };
    match of {
        "year" => "2026".to_owned(),
        "month" => "12".to_owned(),
        "provider" => "sandbox".to_owned(),
        "file" => "swagger-ui.css".to_owned(),
        "login" => id::<LoginId>(),
        "venue" => id::<VenueId>(),
        _ => named(of).unwrap_or_else(|| "sample".to_owned()),
    }
}

fn of_schema(name: &str, schema: &Value, definitions: &Map<String, Value>, depth: usize) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    if let Some(target) = schema["$ref"].as_str().and_then(|reference| definitions.get(reference.rsplit('/').next()?)) {
        return of_schema(name, target, definitions, depth + 1);
    }
    if let Some(given) = given(schema) {
        return given;
    }
    if let Some(choice) = choices(schema).find(|choice| choice["type"] != "null") {
        return of_schema(name, choice, definitions, depth + 1);
    }
    match kind(schema) {
        "object" => object(schema, definitions, depth),
        "array" => array(name, schema, definitions, depth),
        "integer" | "number" => schema.get("minimum").filter(|least| **least != json!(0)).cloned().unwrap_or(json!(1)),
        "boolean" => json!(false),
        "string" => text(name, schema).into(),
        _ => Value::Null,
    }
}

/// What the schema itself gives as a value.
fn given(schema: &Value) -> Option<Value> {
    let first = |word: &str| schema[word].as_array().and_then(|values| values.first()).cloned();
    first("examples")
        .or_else(|| schema.get("const").cloned())
        .or_else(|| first("enum"))
        .filter(|value| !value.is_null())
}

fn choices(schema: &Value) -> impl Iterator<Item = &Value> {
    ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|word| schema[word].as_array()).flatten()
}

/// The type; of a type that may be null, the other.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default(),
        _ if schema.get("properties").is_some() => "object",
        _ => "",
    }
}

fn object(schema: &Value, definitions: &Map<String, Value>, depth: usize) -> Value {
    let members = crate::openapi::properties(schema).into_iter().filter(|(_, _, required)| *required);
    members
        .map(|(name, property, _)| {
            let value = of_schema(&name, &property, definitions, depth + 1);
            (name, value)
        })
        .collect::<Map<_, _>>()
        .into()
}

fn array(name: &str, schema: &Value, definitions: &Map<String, Value>, depth: usize) -> Value {
    let count = schema["minItems"].as_u64().unwrap_or(1).clamp(1, 10);
    let items = (0..count).map(|_| of_schema(name.trim_end_matches('s'), &schema["items"], definitions, depth + 1));
    items.collect()
}

fn text(name: &str, schema: &Value) -> String {
    let by_format = match schema["format"].as_str() {
        Some("date-time") => Some("2026-12-25T19:30:00+08:00"),
        Some("date") => Some("2026-12-25"),
        Some("email") => Some("buyer@demo.test"),
        Some("uri") => Some("https://example.test/"),
        _ => None,
    };
    let guess = by_format.map(str::to_owned).or_else(|| named(name)).unwrap_or_else(|| "sample".to_owned());
    let shortest = schema["minLength"].as_u64().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let longest = schema["maxLength"].as_u64().and_then(|length| usize::try_from(length).ok()).unwrap_or(usize::MAX);
    let padding = "x".repeat(shortest.saturating_sub(guess.chars().count()));
    (guess + &padding).chars().take(longest).collect()
}

fn id<T: Id>() -> String {
    T::from_bytes(BYTES).to_string()
}

/// What fields of this name usually hold; of an id also by the collection that it is in.
fn named(name: &str) -> Option<String> {
    let known = match name {
        "order" | "orders" | "orderId" => return Some(id::<OrderId>()),
        "event" | "events" | "eventId" => return Some(id::<EventId>()),
        "venueId" => return Some(id::<VenueId>()),
        "session" | "sessions" | "sessionId" | "sid" => return Some(id::<SessionId>()),
        "option" | "price-options" | "priceOption" | "priceOptionId" | "optionId" | "pid" => {
            return Some(id::<OptionId>());
        }
        "ticket" | "tickets" | "ticketId" | "ticketIds" => return Some(id::<TicketId>()),
        "payment" | "payments" | "paymentId" => return Some(id::<PaymentId>()),
        "run" | "runs" | "runId" => return Some(id::<RunId>()),
        "refund" | "refunds" | "refundId" => return Some(id::<RefundId>()),
        "user" | "users" | "userId" => return Some(id::<UserId>()),
        "tenant" | "tenants" | "tenantId" => TENANT,
        "email" | "login" | "username" => "buyer@demo.test",
        "password" | "oldPassword" => "demo-password-1",
        "newPassword" => "demo-password-2",
        "phone" => "+8613800138000",
        "name" | "nickname" | "realName" => "Lin Ying",
        "title" => "A winter concert",
        "city" => "Shanghai",
        "venue" => "Grand Hall",
        "address" => "1 Example Road",
        "timezone" => "Asia/Shanghai",
        "currency" => "CNY",
        "refundPolicy" => "none",
        "reason" => "a sample",
        "gate" => "A",
        "class" => "second",
        "layout" => "3+2",
        "otp" => "123456",
        _ => return None,
    };
    Some(known.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_what_must_be_there_and_nothing_else() {
        let schema = json!({
            "type": "object",
            "required": ["email", "password", "count", "kind"],
            "properties": {
                "email": { "type": "string" },
                "password": { "type": "string", "minLength": 20 },
                "count": { "type": "integer", "minimum": 2 },
                "kind": { "enum": ["paid", "failed"] },
                "note": { "type": ["string", "null"] },
            },
        });
        let expected =
            json!({ "email": "buyer@demo.test", "password": "demo-password-1xxxxx", "count": 2, "kind": "paid" });
        assert_eq!(value("", &schema, &Map::new()), expected);
    }

    #[test]
    fn the_id_of_a_collection_is_of_its_kind() {
        assert!(placeholder("orders", "id").parse::<OrderId>().is_ok());
        assert!(placeholder("tickets", "ticket").parse::<TicketId>().is_ok());
        assert_eq!(placeholder("tenants", "id"), TENANT);
    }
}
