//! What all operations of the document share.

use serde_json::{Map, Value, json};

/// What this is.
pub(super) fn info() -> Value {
    json!({
        "title": "Onsale",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Serverless ticketing",
        "description": "Every JSON answer is an envelope. Money is an integer in minor units. Times are RFC 3339 with an \
                        offset. Ids are opaque. Unknown body fields and query parameters are ignored.",
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    })
}

/// The two envelopes.
pub(super) fn schemas() -> Map<String, Value> {
    let timestamp = json!({ "type": "integer", "format": "int64", "description": "Milliseconds since 1970." });
    let envelope = json!({
        "type": "object",
        "description": "A success; `data` is what was asked for.",
        "required": ["code", "message", "timestamp"],
        "properties": {
            "code": { "type": "integer", "description": "The HTTP status." },
            "message": { "type": "string", "examples": ["ok"] },
            "timestamp": timestamp,
        },
    });
    let detail = json!({
        "type": "object",
        "required": ["field", "reason"],
        "properties": {
            "field": { "type": "string", "examples": ["quantity"] },
            "reason": { "type": "string", "examples": ["must be 1 to 10"] },
        },
    });
    let failure = json!({
        "type": "object",
        "description": "A refusal. Some add facts of their own, such as `remaining` or `usedAt`.",
        "required": ["code", "message", "error", "requestId", "timestamp"],
        "properties": {
            "code": { "type": "integer", "description": "The HTTP status." },
            "message": { "type": "string", "description": "For people, in the language of `Accept-Language`." },
            "error": { "type": "string", "description": "Stable; for programs." },
            "details": { "type": "array", "items": detail, "description": "All wrong fields at once." },
            "requestId": { "type": "string" },
            "timestamp": timestamp,
        },
    });
    Map::from_iter([("Envelope".to_owned(), envelope), ("Failure".to_owned(), failure)])
}

/// Parameters that many operations take.
pub(super) fn parameters() -> Value {
    let key = json!({ "type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$" });
    let idempotency = |required: bool| {
        json!({
            "in": "header",
            "name": "Idempotency-Key",
            "required": required,
            "description": "The same key with the same body has the same effect and answer, for 24 hours.",
            "schema": key,
        })
    };
    let tenant = json!({ "type": "string", "examples": ["demo"] });
    json!({
        "IdempotencyKey": idempotency(false),
        "RequiredIdempotencyKey": idempotency(true),
        "TenantQuery": {
            "in": "query", "name": "tenantId", "required": false, "schema": tenant, "allowEmptyValue": true,
            "description": "The tenant, where neither the token nor `X-Tenant-Id` says it.",
        },
        "TenantHeader": {
            "in": "header", "name": "X-Tenant-Id", "required": false, "schema": tenant,
            "description": "The tenant, where neither the token nor `tenantId` says it.",
        },
        "AcceptLanguage": {
            "in": "header", "name": "Accept-Language", "required": false,
            "description": "The language of `message`.",
            "schema": { "type": "string", "examples": ["zh-CN", "en"] },
        },
    })
}

/// Refusals that every operation may answer with.
pub(super) fn responses() -> Value {
    let failure = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Failure" } } });
    let retry_after = json!({ "Retry-After": { "description": "Seconds.", "schema": { "type": "integer" } } });
    json!({
        "rate_limited": { "description": "`rate_limited`", "headers": retry_after, "content": failure },
        "internal": { "description": "`internal`", "content": failure },
        "unavailable": { "description": "`unavailable`", "headers": retry_after, "content": failure },
    })
}

/// How callers say who they are.
pub(super) fn security_schemes() -> Value {
    json!({ "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } })
}
