//! The few calls that the product makes, with refused conditions as values.

use std::{collections::HashMap, sync::Arc};

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::{delete_item::DeleteItemError, put_item::PutItemError, update_item::UpdateItemError},
    types::{AttributeValue, KeysAndAttributes, ReturnValuesOnConditionCheckFailure as OnFailure},
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Failed, PARTITION, SORT, Table};

/// An item as the SDK has it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// What an expression's placeholders for names stand for.
type Names = HashMap<String, String>;

/// A partition key and a sort key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) partition: String,
    pub(crate) sort: String,
}

impl Key {
    pub(crate) fn item(self) -> Item {
        HashMap::from([
            (PARTITION.to_owned(), AttributeValue::S(self.partition)),
            (SORT.to_owned(), AttributeValue::S(self.sort)),
        ])
    }
}

/// How fresh a read has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// Shows every write that was answered before.
    Consistent,
    /// May be a second behind; half the price.
    Eventual,
}

impl Read {
    const fn is_consistent(self) -> bool {
        matches!(self, Self::Consistent)
    }
}

/// What became of a conditional write.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wrote {
    Yes,
    /// The condition was refused; the item as it is, or nothing where there is none.
    Refused(Option<Item>),
}

/// An expression with what it names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expression {
    pub(crate) update: Option<String>,
    pub(crate) condition: Option<String>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: HashMap<String, AttributeValue>,
}

impl Expression {
    /// A condition alone.
    pub(crate) fn only_if(condition: &str) -> Self {
        Self { condition: Some(condition.to_owned()), ..Self::default() }
    }

    /// An update, made whatever is there.
    pub(crate) fn set(update: &str) -> Self {
        Self { update: Some(update.to_owned()), ..Self::default() }
    }

    pub(crate) fn given(self, condition: &str) -> Self {
        Self { condition: Some(condition.to_owned()), ..self }
    }

    pub(crate) fn name(mut self, placeholder: &str, name: impl Into<String>) -> Self {
        self.names.insert(placeholder.to_owned(), name.into());
        self
    }

    pub(crate) fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.insert(placeholder.to_owned(), value);
        self
    }

    pub(crate) fn number(self, placeholder: &str, value: impl Into<i64>) -> Self {
        self.value(placeholder, number(value))
    }

    pub(crate) fn text(self, placeholder: &str, value: impl Into<String>) -> Self {
        self.value(placeholder, AttributeValue::S(value.into()))
    }

    fn parts(self) -> (Option<Names>, Option<Item>) {
        ((!self.names.is_empty()).then_some(self.names), (!self.values.is_empty()).then_some(self.values))
    }
}

/// Bytes as DynamoDB keeps them, and not as a list of numbers.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bytes({})", self.0.len())
    }
}

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Bytes;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }

            fn visit_byte_buf<E: serde::de::Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
                Ok(Bytes(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Visitor)
    }
}

/// A number as DynamoDB writes it.
pub(crate) fn number(value: impl Into<i64>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// Makes an item of a key and a record.
pub(crate) fn encode(key: Key, record: &impl Serialize) -> Result<Item, Failed> {
    let mut item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(record)?;
    item.retain(|_, value| !matches!(value, AttributeValue::Null(_)));
    item.extend(key.item());
    Ok(item)
}

/// Makes a record of an item.
pub(crate) fn decode<T: DeserializeOwned>(item: Item) -> Result<T, Failed> {
    Ok(serde_dynamo::aws_sdk_dynamodb_1::from_item(item)?)
}

/// The text of one attribute; empty where it is missing.
pub(crate) fn text_of<'item>(item: &'item Item, name: &str) -> &'item str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

/// The number of one attribute.
pub(crate) fn number_of(item: &Item, name: &str) -> Option<i64> {
    item.get(name).and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok())
}

/// A page of a query.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) items: Vec<Item>,
    pub(crate) next: Option<Item>,
}

/// What to query for.
#[derive(Debug)]
pub(crate) struct Find {
    pub(crate) index: Option<&'static str>,
    pub(crate) attribute: &'static str,
    pub(crate) partition: String,
    pub(crate) begins: Option<String>,
    pub(crate) read: Read,
    pub(crate) newest_first: bool,
    pub(crate) limit: Option<i32>,
    pub(crate) from: Option<Item>,
}

impl Find {
    /// Everything under one partition key.
    pub(crate) fn partition(partition: String, read: Read) -> Self {
        Self {
            index: None,
            attribute: PARTITION,
            partition,
            begins: None,
            read,
            newest_first: false,
            limit: None,
            from: None,
        }
    }

    /// Everything under one key of an index.
    pub(crate) fn index(index: crate::Index, partition: String) -> Self {
        Self { index: Some(index.name), attribute: index.partition, ..Self::partition(partition, Read::Eventual) }
    }

    /// Only sort keys that begin so.
    pub(crate) fn beginning(self, begins: &str) -> Self {
        Self { begins: Some(begins.to_owned()), ..self }
    }
}

/// The client and the names of the tables.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    pub(crate) client: Client,
    /// Shared, because every handle of a tenant has a clone.
    names: Arc<[String; Table::ALL.len()]>,
}

impl Tables {
    pub(crate) fn new(client: Client, prefix: &str) -> Self {
        Self { client, names: Arc::new(Table::ALL.map(|table| format!("{prefix}{}", table.name()))) }
    }

    pub(crate) fn name(&self, table: Table) -> &str {
        &self.names[table as usize]
    }

    pub(crate) async fn get(&self, table: Table, key: Key, read: Read) -> Result<Option<Item>, Failed> {
        let request = self.client.get_item().table_name(self.name(table)).set_key(Some(key.item()));
        Ok(request.consistent_read(read.is_consistent()).send().await?.item)
    }

