//! SDK clients and a table for the tests of the engines.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
};
use aws_sdk_s3::config::Region;

use super::{Data, ENDPOINT, Engines, REGION, credentials};

pub(super) fn memory() -> Engines {
    Engines::open(&Data::Memory).unwrap()
}

pub(super) fn dynamodb(engines: &Engines) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::from_conf(
        aws_sdk_dynamodb::Config::builder()
            .behavior_version_latest()
            .region(Region::from_static(REGION))
            .credentials_provider(credentials())
            .endpoint_url(ENDPOINT)
            .http_client(engines.http_client())
            .build(),
    )
}

pub(super) fn sqs(engines: &Engines) -> aws_sdk_sqs::Client {
    aws_sdk_sqs::Client::from_conf(
        aws_sdk_sqs::Config::builder()
            .behavior_version_latest()
            .region(Region::from_static(REGION))
            .credentials_provider(credentials())
            .endpoint_url(ENDPOINT)
            .http_client(engines.http_client())
            .build(),
    )
}

pub(super) fn s3(engines: &Engines, endpoint: &str) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::Config::builder()
            .behavior_version_latest()
            .region(Region::from_static(REGION))
            .credentials_provider(credentials())
            .endpoint_url(endpoint)
            .force_path_style(true)
            .http_client(engines.http_client())
            .build(),
    )
}

pub(super) fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(super) fn n(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn key(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
}

fn text(name: &str) -> AttributeDefinition {
    let definition = AttributeDefinition::builder().attribute_name(name);
    definition.attribute_type(ScalarAttributeType::S).build().unwrap()
}

/// Makes a table with the keys `pk` and `sk`, an index over `gpk`, and a stream.
pub(super) async fn create_table(client: &aws_sdk_dynamodb::Client, table: &str) {
    let everything = Projection::builder().projection_type(ProjectionType::All).build();
    let index = GlobalSecondaryIndex::builder()
        .index_name("by-gpk")
        .key_schema(key("gpk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .projection(everything)
        .build()
        .unwrap();
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewAndOldImages)
        .build()
        .unwrap();
    client
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(text("pk"))
        .attribute_definitions(text("sk"))
        .attribute_definitions(text("gpk"))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(index)
        .stream_specification(stream)
        .send()
        .await
        .unwrap();
}

pub(super) async fn put(client: &aws_sdk_dynamodb::Client, table: &str, pk: &str, sk: &str) {
    let put = client.put_item().table_name(table).item("pk", s(pk)).item("sk", s(sk));
    put.item("n", n(1)).send().await.unwrap();
}

/// Creates a queue and returns its address.
pub(super) async fn create_queue(client: &aws_sdk_sqs::Client, name: &str, attributes: &[(&str, &str)]) -> String {
    let mut create = client.create_queue().queue_name(name);
    for (name, value) in attributes {
        create = create.attributes((*name).into(), *value);
    }
    create.send().await.unwrap().queue_url.unwrap()
}
