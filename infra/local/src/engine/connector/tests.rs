//! Interposed faults.

use std::sync::Arc;

use aws_sdk_dynamodb::config::retry::RetryConfig;

use super::{Call, Interpose, Service, Verdict};
use crate::engine::testing::{create_table, dynamodb, memory, put, s};
use crate::invocation;

/// Answers every `PutItem` with the same verdict.
#[derive(Debug)]
struct OnPut(Verdict);

impl Interpose for OnPut {
    fn before(&self, call: &Call<'_>) -> Verdict {
        let put = call.service == Service::DynamoDb && call.operation == "PutItem";
        if put && !call.body.is_empty() { self.0.clone() } else { Verdict::Proceed }
    }
}

/// Puts an item under a verdict, without retries; returns the error's code and whether the
/// item is there afterwards.
async fn put_under(verdict: Verdict) -> (Option<String>, bool) {
    use aws_sdk_dynamodb::error::ProvideErrorMetadata;
    let engines = memory();
    let client = dynamodb(&engines);
    create_table(&client, "shows").await;
    engines.connector().interpose(Arc::new(OnPut(verdict)));
    let once = client.config().to_builder().retry_config(RetryConfig::disabled()).build();
    let once = aws_sdk_dynamodb::Client::from_conf(once);
    let put = once.put_item().table_name("shows").item("pk", s("a")).item("sk", s("1"));
    let error = put.send().await.unwrap_err();
    let code = error.code().map(str::to_owned);
    let get = client.get_item().table_name("shows").key("pk", s("a")).key("sk", s("1"));
    (code, get.send().await.unwrap().item.is_some())
}

#[tokio::test]
async fn a_lost_reply_was_carried_out() {
    assert_eq!(put_under(Verdict::LoseReply).await, (None, true));
}

#[tokio::test]
async fn a_call_that_failed_before_was_not() {
    assert_eq!(put_under(Verdict::FailBefore).await, (None, false));
}

#[tokio::test]
async fn a_refusal_reaches_the_caller_as_amazons() {
    let json = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow"}"#;
    let refused = put_under(Verdict::RefuseWith { status: 400, json: json.to_owned() }).await;
    assert_eq!(refused, (Some("ThrottlingException".to_owned()), false));
}

/// Puts an item in an invocation that dies there; returns whether the item is there afterwards.
async fn put_and_die(verdict: Verdict) -> bool {
    let engines = memory();
    let client = dynamodb(&engines);
    create_table(&client, "shows").await;
    engines.connector().interpose(Arc::new(OnPut(verdict)));
    let putting = invocation::run("putting", put(&client, "shows", "a", "1")).await;
    assert_eq!(putting, Err(invocation::Died), "what follows the call is not reached");
    let get = client.get_item().table_name("shows").key("pk", s("a")).key("sk", s("1"));
    get.send().await.unwrap().item.is_some()
}

#[tokio::test]
async fn whoever_dies_leaves_behind_what_was_carried_out() {
    assert!(!put_and_die(Verdict::DieBefore).await);
    assert!(put_and_die(Verdict::DieAfter).await);
}

#[tokio::test]
async fn without_the_hook_calls_proceed() {
    let engines = memory();
    let client = dynamodb(&engines);
    create_table(&client, "shows").await;
    engines.connector().interpose(Arc::new(OnPut(Verdict::FailBefore)));
    engines.connector().clear();
    put(&client, "shows", "a", "1").await;
}

#[test]
fn targets_name_services() {
    let check = |target, expected| assert_eq!(Service::of_target(target), expected);
    check("DynamoDB_20120810.Query", Some((Service::DynamoDb, "Query")));
    check("DynamoDBStreams_20120810.GetRecords", Some((Service::DynamoDb, "GetRecords")));
    check("AmazonSQS.SendMessage", Some((Service::Sqs, "SendMessage")));
    check("AmazonSSM.GetParameter", None);
    check("nonsense", None);
}
