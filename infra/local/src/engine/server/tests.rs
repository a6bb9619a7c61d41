//! The wire protocols over HTTP.

use axum::body::{Body, to_bytes};
use http::Request;
use s3s::Body as S3Body;

use super::answer;
use crate::engine::testing::memory;

async fn post(target: &str, body: &str) -> (u16, Option<String>, String) {
    let engines = memory();
    let request = Request::post("/").header("host", "localhost:4000").header("x-amz-target", target);
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let response = answer(axum::extract::State(engines), request).await;
    let error = response.headers().get("x-amzn-query-error").cloned();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let error = error.map(|error| error.to_str().unwrap().to_owned());
    (status, error, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn the_target_chooses_the_engine() {
    let (status, _, body) = post("DynamoDB_20120810.ListTables", "{}").await;
    assert_eq!((status, body.as_str()), (200, r#"{"TableNames":[]}"#));
    let (status, _, body) = post("AmazonSQS.CreateQueue", r#"{"QueueName":"q"}"#).await;
    assert_eq!((status, body.as_str()), (200, r#"{"QueueUrl":"http://localhost:4000/000000000000/q"}"#));
    assert_eq!(post("AmazonSSM.GetParameter", "{}").await.0, 400);
}

#[tokio::test]
async fn sqs_errors_carry_both_codes() {
    let (status, error, body) = post("AmazonSQS.GetQueueUrl", r#"{"QueueName":"none"}"#).await;
    assert_eq!(status, 400);
    assert_eq!(error.as_deref(), Some("AWS.SimpleQueueService.NonExistentQueue;Sender"));
    assert!(body.contains(r#""__type":"com.amazonaws.sqs#QueueDoesNotExist""#), "{body}");
}

#[tokio::test]
async fn an_unsigned_request_to_s3_is_refused() {
    let request = Request::get("http://127.0.0.1/bucket/key").body(S3Body::empty()).unwrap();
    assert_eq!(memory().s3().call(request).await.status(), 403);
}
