//! Tables: on demand, restorable to any second of 35 days, encrypted, kept when the stack goes.

use std::collections::BTreeSet;

use store::{Index, PARTITION, SORT, Stream, Table};

use super::logical_id;

/// Every table.
pub(super) fn resources() -> String {
    Table::ALL.iter().map(|table| resource(*table)).collect()
}

/// A table's name inside the template.
pub(super) fn id(table: Table) -> String {
    format!("{}Table", logical_id(table.name()))
}

fn resource(table: Table) -> String {
    let (id, name) = (id(table), table.name());
    let attributes = attributes(table);
    let rest = [indexes(table), stream(table), time_to_live(table)].concat();
    format!(
        "
  {id}:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      TableName: !Sub \"${{AWS::StackName}}-{name}\"
      BillingMode: PAY_PER_REQUEST
      PointInTimeRecoverySpecification: {{ PointInTimeRecoveryEnabled: true }}
      SSESpecification: {{ SSEEnabled: true }}
      AttributeDefinitions:
{attributes}      KeySchema:
        - {{ AttributeName: {PARTITION}, KeyType: HASH }}
        - {{ AttributeName: {SORT}, KeyType: RANGE }}
{rest}"
    )
}

/// The attributes that are keys of the table or of an index.
fn attributes(table: Table) -> String {
    let keys = [PARTITION, SORT].into_iter().chain(table.indexes().iter().map(|index| index.partition));
    let sorted: BTreeSet<&str> = keys.collect();
    let lines = sorted.iter().map(|key| format!("        - {{ AttributeName: {key}, AttributeType: S }}\n"));
    lines.collect::<Vec<_>>().concat()
}

fn indexes(table: Table) -> String {
    if table.indexes().is_empty() {
        return String::new();
    }
    let indexes = table.indexes().iter().map(|index| index_entry(*index));
    ["      GlobalSecondaryIndexes:\n".to_owned()].into_iter().chain(indexes).collect()
}

fn index_entry(index: Index) -> String {
    let Index { name, partition } = index;
    format!(
        "        - IndexName: {name}
          KeySchema:
            - {{ AttributeName: {partition}, KeyType: HASH }}
            - {{ AttributeName: {PARTITION}, KeyType: RANGE }}
          Projection: {{ ProjectionType: KEYS_ONLY }}
"
    )
}

fn stream(table: Table) -> String {
    let view = match table.stream() {
        Stream::None => return String::new(),
        Stream::Keys => "KEYS_ONLY",
        Stream::NewImage => "NEW_IMAGE",
    };
    format!("      StreamSpecification: {{ StreamViewType: {view} }}\n")
}

fn time_to_live(table: Table) -> String {
    table.time_to_live().map_or_else(String::new, |attribute| {
        format!("      TimeToLiveSpecification: {{ AttributeName: {attribute}, Enabled: true }}\n")
    })
}
