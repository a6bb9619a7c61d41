//! Makes what `template.yaml` would: tables, queues with their dead letters, the bucket. Harmless where they exist.

use app::{config::Settings, dispatch::Chain};
use aws_sdk_dynamodb::{
    Client,
    operation::create_table::{CreateTableError, builders::CreateTableFluentBuilder},
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
        ScalarAttributeType, StreamSpecification, StreamViewType, TimeToLiveSpecification, TimeToLiveStatus,
    },
};
use aws_sdk_sqs::types::QueueAttributeName;
use providers::queue::Queue;
use store::{Index, PARTITION, SORT, Stream, Table};

use crate::aws::Aws;

/// How long dead letters are kept: the longest that the service allows.
const DEAD_LETTER_RETENTION_SECS: u32 = 1_209_600;

/// Something could not be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot make {what}: {reason}")]
pub struct ProvisionError {
    /// What.
    what: String,
    /// What the service said.
    reason: String,
}

impl ProvisionError {
    fn new(what: &str, error: &(dyn std::error::Error + 'static)) -> Self {
        Self { what: what.to_owned(), reason: Chain(error).to_string() }
    }
}

/// Makes whatever is missing.
pub(crate) async fn provision(aws: &Aws, settings: &Settings) -> Result<(), ProvisionError> {
    make_tables(&aws.dynamodb, &settings.table_prefix).await?;
    for queue in Queue::ALL {
        make_queue(aws, settings, queue).await?;
    }
    make_bucket(aws, &settings.bucket).await
}

/// Makes the tables that are missing, wherever the client leads.
///
/// # Errors
/// With the first table that cannot be made, and what the database said.
pub async fn make_tables(dynamodb: &Client, prefix: &str) -> Result<(), ProvisionError> {
    for table in Table::ALL {
        let name = [prefix, table.name()].concat();
        make_table(dynamodb, table, &name).await?;
        make_time_to_live(dynamodb, table, &name).await?;
    }
    Ok(())
}

async fn make_table(dynamodb: &Client, table: Table, name: &str) -> Result<(), ProvisionError> {
    let failed = |error: &(dyn std::error::Error + 'static)| ProvisionError::new(name, error);
    let describe = describe_table(dynamodb.create_table().table_name(name), table).map_err(|error| failed(&error))?;
    match describe.send().await {
        Ok(_) => Ok(()),
        Err(error) if error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception) => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}

fn describe_table(
    create: CreateTableFluentBuilder,
    table: Table,
) -> Result<CreateTableFluentBuilder, aws_sdk_dynamodb::error::BuildError> {
    let mut create = create
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(text(PARTITION)?)
        .attribute_definitions(text(SORT)?)
        .key_schema(key(PARTITION, KeyType::Hash)?)
        .key_schema(key(SORT, KeyType::Range)?);
    for index in table.indexes() {
        create = create.attribute_definitions(text(index.partition)?).global_secondary_indexes(describe_index(*index)?);
    }
    let view = match table.stream() {
        Stream::None => return Ok(create),
        Stream::Keys => StreamViewType::KeysOnly,
        Stream::NewImage => StreamViewType::NewImage,
    };
    let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(view).build()?;
    Ok(create.stream_specification(stream))
}

fn describe_index(index: Index) -> Result<GlobalSecondaryIndex, aws_sdk_dynamodb::error::BuildError> {
    GlobalSecondaryIndex::builder()
        .index_name(index.name)
        .key_schema(key(index.partition, KeyType::Hash)?)
        .key_schema(key(PARTITION, KeyType::Range)?)
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
}

fn key(name: &str, kind: KeyType) -> Result<KeySchemaElement, aws_sdk_dynamodb::error::BuildError> {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build()
}

fn text(name: &str) -> Result<AttributeDefinition, aws_sdk_dynamodb::error::BuildError> {
    AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
}

async fn make_time_to_live(dynamodb: &Client, table: Table, name: &str) -> Result<(), ProvisionError> {
    let Some(attribute) = table.time_to_live() else { return Ok(()) };
    let failed = |error: &(dyn std::error::Error + 'static)| ProvisionError::new(name, error);
    let now = dynamodb.describe_time_to_live().table_name(name).send().await.map_err(|error| failed(&error))?;
    let status = now.time_to_live_description().and_then(|found| found.time_to_live_status());
    if matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
        return Ok(());
    }
    let wanted = TimeToLiveSpecification::builder().enabled(true).attribute_name(attribute).build();
    let wanted = wanted.map_err(|error| failed(&error))?;
    let update = dynamodb.update_time_to_live().table_name(name).time_to_live_specification(wanted);
    update.send().await.map(drop).map_err(|error| failed(&error))
}

async fn make_queue(aws: &Aws, settings: &Settings, queue: Queue) -> Result<(), ProvisionError> {
    let prefix = settings.queue_prefix.rsplit('/').next().unwrap_or_default();
    let retention = |secs: u32| (QueueAttributeName::MessageRetentionPeriod, secs.to_string());
    let dead = [prefix, &queue.dead_letters()].concat();
    let dead_url = create(aws, &dead, &[retention(DEAD_LETTER_RETENTION_SECS)]).await?;
    let failed = |error: &(dyn std::error::Error + 'static)| ProvisionError::new(&dead, error);
    let wanted = QueueAttributeName::QueueArn;
    let asked = aws.sqs.get_queue_attributes().queue_url(dead_url).attribute_names(wanted.clone()).send().await;
    let asked = asked.map_err(|error| failed(&error))?;
    let dead_arn = asked.attributes().and_then(|found| found.get(&wanted)).cloned().unwrap_or_default();
    let redrive = serde_json::json!({"deadLetterTargetArn": dead_arn, "maxReceiveCount": Queue::MAX_RECEIVES});
    let attributes = [
        retention(Queue::RETENTION_SECS),
        (QueueAttributeName::VisibilityTimeout, Queue::VISIBILITY_SECS.to_string()),
        (QueueAttributeName::RedrivePolicy, redrive.to_string()),
    ];
    create(aws, &[prefix, queue.name()].concat(), &attributes).await.map(drop)
}

/// Makes a queue, or gives one that is there the attributes that it should have. Returns its address.
async fn create(aws: &Aws, name: &str, attributes: &[(QueueAttributeName, String)]) -> Result<String, ProvisionError> {
    let failed = |error: &(dyn std::error::Error + 'static)| ProvisionError::new(name, error);
    if let Ok(found) = aws.sqs.get_queue_url().queue_name(name).send().await {
        let url = found.queue_url.unwrap_or_default();
        let update = aws.sqs.set_queue_attributes().queue_url(&url);
        let update = update.set_attributes(Some(attributes.iter().cloned().collect()));
        return update.send().await.map(|_| url).map_err(|error| failed(&error));
    }
    let make = aws.sqs.create_queue().queue_name(name).set_attributes(Some(attributes.iter().cloned().collect()));
    let made = make.send().await.map_err(|error| failed(&error))?;
    Ok(made.queue_url.unwrap_or_default())
}

async fn make_bucket(aws: &Aws, bucket: &str) -> Result<(), ProvisionError> {
    if aws.s3.head_bucket().bucket(bucket).send().await.is_ok() {
        return Ok(());
    }
    let made = aws.s3.create_bucket().bucket(bucket).send().await;
    made.map(drop).map_err(|error| ProvisionError::new(bucket, &error))
}
