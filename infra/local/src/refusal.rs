//! Refusals of the gateway itself, for what never reaches an operation: in the envelope that everything has.

use app::{App, Code, Language};
use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

/// The envelope of a refusal.
pub(crate) fn refuse(app: &App, code: Code, request_id: &str) -> Response {
    let envelope = json!({
        "code": code.status(),
        "message": code.message(Language::accepted(None)),
        "error": code.word(),
        "requestId": request_id,
        "timestamp": app.now().as_millisecond(),
    });
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Body::from(envelope.to_string())).into_response();
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    // As on every answer of an operation.
    for (name, value) in [
        (header::CONTENT_TYPE, json),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ] {
        response.headers_mut().insert(name, value);
    }
    response
}
