//! What goes back over HTTP: the envelope, and the headers that every answer has.

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use domain::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};

use crate::{Call, Code, Content, Error, Reply, Route, auth::sha256};

/// An answer, ready to be sent.
#[derive(Clone, Debug)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
/// What a cached answer depends on beside its address.
const VARY: HeaderValue = HeaderValue::from_static("Accept-Encoding, Authorization, X-Tenant-Id");
/// Nothing that we answer is a page with scripts of its own; where one is, its handler says so.
const NO_CONTENT: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// The envelope of a success.
#[derive(Serialize)]
struct Success<'a> {
    code: u16,
    message: &'static str,
    data: &'a RawValue,
    timestamp: i64,
}

/// The envelope of a refusal.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refusal<'a> {
    code: u16,
    message: &'static str,
    error: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<WrongField<'a>>,
    request_id: &'a str,
    timestamp: i64,
    #[serde(flatten)]
    facts: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct WrongField<'a> {
    field: &'a str,
    reason: &'a str,
}

/// Puts a success into its envelope.
pub(crate) fn success(route: &Route, call: &Call, reply: &Reply, now: Timestamp) -> Result<HttpAnswer, Error> {
    let status = reply.status.unwrap_or(route.success);
    let mut headers = common_headers();
    for (name, value) in &reply.headers {
        headers.insert(name, HeaderValue::from_str(value).map_err(Error::internal)?);
    }
    let body = match &reply.content {
        Content::Data(data) => {
            headers.insert(header::CONTENT_TYPE, JSON);
            let envelope = Success { code: status, message: "ok", data, timestamp: now.as_millisecond() };
            Bytes::from(serde_json::to_vec(&envelope).map_err(Error::internal)?)
        }
        Content::Raw { kind, bytes } => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            bytes.clone()
        }
    };
    let Some(cache) = route.cache.filter(|_| status == 200) else {
        return Ok(HttpAnswer { status, headers, body });
    };
    let tag = entity_tag(&reply.content);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, VARY);
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).map_err(Error::internal)?);
    if is_known(&call.request.headers, &tag) {
        headers.remove(header::CONTENT_TYPE);
        return Ok(HttpAnswer { status: 304, headers, body: Bytes::new() });
    }
    Ok(HttpAnswer { status, headers, body })
}

/// Puts a refusal into its envelope.
pub(crate) fn refusal(call: &Call, error: &Error, now: Timestamp) -> HttpAnswer {
    let status = error.code.status();
    let envelope = Refusal {
        code: status,
        message: error.code.message(call.request.language),
        error: error.code.word(),
        details: error.details.iter().map(|it| WrongField { field: &it.field, reason: &it.reason }).collect(),
        request_id: &call.request.id,
        timestamp: now.as_millisecond(),
        facts: &error.facts,
    };
    let mut headers = common_headers();
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(call.request.language.tag()));
    if let Some(seconds) = error.retry_after_secs {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == 401 {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    // Maps with text keys, numbers and text are always writable as JSON.
    let body = serde_json::to_vec(&envelope).unwrap_or_default();
    HttpAnswer { status, headers, body: Bytes::from(body) }
}

/// Answers a path that nobody has.
pub fn not_found(call: &Call, now: Timestamp) -> HttpAnswer {
    refusal(call, &Code::NotFound.into(), now)
}

/// Answers a method that a path does not take; `allowed` are those that it does.
pub fn method_not_allowed(call: &Call, allowed: &[crate::Method], now: Timestamp) -> HttpAnswer {
    let mut answer = refusal(call, &Code::MethodNotAllowed.into(), now);
    let words: Vec<&str> = allowed.iter().map(|method| method.word()).collect();
    if let Ok(allow) = HeaderValue::from_str(&words.join(", ")) {
        answer.headers.insert(header::ALLOW, allow);
    }
    answer
}

fn common_headers() -> HeaderMap {
    let fixed: [(HeaderName, HeaderValue); 4] = [
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, NO_CONTENT),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    fixed.into_iter().collect()
}

/// A weak tag: the envelope around the same data tells another time on every answer.
fn entity_tag(content: &Content) -> String {
    let bytes = match content {
        Content::Data(data) => data.get().as_bytes(),
        Content::Raw { bytes, .. } => bytes,
    };
    ["W/\"", &BASE64URL_NOPAD.encode(&sha256(&[bytes])[..12]), "\""].concat()
}

/// Whether the client has what the tag names (RFC 9110, 13.1.2: compared weakly).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim() == "*" || bare(known) == bare(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_recognised_weakly_and_in_lists() {
        let known = |value: &str| {
            is_known(&HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_str(value).unwrap())]), "W/\"a\"")
        };
        for yes in ["W/\"a\"", "\"a\"", "\"b\", W/\"a\"", "*"] {
            assert!(known(yes), "{yes}");
        }
        for no in ["\"b\"", "a", "", "W/\"A\""] {
            assert!(!known(no), "{no}");
        }
    }
}
