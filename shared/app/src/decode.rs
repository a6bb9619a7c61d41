//! From bytes to a typed request, with all wrong fields told at once.
//!
//! Two steps. [`Shape`], compiled from the request type's JSON schema, finds everything that is wrong: serde alone would
//! stop at the first. Then [`typed`] lets serde build the value, which catches what a schema cannot say.
//!
//! `Shape` is ours and not the `jsonschema` crate for three reasons. That crate brings a regular-expression engine, URI
//! resolution and formats of which no request uses any, half a second of compilation for each of eighty binaries, and
//! start-up time. Its messages name keywords (`"x" is less than the minimum of 1`), ours are for people (`must be 1 to
//! 10`). And what schemars writes for our own types is a small part of JSON Schema, which 200 lines check. The same
//! schema makes the `OpenAPI` document, so that documentation and validation are one declaration.

mod check;
mod shape;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub(crate) use self::shape::REASON;
pub use self::shape::Shape;
use crate::{Call, Code, Error};

/// The longest body of a route that says nothing else, in bytes: 256 KiB. Files go to S3.
pub const MAX_BODY: usize = 256 * 1024;

/// What a wrong field is called where the whole body is wrong.
const WHOLE: &str = "body";

/// Bytes of path and query together.
const MAX_TARGET: usize = 8 * 1_024;
/// Bytes of all headers together, names and values; and how many there are. API Gateway takes 10 KiB of both kinds together.
const MAX_HEADERS: usize = 16 * 1_024;
const MOST_HEADERS: usize = 100;

/// Refuses a request that is too large, or whose size cannot be told from its bytes: a body that says to be compressed is
/// not read at all, for nobody has so much to tell in JSON, and some kilobytes can stand for gigabytes.
pub(crate) fn check_request(call: &Call, longest_body: usize) -> Result<(), Error> {
    let headers = &call.request.headers;
    if call.request.body.len() > longest_body {
        return Err(Code::PayloadTooLarge.into());
    }
    let is_plain = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(CONTENT_ENCODING).iter().all(is_plain) {
        return Err(Code::UnsupportedMediaType.into());
    }
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let target = call.target.path.len() + call.target.query.len();
    let fits = target <= MAX_TARGET && bytes <= MAX_HEADERS && headers.len() <= MOST_HEADERS;
    if fits { Ok(()) } else { Err(Code::MalformedRequest.into()) }
}

/// Reads a body as JSON. No body is an empty object: routes without required fields need none.
///
/// # Errors
/// `unsupported_media_type` for another type than JSON, `malformed_request` for what is no JSON in UTF-8 (or nested deeper
/// than 128 levels).
pub(crate) fn body(headers: &HeaderMap, body: &Bytes) -> Result<Value, Error> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let is_json =
        |kind: &str| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json");
    if headers.get(CONTENT_TYPE).is_some_and(|kind| !kind.to_str().is_ok_and(is_json)) {
        return Err(Code::UnsupportedMediaType.into());
    }
    serde_json::from_slice(body).map_err(|_| Code::MalformedRequest.into())
}

/// Builds the typed request.
///
/// # Errors
/// `validation_failed` with the first field that serde refuses.
pub fn typed<T: DeserializeOwned>(input: Value) -> Result<T, Error> {
    serde_path_to_error::deserialize(input).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { WHOLE.to_owned() } else { path };
        Error::field(field, error.inner())
    })
}

#[cfg(test)]
mod tests;
