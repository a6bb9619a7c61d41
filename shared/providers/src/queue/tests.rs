use std::sync::{Arc, Mutex};

use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use super::*;

type Sent = Arc<Mutex<Vec<Value>>>;

/// Takes single messages; of a batch it refuses those whose body is `no`.
#[derive(Clone, Debug, Default)]
struct Service(Sent);

impl HttpConnector for Service {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let entries = body["Entries"].as_array().cloned().unwrap_or_default();
        let refused = entries.iter().filter(|entry| entry["MessageBody"] == "no");
        let refused: Vec<_> = refused.map(|it| json!({"Id": it["Id"], "SenderFault": true, "Code": "No"})).collect();
        self.0.lock().unwrap().push(body);
        let answer = json!({"MessageId": "m", "Failed": refused, "Successful": []});
        HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::from(answer.to_string()))))
    }
}

fn queues(delays: Delays) -> (Queues, Sent) {
    let service = Service::default();
    let sent = Arc::clone(&service.0);
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(Credentials::new("a", "b", None, None, "test"))
        .http_client(http_client_fn(move |_, _| SharedHttpConnector::new(service.clone())))
        .build();
    (Queues::new(Client::from_conf(config), "https://sqs.example/1/prod-".to_owned(), delays), sent)
}

/// What a message that is sent with a delay carries: seconds for the service, and when it is due.
async fn sent_with(delays: Delays, delay_secs: u32) -> (Value, Value) {
    let (queues, sent) = queues(delays);
    let now = Timestamp::from_second(1_000).unwrap();
    queues.send(Queue::ExpireOrder, &json!({"order": 1}), delay_secs, now).await.unwrap();
    let message = sent.lock().unwrap().remove(0);
    assert_eq!(message["QueueUrl"], "https://sqs.example/1/prod-expire-order");
    assert_eq!(message["MessageBody"], r#"{"order":1}"#);
    (message["DelaySeconds"].clone(), message["MessageAttributes"]["due"]["StringValue"].clone())
}

#[tokio::test]
async fn a_delayed_message_says_when_it_is_due() {
    assert_eq!(sent_with(Delays::Service, 0).await, (Value::Null, Value::Null));
    assert_eq!(sent_with(Delays::Service, 60).await, (json!(60), json!("1060000")));
    assert_eq!(sent_with(Delays::Service, 901).await, (json!(900), json!("1901000")));
    assert_eq!(sent_with(Delays::Service, u32::MAX).await.0, json!(900));
    assert_eq!(sent_with(Delays::Poller, 60).await, (Value::Null, json!("1060000")));
}

#[tokio::test]
async fn a_batch_says_which_of_its_messages_were_refused() {
    let (queues, sent) = queues(Delays::Service);
    let mut bodies = vec!["yes".to_owned(); 23];
    for place in [3, 19, 22] {
        bodies[place] = "no".to_owned();
    }
    let refused = queues.send_batch(Queue::SummariseStock, &bodies).await;
    assert_eq!(refused.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [3, 19, 22]);
    let sizes: Vec<_> = sent.lock().unwrap().iter().map(|it| it["Entries"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [10, 10, 3]);
}

#[test]
fn names_of_queues_differ() {
    let names: std::collections::BTreeSet<_> = Queue::ALL.into_iter().map(Queue::name).collect();
    assert_eq!(names.len(), Queue::ALL.len());
}