    /// Writes a whole item. With a condition the old item comes back with the refusal.
    pub(crate) async fn put(&self, table: Table, item: Item, expression: Expression) -> Result<Wrote, Failed> {
        let request = self.client.put_item().table_name(self.name(table)).set_item(Some(item));
        let request = request.set_condition_expression(expression.condition.clone());
        let (names, values) = expression.parts();
        let request = request.set_expression_attribute_names(names).set_expression_attribute_values(values);
        let answer = request.return_values_on_condition_check_failure(OnFailure::AllOld).send().await;
        wrote(answer, |error| match error {
            PutItemError::ConditionalCheckFailedException(refused) => Some(refused.item.take()),
            _ => None,
        })
    }

    /// Changes an item in place. With a condition the old item comes back with the refusal.
    pub(crate) async fn update(&self, table: Table, key: Key, expression: Expression) -> Result<Wrote, Failed> {
        let request = self.client.update_item().table_name(self.name(table)).set_key(Some(key.item()));
        let request = request.set_update_expression(expression.update.clone());
        let request = request.set_condition_expression(expression.condition.clone());
        let (names, values) = expression.parts();
        let request = request.set_expression_attribute_names(names).set_expression_attribute_values(values);
        let answer = request.return_values_on_condition_check_failure(OnFailure::AllOld).send().await;
        wrote(answer, |error| match error {
            UpdateItemError::ConditionalCheckFailedException(refused) => Some(refused.item.take()),
            _ => None,
        })
    }

    /// Removes an item.
    pub(crate) async fn delete(&self, table: Table, key: Key, expression: Expression) -> Result<Wrote, Failed> {
        let request = self.client.delete_item().table_name(self.name(table)).set_key(Some(key.item()));
        let request = request.set_condition_expression(expression.condition.clone());
        let (names, values) = expression.parts();
        let request = request.set_expression_attribute_names(names).set_expression_attribute_values(values);
        let answer = request.return_values_on_condition_check_failure(OnFailure::AllOld).send().await;
        wrote(answer, |error| match error {
            DeleteItemError::ConditionalCheckFailedException(refused) => Some(refused.item.take()),
            _ => None,
        })
    }

    /// One page of a query: at most 1 MiB, or [`Find::limit`] items.
    pub(crate) async fn page(&self, table: Table, find: Find) -> Result<Page, Failed> {
        let condition = if find.begins.is_some() { "#p = :p AND begins_with(#s, :s)" } else { "#p = :p" };
        let mut request = self
            .client
            .query()
            .table_name(self.name(table))
            .set_index_name(find.index.map(str::to_owned))
            .key_condition_expression(condition)
            .expression_attribute_names("#p", find.attribute)
            .expression_attribute_values(":p", AttributeValue::S(find.partition))
            .scan_index_forward(!find.newest_first)
            .set_limit(find.limit)
            .set_exclusive_start_key(find.from);
        if find.index.is_none() {
            request = request.consistent_read(find.read.is_consistent());
        }
        if let Some(begins) = find.begins {
            let sort = if find.index.is_some() { PARTITION } else { SORT };
            request = request
                .expression_attribute_names("#s", sort)
                .expression_attribute_values(":s", AttributeValue::S(begins));
        }
        let answer = request.send().await?;
        Ok(Page { items: answer.items.unwrap_or_default(), next: answer.last_evaluated_key })
    }

    /// Every item of a query, page after page. For partitions whose size is bounded.
    pub(crate) async fn all(&self, table: Table, find: Find) -> Result<Vec<Item>, Failed> {
        let Find { index, attribute, partition, begins, read, newest_first, limit, mut from } = find;
        let mut items = Vec::new();
        loop {
            let (partition, begins) = (partition.clone(), begins.clone());
            let page = Find { index, attribute, partition, begins, read, newest_first, limit, from };
            let page = self.page(table, page).await?;
            items.extend(page.items);
            match page.next {
                Some(next) => from = Some(next),
                None => return Ok(items),
            }
        }
    }

    /// Items by key, in no order, a hundred at a time; asks again for what the database left out.
    pub(crate) async fn batch_get(&self, table: Table, keys: Vec<Key>, read: Read) -> Result<Vec<Item>, Failed> {
        const BATCH: usize = 100;
        const ROUNDS: usize = 10;
        let mut items = Vec::with_capacity(keys.len());
        for batch in keys.chunks(BATCH) {
            let mut wanted: Vec<Item> = batch.iter().cloned().map(Key::item).collect();
            for _ in 0..ROUNDS {
                if wanted.is_empty() {
                    break;
                }
                let request = KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(read.is_consistent());
                let request = request.build().map_err(Failed::corrupt)?;
                let answer = self.client.batch_get_item().request_items(self.name(table), request).send().await?;
                items.extend(answer.responses.into_iter().flatten().flat_map(|(_, items)| items));
                wanted = answer.unprocessed_keys.into_iter().flatten().flat_map(|(_, left)| left.keys).collect();
            }
            if !wanted.is_empty() {
                return Err(Failed::Throttled);
            }
        }
        Ok(items)
    }
}

/// A refused condition is an answer; anything else that is not a success is a failure.
fn wrote<T, E>(
    answer: Result<T, SdkError<E, HttpResponse>>,
    refusal: fn(&mut E) -> Option<Option<Item>>,
) -> Result<Wrote, Failed>
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    match answer {
        Ok(_) => Ok(Wrote::Yes),
        Err(SdkError::ServiceError(error)) => {
            let mut error = error.into_err();
            refusal(&mut error).map(Wrote::Refused).ok_or_else(|| Failed::service(&error))
        }
        Err(other) => Err(other.into()),
    }
}
