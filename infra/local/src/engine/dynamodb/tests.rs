//! What the store relies on, through the real SDK.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};

use crate::engine::testing::{create_table, dynamodb, memory, n, put, s};
use crate::engine::{Engines, Usage};

async fn table() -> (Engines, Client) {
    let engines = memory();
    let client = dynamodb(&engines);
    create_table(&client, "shows").await;
    engines.meter().reset();
    (engines, client)
}

fn usage(engines: &Engines, operation: &'static str) -> Usage {
    let counts = engines.meter().snapshot();
    counts.get(&("shows".to_owned(), operation)).copied().unwrap_or_default()
}

#[tokio::test]
async fn a_refused_update_returns_the_item_in_the_way_only_if_asked() {
    let (engines, client) = table().await;
    put(&client, "shows", "a", "1").await;
    let update = client
        .update_item()
        .table_name("shows")
        .key("pk", s("a"))
        .key("sk", s("1"))
        .update_expression("SET n = :new")
        .condition_expression("n = :old")
        .expression_attribute_values(":new", n(3))
        .expression_attribute_values(":old", n(2));
    let asked = update.clone().return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let refused = asked.send().await.unwrap_err().into_service_error();
    let UpdateItemError::ConditionalCheckFailedException(refused) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.item().unwrap()["n"], n(1));
    let refused = update.send().await.unwrap_err().into_service_error();
    let UpdateItemError::ConditionalCheckFailedException(refused) = refused else { panic!("{refused:?}") };
    assert!(refused.item().is_none());
    let usage = usage(&engines, "UpdateItem");
    assert_eq!((usage.refused, usage.refused_write_units, usage.write_units), (2, 2.0, 0.0));
}

