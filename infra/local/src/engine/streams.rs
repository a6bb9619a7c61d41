//! Reads the stream of a table in order, from where this reader stopped before.

use serde_json::Value;
use tokio::sync::watch;

use dynoxide::DynoxideError;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::encode_shard_iterator;
use dynoxide::streams::{shard_id, stream_arn};

use super::dynamodb::{DynamoDb, stored_sequence};
use super::{ACCOUNT, REGION};

/// Explains why a stream could not be read.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The table does not exist or has no stream.
    #[error("the table {0} has no stream")]
    NoStream(String),
    /// A sequence number that no stream gave out.
    #[error("{0} is not a sequence number")]
    NotASequence(String),
    /// The embedded `DynamoDB` refused.
    #[error("cannot read the stream")]
    DynamoDb(#[from] DynoxideError),
    /// The reader's position could not be read or stored.
    #[error("cannot use the reader's position")]
    Position(#[from] rusqlite::Error),
    /// A record is not JSON.
    #[error("cannot write a record as JSON")]
    Record(#[from] serde_json::Error),
}

/// Reads one table's stream under a name of its own.
///
/// Read with [`next`](Self::next), act, then [`checkpoint`](Self::checkpoint) the last sequence
/// number: what was not checkpointed comes again after a restart or [`rewind`](Self::rewind).
/// Records that every reader of the table has checkpointed are deleted.
#[derive(Debug)]
pub struct StreamReader {
    engine: DynamoDb,
    table: String,
    reader: String,
    source: String,
    /// Read up to here; ahead of `done` while a batch is being worked on.
    position: i64,
    /// Checkpointed up to here.
    done: i64,
    writes: watch::Receiver<u64>,
}

impl StreamReader {
    /// Opens a table's stream for the reader of this name, at its last checkpoint, or at the
    /// oldest record if it has none.
    ///
    /// # Errors
    /// [`StreamError::NoStream`] if there is no such stream.
    pub fn open(engine: &DynamoDb, table: &str, reader: &str) -> Result<Self, StreamError> {
        let Some(label) = label(engine, table)? else {
            return Err(StreamError::NoStream(table.to_owned()));
        };
        let done = engine.reader_position(table, reader)?;
        // dynoxide names a region of its own; the functions should see one region everywhere.
        let source = stream_arn(table, &label).replacen(dynoxide::streams::LOCAL_REGION, REGION, 1).replacen(
            dynoxide::streams::LOCAL_ACCOUNT,
            ACCOUNT,
            1,
        );
        Ok(Self {
            engine: engine.clone(),
            table: table.to_owned(),
            reader: reader.to_owned(),
            source,
            position: done,
            done,
            writes: engine.subscribe(table),
        })
    }

    /// Returns up to `limit` (at most 1000) further records, in the JSON of `DynamoDB` Streams;
    /// none at the end of the stream.
    ///
    /// # Errors
    /// What the database said.
    pub fn next(&mut self, limit: usize) -> Result<Vec<Value>, StreamError> {
        // Seen before the read: a write during the read wakes the next wait.
        self.writes.borrow_and_update();
        let iterator = encode_shard_iterator(&self.table, &shard_id(&self.table), self.position);
        let request = GetRecordsRequest { shard_iterator: iterator, limit: Some(limit) };
        let turn = self.engine.turn();
        let response = self.engine.database().get_records(request);
        drop(turn);
        let response = response?;
        let mut records = Vec::with_capacity(response.records.len());
        for record in &response.records {
            let stored = stored_sequence(&record.dynamodb.sequence_number);
            self.position = self.position.max(stored.unwrap_or_default());
            let mut record = serde_json::to_value(record)?;
            record["awsRegion"] = Value::from(REGION);
            record["eventSourceARN"] = Value::from(self.source.as_str());
            records.push(record);
        }
        Ok(records)
    }

    /// Stores that everything up to this sequence number is done. Going back has no effect.
    ///
    /// # Errors
    /// [`StreamError::NotASequence`], or what the database said.
    pub fn checkpoint(&mut self, sequence_number: &str) -> Result<(), StreamError> {
        let Some(stored) = stored_sequence(sequence_number) else {
            return Err(StreamError::NotASequence(sequence_number.to_owned()));
        };
        self.engine.set_reader_position(&self.table, &self.reader, stored)?;
        self.done = self.done.max(stored);
        Ok(())
    }

    /// Goes back to the last checkpoint, to try its records again.
    pub fn rewind(&mut self) {
        self.position = self.done;
    }

    /// Counts the records that are not checkpointed.
    ///
    /// # Errors
    /// What the database said.
    pub fn backlog(&self) -> Result<usize, StreamError> {
        Ok(self.engine.unread(&self.table, self.done)?)
    }

    /// Waits until the table has been written since the last [`next`](Self::next); returns at
    /// once if it has been.
    pub async fn written(&mut self) {
        if self.writes.changed().await.is_err() {
            // The sender lives in the engine that this reader holds, so it is never gone.
            std::future::pending::<()>().await;
        }
    }
}

/// Returns the label of a table's stream, if it has one.
fn label(engine: &DynamoDb, table: &str) -> Result<Option<String>, DynoxideError> {
    let turn = engine.turn();
    let table = engine.database().get_table_metadata(table)?;
    drop(turn);
    Ok(table.filter(|table| table.stream_enabled).and_then(|table| table.stream_label))
}

#[cfg(test)]
mod tests;
