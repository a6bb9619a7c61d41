//! Finds the dynoxide function for an operation's name.

use dynoxide::DynoxideError;
use dynoxide::actions::delete_table::DeleteTableRequest;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::DynamoDb;
use super::metered::metered;

/// What an operation returns: the JSON text, or the error that becomes one.
pub(super) type Outcome = Result<Vec<u8>, DynoxideError>;

/// Carries out an operation; `None` when dynoxide has no such operation.
pub(super) fn carry_out(engine: &DynamoDb, operation: &str, body: &[u8]) -> Option<Outcome> {
    let database = engine.database();
    Some(match operation {
        "GetItem" => metered(engine, "GetItem", body, |q| database.get_item(q)),
        "PutItem" => metered(engine, "PutItem", body, |q| database.put_item(q)),
        "UpdateItem" => metered(engine, "UpdateItem", body, |q| database.update_item(q)),
        "DeleteItem" => metered(engine, "DeleteItem", body, |q| database.delete_item(q)),
        "Query" => metered(engine, "Query", body, |q| database.query(q)),
        "Scan" => metered(engine, "Scan", body, |q| database.scan(q)),
        "BatchGetItem" => metered(engine, "BatchGetItem", body, |q| database.batch_get_item(q)),
        "BatchWriteItem" => metered(engine, "BatchWriteItem", body, |q| database.batch_write_item(q)),
        "TransactGetItems" => metered(engine, "TransactGetItems", body, |q| database.transact_get_items(q)),
        "TransactWriteItems" => metered(engine, "TransactWriteItems", body, |q| database.transact_write_items(q)),
        _ => return administer(engine, operation, body),
    })
}

/// Carries out the operations that use no capacity.
fn administer(engine: &DynamoDb, operation: &str, body: &[u8]) -> Option<Outcome> {
    let database = engine.database();
    Some(match operation {
        "CreateTable" => plain(engine, body, |q| database.create_table(q)),
        "DeleteTable" => delete_table(engine, body),
        "DescribeTable" => plain(engine, body, |q| database.describe_table(q)),
        "ListTables" => plain(engine, body, |q| database.list_tables(q)),
        "UpdateTable" => plain(engine, body, |q| database.update_table(q)),
        "UpdateTimeToLive" => plain(engine, body, |q| database.update_time_to_live(q)),
        "DescribeTimeToLive" => plain(engine, body, |q| database.describe_time_to_live(q)),
        "TagResource" => plain(engine, body, |q| database.tag_resource(q)),
        "UntagResource" => plain(engine, body, |q| database.untag_resource(q)),
        "ListTagsOfResource" => plain(engine, body, |q| database.list_tags_of_resource(q)),
        "ListStreams" => plain(engine, body, |q| database.list_streams(q)),
        "DescribeStream" => plain(engine, body, |q| database.describe_stream(q)),
        "GetShardIterator" => plain(engine, body, |q| database.get_shard_iterator(q)),
        "GetRecords" => plain(engine, body, |q| database.get_records(q)),
        _ => return None,
    })
}

fn delete_table(engine: &DynamoDb, body: &[u8]) -> Outcome {
    let request: DeleteTableRequest = parse(body)?;
    let table = request.table_name.clone();
    let turn = engine.turn();
    let response = engine.database().delete_table(request);
    drop(turn);
    let response = write(&response?)?;
    engine.delete_stream(&table)?;
    Ok(response)
}

fn plain<Q: DeserializeOwned, R: Serialize>(
    engine: &DynamoDb,
    body: &[u8],
    run: impl FnOnce(Q) -> Result<R, DynoxideError>,
) -> Outcome {
    let request = parse(body)?;
    let turn = engine.turn();
    let response = run(request);
    drop(turn);
    write(&response?)
}

/// Reads a request. dynoxide hides its own validation messages behind markers in the parser's
/// message, which its (private) server strips in the same way.
pub(super) fn parse<Q: DeserializeOwned>(body: &[u8]) -> Result<Q, DynoxideError> {
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        let text = text.split(" at line ").next().unwrap_or_default();
        if let Some(text) = text.strip_prefix("SERIALIZATION:") {
            return DynoxideError::SerializationException(text.to_owned());
        }
        let text = text.strip_prefix("VALIDATION_REQUEST:").unwrap_or(text);
        let text = text.strip_prefix("VALIDATION:").unwrap_or(text);
        DynoxideError::ValidationException(text.to_owned())
    })
}

pub(super) fn write<R: Serialize>(response: &R) -> Outcome {
    serde_json::to_vec(response).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
