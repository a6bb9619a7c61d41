use aws_sdk_dynamodb::{
    error::DisplayErrorContext,
    types::{AttributeValue, ConditionCheck, Put, TransactWriteItem},
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use domain::Timestamp;

use super::*;
use crate::{App, clock::Clock, config::Stage};

/// Answers everything with an empty object.
#[derive(Debug)]
struct Agreeable;

impl HttpConnector for Agreeable {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::from("{}"))))
    }
}

fn settings() -> Settings {
    Settings::embedded(Stage::Local, "http://127.0.0.1:9", "http://localhost", [7; 32])
}

fn app() -> App {
    let http = http_client_fn(|_, _| SharedHttpConnector::new(Agreeable));
    App::connect(settings(), Clock::test(Timestamp::UNIX_EPOCH), Some(http), true)
}

/// A client as the store has it.
fn client() -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
        .region(aws_sdk_dynamodb::config::Region::from_static("eu-central-1"))
        .credentials_provider(aws_credential_types::Credentials::new("a", "b", None, None, "test"))
        .http_client(http_client_fn(|_, _| SharedHttpConnector::new(Agreeable)))
        .interceptor(LeastPrivilege::new(&settings()));
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// Declarations are constants; so are these, as good as.
fn granted(grants: Vec<Grant>) -> &'static [Grant] {
    grants.leak()
}

fn key() -> AttributeValue {
    AttributeValue::S("1".to_owned())
}

#[tokio::test]
async fn a_declared_call_goes_through_and_is_noted() {
    let get = || client().get_item().table_name("onsale-orders").key("pk", key()).send();
    scope("declared", granted(vec![Grant::read(Table::Orders)]), async { get().await }).await.unwrap();
    assert_eq!(used()["declared"], BTreeSet::from([Grant::read(Table::Orders)]));
    get().await.unwrap();
}

#[tokio::test]
async fn what_was_not_declared_fails() {
    let client = client();
    let grants = granted(vec![Grant::read(Table::Orders), Grant::write(Table::Tickets)]);
    scope("undeclared", grants, async {
        let put = client.put_item().table_name("onsale-orders").item("pk", key()).send().await;
        assert!(DisplayErrorContext(put.unwrap_err()).to_string().contains("not granted"));
        let other_table = client.get_item().table_name("onsale-tickets").key("pk", key()).send().await;
        assert!(DisplayErrorContext(other_table.unwrap_err()).to_string().contains("not granted"));
        let foreign = client.get_item().table_name("prod-orders").key("pk", key()).send().await;
        assert!(DisplayErrorContext(foreign.unwrap_err()).to_string().contains("no table of ours"));
        let scan = client.scan().table_name("onsale-orders").send().await;
        assert!(DisplayErrorContext(scan.unwrap_err()).to_string().contains("not granted"), "reading is no scanning");
        let unknown = client.list_tables().send().await;
        assert!(DisplayErrorContext(unknown.unwrap_err()).to_string().contains("no grant allows"));
    })
    .await;
    assert!(!used().contains_key("undeclared"));
}

#[tokio::test]
async fn every_item_of_a_transaction_needs_its_grant() {
    let put = Put::builder().table_name("onsale-orders").item("pk", key()).build().unwrap();
    let check = ConditionCheck::builder().table_name("onsale-inventory").key("pk", key()).condition_expression("a = b");
    let transaction = client()
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().put(put).build())
        .transact_items(TransactWriteItem::builder().condition_check(check.build().unwrap()).build());
    let (orders, inventory) = (Grant::write(Table::Orders), Grant::write(Table::Inventory));
    let alone = granted(vec![orders]);
    let both = granted(vec![orders, inventory]);
    assert!(scope("transaction", alone, transaction.clone().send()).await.is_err());
    scope("transaction", both, transaction.send()).await.unwrap();
    assert_eq!(used()["transaction"], BTreeSet::from([orders, inventory]));
}

#[tokio::test]
async fn queues_and_files_are_guarded_too() {
    let app = app();
    let send = |queue| app.queues.send_text(queue, "{}".to_owned(), 0, Timestamp::UNIX_EPOCH);
    scope("sender", granted(vec![Grant::send(Queue::CreateOrder)]), async {
        // The answer is no answer of the service's, but the guard let the call through.
        assert!(!format!("{:?}", send(Queue::CreateOrder).await).contains("not granted"));
        assert!(format!("{:?}", send(Queue::SendRefund).await).contains("not granted"));
        assert!(format!("{:?}", app.queues.bury(Queue::CreateOrder, "{}").await).contains("not granted"));
        let put = Box::pin(app.files.put("a", "image/png", "inline", vec![]));
        assert!(format!("{:?}", put.await).contains("not granted"));
        assert!(format!("{:?}", app.files.link("a", 60, "a.png").await).contains("not granted"));
    })
    .await;
    scope("buries", granted(vec![Grant::bury(Queue::CreateOrder), Grant::read_files()]), async {
        assert!(!format!("{:?}", app.queues.bury(Queue::CreateOrder, "{}").await).contains("not granted"));
        assert!(app.files.link("a", 60, "a.png").await.unwrap().contains("X-Amz-Signature"));
    })
    .await;
}
