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
use http::{HeaderMap, header::CONTENT_TYPE};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub(crate) use self::shape::REASON;
pub use self::shape::Shape;
use crate::{Code, Error};

/// The longest body, in bytes: 256 KiB. Files go to S3.
pub const MAX_BODY: usize = 256 * 1024;

/// What a wrong field is called where the whole body is wrong.
const WHOLE: &str = "body";

/// Refuses a body that is too long.
pub(crate) fn check_size(body: &Bytes) -> Result<(), Error> {
    if body.len() <= MAX_BODY { Ok(()) } else { Err(Code::PayloadTooLarge.into()) }
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
