//! Carries out the operations that use capacity, and counts what they use.
//!
//! Every request asks dynoxide for its capacity, whether the caller did or not, and the answer
//! loses the figure again if the caller did not ask.

use dynoxide::DynoxideError;
use dynoxide::actions::batch_get_item::{BatchGetItemRequest, BatchGetItemResponse};
use dynoxide::actions::batch_write_item::{BatchWriteItemRequest, BatchWriteItemResponse};
use dynoxide::actions::delete_item::{DeleteItemRequest, DeleteItemResponse};
use dynoxide::actions::get_item::{GetItemRequest, GetItemResponse};
use dynoxide::actions::put_item::{PutItemRequest, PutItemResponse};
use dynoxide::actions::query::{QueryRequest, QueryResponse};
use dynoxide::actions::scan::{ScanRequest, ScanResponse};
use dynoxide::actions::transact_get_items::{TransactGetItemsRequest, TransactGetItemsResponse};
use dynoxide::actions::transact_write_items::{
    TransactWriteItem, TransactWriteItemsRequest, TransactWriteItemsResponse,
};
use dynoxide::actions::update_item::{UpdateItemRequest, UpdateItemResponse};
use dynoxide::types::{ConsumedCapacity, item_size, write_capacity_units};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::DynamoDb;
use super::operations::{Outcome, parse, write};
use crate::engine::Usage;

/// Write units that Amazon bills at least for each item of a transaction.
const TRANSACTION_UNITS: f64 = 2.0;

/// A request that uses capacity.
pub(super) trait DataRequest: DeserializeOwned {
    /// Where the request says whether to report the capacity.
    fn capacity_mode(&mut self) -> &mut Option<String>;

    /// Where the request says whether a failed condition returns the item in the way. Only
    /// single writes have it here; transactions have it for each of their items.
    fn item_on_refusal(&mut self) -> Option<&mut Option<String>> {
        None
    }

    /// The tables that a refused write is billed to, with the least units each.
    fn refusal_charge(&self) -> Vec<(String, f64)> {
        Vec::new()
    }
}

/// The answer to a request that uses capacity.
pub(super) trait DataResponse: Serialize {
    /// What the call used, by table.
    fn capacity(&self) -> &[ConsumedCapacity];

    /// Takes the capacity out of the answer.
    fn hide_capacity(&mut self);
}

/// Whether the caller asked for something that the engine asks for in any case.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    ByCaller,
    ByEngine,
}

/// Carries out a call and counts what it used; wakes the stream readers of written tables.
pub(super) fn metered<Q: DataRequest, R: DataResponse>(
    engine: &DynamoDb,
    operation: &'static str,
    body: &[u8],
    run: impl FnOnce(Q) -> Result<R, DynoxideError>,
) -> Outcome {
    let mut request: Q = parse(body)?;
    let capacity = ask(request.capacity_mode(), "TOTAL");
    let item = request.item_on_refusal().map(|mode| ask(mode, "ALL_OLD"));
    let charge = request.refusal_charge();
    let turn = engine.turn();
    let result = run(request);
    drop(turn);
    match result {
        Ok(mut response) => {
            record(engine, operation, response.capacity());
            if capacity == Asked::ByEngine {
                response.hide_capacity();
            }
            write(&response)
        }
        Err(error) => {
            record_refusal(engine, operation, charge, &error);
            Err(match error {
                DynoxideError::ConditionalCheckFailedException(message, Some(_)) if item == Some(Asked::ByEngine) => {
                    DynoxideError::ConditionalCheckFailedException(message, None)
                }
                error => error,
            })
        }
    }
}

/// Asks for what the caller did not ask for. A value that is wrong is left for dynoxide to
/// refuse.
fn ask(mode: &mut Option<String>, value: &str) -> Asked {
    match mode.as_deref() {
        None | Some("NONE") => {
            *mode = Some(value.to_owned());
            Asked::ByEngine
        }
        Some(_) => Asked::ByCaller,
    }
}

fn is_write(operation: &str) -> bool {
    !matches!(operation, "GetItem" | "Query" | "Scan" | "BatchGetItem" | "TransactGetItems")
}

