//! HTTP: from an API Gateway request to a [`Call`], and from an answer back.

use app::{
    App, Call, Language, Operation, RequestFacts, Target,
    dispatch::{HttpAnswer, dispatch},
};
use bytes::Bytes;
use http::{HeaderMap, header};
use lambda_http::{
    Body, Request, RequestExt as _, Response, aws_lambda_events::query_map::QueryMap, request::RequestContext,
};
use serde_json::{Map, Value};

/// The path of the operation that answers what no route takes, as API Gateway names it.
const DEFAULT_PATH: &str = "$default";

/// Answers one request with one operation.
pub async fn answer(operation: &'static Operation, app: &'static App, request: Request) -> Response<Body> {
    let asked = (operation.route.path == DEFAULT_PATH).then(|| asked(&request));
    let mut call = call(request, app);
    call.path.extend(asked.into_iter().flatten());
    respond(dispatch(operation, call, app).await)
}

/// What was asked for, for the one operation that cannot tell it from its route.
fn asked(request: &Request) -> Map<String, Value> {
    let method = Value::from(request.method().as_str());
    let path = Value::from(request.raw_http_path());
    [("method".to_owned(), method), ("path".to_owned(), path)].into_iter().collect()
}

/// What a request says. Values of path and query arrive decoded, by the gateway and by `lambda_http`: decoding them again
/// would let `%2541` pass for `A`.
pub fn call(request: Request, app: &App) -> Call {
    let path = map(request.path_parameters_ref());
    let query = map(request.query_string_parameters_ref());
    let context = Context::of(request.request_context_ref());
    let target = Target {
        method: request.method().clone(),
        path: request.raw_http_path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
    };
    let (parts, body) = request.into_parts();
    let accepted = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let request = RequestFacts {
        id: context.request_id,
        ip: context.ip,
        language: Language::accepted(accepted),
        origin: origin(context.domain.as_deref(), &app.settings.public_url),
        headers: parts.headers,
        body: bytes(body),
    };
    Call { target, path, query, request }
}

/// What an answer becomes.
pub fn respond(answer: HttpAnswer) -> Response<Body> {
    let HttpAnswer { status, headers, body } = answer;
    let mut response = Response::new(write(&headers, body));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = headers;
    response
}

/// What the gateway says of a request.
#[derive(Debug, Default)]
struct Context {
    request_id: String,
    ip: String,
    domain: Option<String>,
}

impl Context {
    fn of(context: Option<&RequestContext>) -> Self {
        let Some(RequestContext::ApiGatewayV2(context)) = context else { return Self::default() };
        Self {
            request_id: context.request_id.clone().unwrap_or_default(),
            ip: context.http.source_ip.clone().unwrap_or_default(),
            domain: context.domain_name.clone().filter(|name| !name.is_empty()),
        }
    }
}

/// Scheme and host that the client used. The scheme is that of the configured address: the gateway does not tell it.
fn origin(domain: Option<&str>, public_url: &str) -> String {
    match (public_url.split_once("://"), domain) {
        (Some((scheme, _)), Some(domain)) => [scheme, "://", domain].concat(),
        _ => public_url.to_owned(),
    }
}

/// Of a name that stands twice the last counts.
fn map(values: Option<&QueryMap>) -> Map<String, Value> {
    values.into_iter().flat_map(QueryMap::iter).map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
}

fn bytes(body: Body) -> Bytes {
    match body {
        Body::Text(text) => Bytes::from(text),
        Body::Binary(bytes) => Bytes::from(bytes),
        _ => Bytes::new(),
    }
}

/// Text goes as it is; anything else would be destroyed unless the gateway is told that it is base64.
fn write(headers: &HeaderMap, body: Bytes) -> Body {
    if body.is_empty() {
        return Body::Empty;
    }
    let is_text = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| {
        kind.starts_with("text/") || kind.starts_with("application/json") || kind.starts_with("image/svg+xml")
    });
    if !is_text {
        return Body::Binary(body.into());
    }
    String::from_utf8(body.into()).map_or_else(|not_text| Body::Binary(not_text.into_bytes()), Body::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_is_the_host_that_was_asked() {
        for (domain, public, expected) in [
            (Some("api.example"), "https://tickets.example", "https://api.example"),
            (Some("localhost:8080"), "http://127.0.0.1:8080", "http://localhost:8080"),
            (None, "https://tickets.example", "https://tickets.example"),
        ] {
            assert_eq!(origin(domain, public), expected);
        }
    }

    #[test]
    fn the_default_route_is_told_what_was_asked_for() {
        let request = http::Request::builder().method("PATCH").uri("/somewhere").body(Body::Empty).unwrap();
        let asked = asked(&request.with_raw_http_path("/api/no%20such"));
        assert_eq!((asked["method"].as_str(), asked["path"].as_str()), (Some("PATCH"), Some("/api/no%20such")));
    }

    #[test]
    fn values_are_decoded_once_and_the_last_one_counts() {
        let query: QueryMap = "a=1&b=%2541+c&a=2".parse().unwrap();
        let map = map(Some(&query));
        assert_eq!((map["a"].as_str(), map["b"].as_str()), (Some("2"), Some("%41 c")));
    }

    #[test]
    fn images_go_as_bytes_and_json_as_text() {
        let answer = |kind: &'static str, body: &'static [u8]| {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, http::HeaderValue::from_static(kind))]);
            respond(HttpAnswer { status: 200, headers, body: Bytes::from_static(body) }).into_body()
        };
        assert!(matches!(answer("application/json; charset=utf-8", b"{}"), Body::Text(_)));
        assert!(matches!(answer("image/png", b"\x89PNG"), Body::Binary(_)));
        assert!(matches!(answer("text/plain", b"\xff"), Body::Binary(_)));
        assert!(matches!(answer("image/png", b""), Body::Empty));
    }
}