#[tokio::test]
async fn an_update_reaches_into_nested_maps() {
    let (_engines, client) = table().await;
    let inner = HashMap::from([("x".to_owned(), n(1))]);
    let put = client.put_item().table_name("shows").item("pk", s("a")).item("sk", s("1"));
    put.item("m", AttributeValue::M(inner)).send().await.unwrap();
    let updated = client
        .update_item()
        .table_name("shows")
        .key("pk", s("a"))
        .key("sk", s("1"))
        .update_expression("SET m.#k = :v, m.x = m.x + :one REMOVE m.gone")
        .condition_expression("attribute_not_exists(m.#k)")
        .expression_attribute_names("#k", "entry-1")
        .expression_attribute_values(":v", s("held"))
        .expression_attribute_values(":one", n(1))
        .return_values("ALL_NEW".into())
        .send()
        .await
        .unwrap();
    let map = updated.attributes.unwrap()["m"].as_m().unwrap().clone();
    assert_eq!((&map["entry-1"], &map["x"]), (&s("held"), &n(2)));
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing_and_billed_twice() {
    let (engines, client) = table().await;
    let put = |sk: &str| {
        let put = Put::builder().table_name("shows").item("pk", s("a")).item("sk", s(sk));
        put.condition_expression("attribute_not_exists(pk)").build().unwrap()
    };
    let item = |sk: &str| TransactWriteItem::builder().put(put(sk)).build();
    let both = client.transact_write_items().transact_items(item("1")).transact_items(item("2"));
    both.send().await.unwrap();
    assert_eq!(usage(&engines, "TransactWriteItems").write_units.to_bits(), 4f64.to_bits());

    let check = ConditionCheck::builder()
        .table_name("shows")
        .key("pk", s("a"))
        .key("sk", s("9"))
        .condition_expression("attribute_exists(pk)")
        .build()
        .unwrap();
    let check = TransactWriteItem::builder().condition_check(check).build();
    let refused = client.transact_write_items().transact_items(item("3")).transact_items(check);
    let refused = refused.send().await.unwrap_err().into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(refused) = refused else { panic!("{refused:?}") };
    let codes: Vec<_> = refused.cancellation_reasons().iter().map(|r| r.code()).collect();
    assert_eq!(codes, [Some("None"), Some("ConditionalCheckFailed")]);
    let usage = usage(&engines, "TransactWriteItems");
    assert_eq!((usage.refused, usage.refused_write_units), (1, 4.0));
    let all = client.scan().table_name("shows").send().await.unwrap();
    assert_eq!(all.count, 2);
}

#[tokio::test]
async fn a_repeated_transaction_is_applied_once_and_billed_as_a_read() {
    let (engines, client) = table().await;
    let put = Put::builder().table_name("shows").item("pk", s("a")).item("sk", s("1"));
    let put = put.condition_expression("attribute_not_exists(pk)").build().unwrap();
    let item = TransactWriteItem::builder().put(put).build();
    let write = client.transact_write_items().transact_items(item).client_request_token("once");
    write.clone().send().await.unwrap();
    write.send().await.unwrap();
    let both = Usage { calls: 2, write_units: 2.0, read_units: 2.0, ..Usage::default() };
    assert_eq!(usage(&engines, "TransactWriteItems"), both);
}

#[tokio::test]
async fn the_next_stream_number_is_found_by_the_index() {
    let (engines, _client) = table().await;
    let side = engines.dynamodb().turn();
    let plan: String = side
        .query_row(
            "EXPLAIN QUERY PLAN
             SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1
             FROM _stream_records WHERE table_name = 'shows'",
            [],
            |row| row.get("detail"),
        )
        .unwrap();
    assert!(plan.contains("onsale:stream_order"), "{plan}");
}

#[tokio::test]
async fn an_index_is_queried_in_order() {
    let (_engines, client) = table().await;
    for (pk, sk) in [("a", "2"), ("b", "1"), ("c", "3")] {
        let put = client.put_item().table_name("shows").item("pk", s(pk)).item("sk", s(sk));
        put.item("gpk", s("g")).send().await.unwrap();
    }
    put(&client, "shows", "d", "0").await;
    let query = client
        .query()
        .table_name("shows")
        .index_name("by-gpk")
        .key_condition_expression("gpk = :g AND sk > :from")
        .expression_attribute_values(":g", s("g"))
        .expression_attribute_values(":from", s("1"));
    let found = query.send().await.unwrap();
    let keys: Vec<_> = found.items().iter().map(|item| item["pk"].clone()).collect();
    assert_eq!(keys, [s("a"), s("c")]);
}

#[tokio::test]
async fn capacity_is_counted_whether_or_not_the_caller_asks() {
    let (engines, client) = table().await;
    let put = client.put_item().table_name("shows").item("pk", s("a")).item("sk", s("1"));
    let put = put.item("fat", s(&"x".repeat(1500)));
    assert!(put.clone().send().await.unwrap().consumed_capacity.is_none());
    let asked = put.return_consumed_capacity(ReturnConsumedCapacity::Total);
    assert_eq!(asked.send().await.unwrap().consumed_capacity.unwrap().capacity_units, Some(2.0));
    let written = Usage { calls: 2, write_units: 4.0, ..Usage::default() };
    assert_eq!(usage(&engines, "PutItem"), written);

    let get = client.get_item().table_name("shows").key("pk", s("a")).key("sk", s("1"));
    get.clone().send().await.unwrap();
    get.consistent_read(true).send().await.unwrap();
    let read = Usage { calls: 2, read_units: 1.5, ..Usage::default() };
    assert_eq!(usage(&engines, "GetItem"), read);

    // The refusal is billed by the size of the item in the way.
    let refused = client.put_item().table_name("shows").item("pk", s("a")).item("sk", s("1"));
    refused.condition_expression("attribute_not_exists(pk)").send().await.unwrap_err();
    let total = engines.meter().total();
    assert_eq!((total.refused, total.billed_write_units().to_bits()), (1, 6f64.to_bits()));
    engines.meter().reset();
    assert_eq!(engines.meter().total(), Usage::default());
}

#[tokio::test]
async fn items_past_their_time_go_in_a_sweep() {
    let (engines, client) = table().await;
    let specification = aws_sdk_dynamodb::types::TimeToLiveSpecification::builder()
        .enabled(true)
        .attribute_name("ttl")
        .build()
        .unwrap();
    let ttl = client.update_time_to_live().table_name("shows");
    ttl.time_to_live_specification(specification).send().await.unwrap();
    let put = client.put_item().table_name("shows").item("pk", s("a")).item("sk", s("1"));
    put.item("ttl", n(1_600_000_000)).send().await.unwrap();
    assert_eq!(engines.dynamodb().sweep_ttl().unwrap(), 1);
    assert_eq!(client.scan().table_name("shows").send().await.unwrap().count, 0);
}

#[test]
fn an_unknown_operation_and_an_unreadable_body_are_refused() {
    let engines = memory();
    let unknown = engines.dynamodb().call("MakeCoffee", b"{}");
    assert_eq!(unknown.status, 400);
    assert!(String::from_utf8_lossy(&unknown.body).contains("UnknownOperationException"));
    let unreadable = engines.dynamodb().call("GetItem", b"{");
    assert_eq!(unreadable.status, 400);
}
