//! What API Gateway (HTTP API, payload 2.0) makes of a request.

use std::{collections::HashMap, net::SocketAddr};

use app::Operation;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, header, request::Parts, uri::Authority};
use lambda_http::{
    Request,
    aws_lambda_events::apigw::{
        ApiGatewayV2httpRequest, ApiGatewayV2httpRequestContext, ApiGatewayV2httpRequestContextHttpDescription,
    },
    request::LambdaRequest,
};
use url::Url;
use uuid::Uuid;

use super::Gone;
use crate::engine::ACCOUNT;

/// The header by which a gateway tells the scheme.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// A name for a request.
pub(super) fn request_id() -> String {
    Uuid::now_v7().simple().to_string()
}

/// Refuses a host that is none, and a path that is none (`OPTIONS *`): addresses are made of them, by us and by `lambda_http`,
/// which panics where it cannot.
pub(super) fn host(parts: &Parts) -> Result<(), Gone> {
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    let is_address = |host: &str| Url::parse(&["http://", host, "/"].concat()).is_ok();
    let is_host = host.is_some_and(|host| !host.contains('@') && host.parse::<Authority>().is_ok() && is_address(host));
    let is_path = parts.uri.path().starts_with('/');
    if is_host && is_path && hosts.next().is_none() { Ok(()) } else { Err(Gone) }
}

/// The request as `lambda_http` makes it of the event.
pub(super) fn request(
    mut parts: Parts,
    body: &Bytes,
    peer: SocketAddr,
    request_id: &str,
    operation: &Operation,
    parameters: HashMap<String, String>,
) -> Request {
    let path = parts.uri.path().to_owned();
    let route_key = match operation.route.path {
        path if path.starts_with('/') => [operation.route.method.word(), " ", path].concat(),
        path => path.to_owned(),
    };
    let mut event = ApiGatewayV2httpRequest::default();
    event.version = Some("2.0".to_owned());
    event.request_context = context(&parts, peer, request_id, &route_key);
    event.route_key = Some(route_key);
    event.raw_query_string = Some(parts.uri.query().unwrap_or_default().to_owned());
    event.raw_path = Some(path);
    event.path_parameters = parameters;
    // The gateway says this, whatever the client says.
    parts.headers.insert(FORWARDED_PROTO, HeaderValue::from_static("http"));
    event.headers = parts.headers;
    if !body.is_empty() {
        let text = std::str::from_utf8(body);
        event.is_base64_encoded = text.is_err();
        event.body = Some(text.map_or_else(|_| BASE64_STANDARD.encode(body), str::to_owned));
    }
    LambdaRequest::ApiGatewayV2(event).into()
}

fn context(parts: &Parts, peer: SocketAddr, request_id: &str, route_key: &str) -> ApiGatewayV2httpRequestContext {
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut http = ApiGatewayV2httpRequestContextHttpDescription::default();
    http.method = parts.method.clone();
    http.path = Some(parts.uri.path().to_owned());
    http.protocol = Some("HTTP/1.1".to_owned());
    http.source_ip = Some(peer.ip().to_canonical().to_string());
    http.user_agent = header(header::USER_AGENT);
    let mut context = ApiGatewayV2httpRequestContext::default();
    context.route_key = Some(route_key.to_owned());
    context.account_id = Some(ACCOUNT.to_owned());
    context.apiid = Some("local".to_owned());
    context.stage = Some("$default".to_owned());
    context.domain_name = header(header::HOST);
    context.request_id = Some(request_id.to_owned());
    context.http = http;
    context
}
