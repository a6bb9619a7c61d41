//! For tests: an application whose services take note of what they are sent.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
};

use app::{
    App,
    clock::Clock,
    config::{Settings, Stage},
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use domain::Timestamp;
use serde_json::{Value, json};

/// What was sent: the operation with its body.
pub(crate) type Sent = Arc<Mutex<Vec<(String, Value)>>>;

/// Says what the services answer.
type Respond = fn(&str, &Value) -> (u16, Value);

#[derive(Clone)]
struct Services {
    sent: Sent,
    respond: Respond,
}

impl std::fmt::Debug for Services {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Services")
    }
}

impl HttpConnector for Services {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let (status, answer) = (self.respond)(&operation, &body);
        self.sent.lock().unwrap().push((operation, body));
        let answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer.to_string()));
        HttpConnectorFuture::ready(Ok(answer))
    }
}

/// An application at the time 1 000 000 s, and what its services were sent.
pub(crate) fn app(respond: Respond) -> (&'static App, Sent) {
    let sent = Sent::default();
    let services = AssertUnwindSafe(Services { sent: Arc::clone(&sent), respond });
    let http = http_client_fn(move |_, _| SharedHttpConnector::new(services.0.clone()));
    let settings = Settings::embedded(Stage::Local, "http://127.0.0.1:9", "http://localhost", [7; 32]);
    let clock = Clock::test(Timestamp::from_second(1_000_000).unwrap());
    (Box::leak(Box::new(App::connect(settings, clock, Some(http), true))), sent)
}

/// Takes every message.
pub(crate) fn takes_all(operation: &str, body: &Value) -> (u16, Value) {
    if operation != "SendMessageBatch" {
        return (200, json!({"MessageId": "m"}));
    }
    let taken: Vec<Value> = body["Entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "0"}))
        .collect();
    (200, json!({"Successful": taken}))
}
