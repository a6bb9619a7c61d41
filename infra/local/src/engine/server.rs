//! Answers the AWS wire protocols over HTTP, for the AWS command line and for presigned
//! addresses.
//!
//! `DynamoDB` and SQS accept any credentials; S3 accepts the local key only, because there the
//! signature is the permission.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName};
use http::{HeaderValue, StatusCode};

use super::connector::{JSON, Service};
use super::{Answer, ENDPOINT, Engines};

/// The largest request of the JSON services: a batch of 25 items of 400 KB with their JSON.
const BODY_MAX_BYTES: usize = 16 << 20;

const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");

pub(super) fn router(engines: Engines) -> Router {
    Router::new().fallback(answer).with_state(engines)
}

async fn answer(State(engines): State<Engines>, request: Request) -> Response {
    let target = request.headers().get("x-amz-target").cloned();
    let Some(target) = target else {
        let request = request.map(s3s::Body::http_body_unsync);
        return engines.s3().call(request).await.map(Body::new);
    };
    let Some((service, operation)) = target.to_str().ok().and_then(Service::of_target) else {
        return (StatusCode::BAD_REQUEST, "there is no such service here").into_response();
    };
    let endpoint = endpoint(request.headers());
    let Ok(body) = to_bytes(request.into_body(), BODY_MAX_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let answer = match service {
        Service::Sqs => engines.sqs().call(operation, &body, &endpoint).await,
        _ => engines.dynamodb().call(operation, &body),
    };
    respond(answer)
}

fn endpoint(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    host.map_or_else(|| ENDPOINT.to_owned(), |host| format!("http://{host}"))
}

fn respond(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    if let Some(error) = answer.query_error {
        response.headers_mut().insert(QUERY_ERROR, HeaderValue::from_static(error));
    }
    response
}

#[cfg(test)]
mod tests;