fn record(engine: &DynamoDb, operation: &'static str, capacity: &[ConsumedCapacity]) {
    for used in capacity {
        let mut usage = Usage { calls: 1, ..Usage::default() };
        // The replay of a transaction with a known token is billed as a read of its items.
        let replayed = used.read_capacity_units.is_some() && used.write_capacity_units.is_none();
        let written = is_write(operation) && !replayed;
        if written {
            usage.write_units = used.capacity_units;
        } else {
            usage.read_units = used.capacity_units;
        }
        engine.meter().record(&used.table_name, operation, &usage);
        if written {
            engine.written(&used.table_name);
        }
    }
}

fn record_refusal(engine: &DynamoDb, operation: &'static str, charge: Vec<(String, f64)>, error: &DynoxideError) {
    let least = match error {
        DynoxideError::ConditionalCheckFailedException(_, Some(item)) => write_capacity_units(item_size(item)),
        DynoxideError::ConditionalCheckFailedException(_, None) | DynoxideError::TransactionCanceledException(..) => {
            0.0
        }
        _ => return,
    };
    for (table, units) in charge {
        let refused_write_units = units.max(least);
        let usage = Usage { refused: 1, refused_write_units, ..Usage::default() };
        engine.meter().record(&table, operation, &usage);
    }
}

fn table_of(item: &TransactWriteItem) -> Option<&str> {
    let TransactWriteItem { put, update, delete, condition_check } = item;
    (put.as_ref().map(|put| put.table_name.as_str()))
        .or(update.as_ref().map(|update| update.table_name.as_str()))
        .or(delete.as_ref().map(|delete| delete.table_name.as_str()))
        .or(condition_check.as_ref().map(|check| check.table_name.as_str()))
}

macro_rules! capacity_mode {
    () => {
        fn capacity_mode(&mut self) -> &mut Option<String> {
            &mut self.return_consumed_capacity
        }
    };
}

macro_rules! requests {
    (reads: $($read:ty),*; single writes: $($write:ty),*) => {
        $(impl DataRequest for $read {
            capacity_mode!();
        })*
        $(impl DataRequest for $write {
            capacity_mode!();

            fn item_on_refusal(&mut self) -> Option<&mut Option<String>> {
                Some(&mut self.return_values_on_condition_check_failure)
            }

            fn refusal_charge(&self) -> Vec<(String, f64)> {
                vec![(self.table_name.clone(), 1.0)]
            }
        })*
    };
}

macro_rules! responses {
    ($($response:ty),*) => {
        $(impl DataResponse for $response {
            fn capacity(&self) -> &[ConsumedCapacity] {
                // An option of one table or of a list of tables: both are slices.
                self.consumed_capacity.as_ref().map_or(&[], AsTables::as_tables)
            }

            fn hide_capacity(&mut self) {
                self.consumed_capacity = None;
            }
        })*
    };
}

/// What dynoxide reports capacity as: one table for single calls, a list for batches.
trait AsTables {
    fn as_tables(&self) -> &[ConsumedCapacity];
}

impl AsTables for ConsumedCapacity {
    fn as_tables(&self) -> &[ConsumedCapacity] {
        std::slice::from_ref(self)
    }
}

impl AsTables for Vec<ConsumedCapacity> {
    fn as_tables(&self) -> &[ConsumedCapacity] {
        self
    }
}

requests! {
    reads: GetItemRequest, QueryRequest, ScanRequest, BatchGetItemRequest,
        TransactGetItemsRequest, BatchWriteItemRequest;
    single writes: PutItemRequest, UpdateItemRequest, DeleteItemRequest
}

impl DataRequest for TransactWriteItemsRequest {
    capacity_mode!();

    fn refusal_charge(&self) -> Vec<(String, f64)> {
        let mut charge: Vec<(String, f64)> = Vec::new();
        for table in self.transact_items.iter().filter_map(table_of) {
            match charge.iter_mut().find(|(known, _)| known == table) {
                Some((_, units)) => *units += TRANSACTION_UNITS,
                None => charge.push((table.to_owned(), TRANSACTION_UNITS)),
            }
        }
        charge
    }
}

responses! {
    GetItemResponse, PutItemResponse, UpdateItemResponse, DeleteItemResponse, QueryResponse,
    ScanResponse, BatchGetItemResponse, BatchWriteItemResponse, TransactGetItemsResponse,
    TransactWriteItemsResponse
}
