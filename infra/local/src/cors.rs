//! Lets pages of a developer's own machine call the API, as `infra/base.yaml` lets those of a stage's origins.
//!
//! Only pages that came from this machine: any other site that its user happens to visit has no business here.

use axum::{body::Body, response::Response};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
    },
};

const PREFLIGHT: [(HeaderName, HeaderValue); 3] = [
    (ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET,POST,PUT,DELETE,OPTIONS")),
    (
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(
            "accept-language,authorization,content-type,idempotency-key,if-none-match,x-tenant-id",
        ),
    ),
    (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
];
const EXPOSED: HeaderValue = HeaderValue::from_static("etag,location,retry-after,x-request-id");

/// The origin of a request that comes from a page of this machine.
pub(crate) fn origin(headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(ORIGIN)?;
    let address = origin.to_str().ok()?.parse::<Uri>().ok()?;
    // All that stands before the port: `host` stops at a bracket, and leaves out what stands before an @.
    let authority = address.authority()?.as_str();
    let port = [":", address.port().as_ref().map_or("", |port| port.as_str())].concat();
    let host = authority.strip_suffix(port.as_str()).unwrap_or(authority);
    matches!(host, "localhost" | "127.0.0.1" | "[::1]").then(|| origin.clone())
}

/// The answer to a browser that asks before it sends.
pub(crate) fn preflight(method: &Method, headers: &HeaderMap) -> Option<Response> {
    let asks = method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if !asks || origin(headers).is_none() {
        return None;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().extend(PREFLIGHT);
    Some(response)
}

/// Lets the page read the answer.
pub(crate) fn allow(origin: HeaderValue, headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.append(VARY, HeaderValue::from_static("Origin"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(origin: &str) -> HeaderMap {
        let put = HeaderValue::from_static("PUT");
        [(ORIGIN, HeaderValue::from_str(origin).unwrap()), (ACCESS_CONTROL_REQUEST_METHOD, put)].into_iter().collect()
    }

    #[test]
    fn only_pages_of_this_machine_are_let_in() {
        for ours in ["http://localhost:5173", "http://127.0.0.1:3000", "https://localhost", "http://[::1]:80"] {
            assert!(preflight(&Method::OPTIONS, &headers(ours)).is_some(), "{ours}");
            assert!(preflight(&Method::PUT, &headers(ours)).is_none(), "{ours}");
        }
        let hosts = ["https://evil.example", "http://localhost.evil.example", "http://[::1].evil.example"];
        for other in
            hosts.into_iter().chain(["http://a@localhost", "http://localhost@evil.example", "null", "", "file://"])
        {
            assert!(preflight(&Method::OPTIONS, &headers(other)).is_none(), "{other}");
        }
    }
}
