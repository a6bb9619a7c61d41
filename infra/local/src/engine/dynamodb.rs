//! `DynamoDB` on a local file: dynoxide, with its streams made fast and its capacity counted.
//!
//! What dynoxide does not imitate, and callers must know: transactions never conflict (one lock
//! serialises all calls), throughput is never throttled, items past their time to live go only
//! in [`DynamoDb::sweep_ttl`], and a stream has one shard.

mod metered;
mod operations;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use dynoxide::{Database, DynoxideError};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::watch;

use super::{Answer, Durability, EngineError, Holding, Meter, prepare, since_epoch};

/// How long a stream without a reader keeps its records, as in Amazon's service.
const UNREAD_STREAM_RETENTION: Duration = Duration::from_hours(24);

/// Added to a stored sequence number to make the 21 digits that callers see.
const SEQUENCE_OFFSET: i128 = 100_000_000_000_000_000_000;

/// Without the index every write to a table with a stream reads all its stream records to find
/// the last sequence number. The colon keeps our table apart from `DynamoDB` tables, whose names
/// cannot contain one.
const SIDE_SCHEMA: &str = r#"
    CREATE INDEX IF NOT EXISTS "onsale:stream_order"
        ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
    CREATE TABLE IF NOT EXISTS "onsale:stream_readers" (
        table_name TEXT NOT NULL,
        reader TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        PRIMARY KEY (table_name, reader)
    ) WITHOUT ROWID;
"#;

/// Keeps the newest record, because the next sequence number is counted from it.
const TRIM: &str = "
    DELETE FROM _stream_records
    WHERE table_name = ?1
      AND CAST(sequence_number AS INTEGER) <= ?2
      AND CAST(sequence_number AS INTEGER) <
          (SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1)";

/// The embedded `DynamoDB`. Clones share it.
#[derive(Clone)]
pub struct DynamoDb {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    /// A second connection to the same file, for what dynoxide does not offer. Every call takes
    /// this lock as well: dynoxide serialises calls anyway, and so neither connection ever finds
    /// the file busy.
    side: Mutex<Connection>,
    meter: Meter,
    /// Who waits for writes to a table: the value counts the writes.
    wakes: RwLock<HashMap<String, watch::Sender<u64>>>,
    _holding: Arc<Holding>,
}

impl std::fmt::Debug for DynamoDb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DynamoDb").finish_non_exhaustive()
    }
}

impl DynamoDb {
    pub(super) fn open(holding: &Arc<Holding>, durability: Durability) -> Result<Self, EngineError> {
        let path = holding.join("dynamodb.sqlite");
        // dynoxide takes the path as text.
        let Some(text) = path.to_str() else {
            let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, "not UTF-8");
            return Err(EngineError::Folder { folder: path, source });
        };
        let database = Database::new(text)?;
        match durability {
            _ if holding.is_temporary() => database.enable_bulk_loading()?,
            Durability::ProcessEnd => database.disable_bulk_loading()?,
            // dynoxide opens its file with full synchronisation.
            Durability::PowerCut => {}
        }
        let side = Connection::open(&path)?;
        prepare(&side, holding, durability)?;
        side.execute_batch(SIDE_SCHEMA)?;
        Ok(Self {
            inner: Arc::new(Inner {
                database,
                side: Mutex::new(side),
                meter: Meter::default(),
                wakes: RwLock::default(),
                _holding: Arc::clone(holding),
            }),
        })
    }

    /// Carries out one call of the wire protocol, given the operation's name and the JSON body.
    pub fn call(&self, operation: &str, body: &[u8]) -> Answer {
        match operations::carry_out(self, operation, body) {
            Some(Ok(body)) => Answer::ok(body),
            Some(Err(error)) => Answer {
                status: error.status_code(),
                body: error.to_json().into_bytes(),
                query_error: None,
            },
            None => Answer {
                status: 400,
                body: br#"{"__type":"com.amazon.coral.service#UnknownOperationException","message":"the embedded DynamoDB does not know this operation"}"#.to_vec(),
                query_error: None,
            },
        }
    }

    /// Returns the counter of consumed capacity.
    pub fn meter(&self) -> &Meter {
        &self.inner.meter
    }

    /// Deletes the items past their time to live and returns how many there were.
    ///
    /// # Errors
    /// What the database said.
    pub fn sweep_ttl(&self) -> Result<usize, DynoxideError> {
        // Not in turn: dynoxide lets waiting calls in between the pages of a sweep.
        let deleted = self.inner.database.sweep_ttl()?;
        if deleted > 0 {
            for wake in self.wakes().values() {
                wake.send_modify(|writes| *writes += 1);
            }
        }
        Ok(deleted)
    }

    /// Deletes the stream records of a table up to a sequence number, except the newest.
    ///
    /// # Errors
    /// What the database said.
    pub fn trim_stream(&self, table: &str, sequence_number: &str) -> Result<usize, rusqlite::Error> {
        let Some(stored) = stored_sequence(sequence_number) else { return Ok(0) };
        self.turn().prepare_cached(TRIM)?.execute(params![table, stored])
    }

    /// Deletes stream records older than a day of tables that no [`super::StreamReader`] reads.
    ///
    /// What a reader has not read yet stays: the program may have been off for a week.
    ///
    /// # Errors
    /// What the database said.
    pub fn trim_unread_streams(&self) -> Result<usize, rusqlite::Error> {
        // dynoxide counts sequence numbers up from the time in microseconds.
        let horizon = since_epoch().saturating_sub(UNREAD_STREAM_RETENTION).as_micros();
        let horizon = i64::try_from(horizon).unwrap_or(i64::MAX);
        let side = self.turn();
        let mut tables = side.prepare_cached(
            "SELECT DISTINCT table_name FROM _stream_records
             WHERE table_name NOT IN (SELECT table_name FROM \"onsale:stream_readers\")",
        )?;
        let tables: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mut trimmed = 0;
        for table in tables {
            trimmed += side.prepare_cached(TRIM)?.execute(params![table, horizon])?;
        }
        Ok(trimmed)
    }

    /// Forgets a reader, so that the stream no longer waits for it with the deletion of records.
    ///
    /// # Errors
    /// What the database said.
    pub fn forget_reader(&self, table: &str, reader: &str) -> Result<(), rusqlite::Error> {
        self.turn().execute(
            "DELETE FROM \"onsale:stream_readers\" WHERE table_name = ?1 AND reader = ?2",
            params![table, reader],
        )?;
        Ok(())
    }

    pub(super) fn database(&self) -> &Database {
        &self.inner.database
    }

    /// Waits for this caller's turn, and lends it the second connection.
    pub(super) fn turn(&self) -> MutexGuard<'_, Connection> {
        // SQLite rolls back what a panicking caller left open, so the connection stays usable.
        self.inner.side.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a counter of the writes to a table, to wait for the next one.
    pub(super) fn subscribe(&self, table: &str) -> watch::Receiver<u64> {
        let mut wakes = self.inner.wakes.write().unwrap_or_else(PoisonError::into_inner);
        wakes.entry(table.to_owned()).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Wakes the stream readers of a table.
    fn written(&self, table: &str) {
        if let Some(wake) = self.wakes().get(table) {
            wake.send_modify(|writes| *writes += 1);
        }
    }

    fn wakes(&self) -> std::sync::RwLockReadGuard<'_, HashMap<String, watch::Sender<u64>>> {
        self.inner.wakes.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a reader of a table's stream and returns the number it has read up to: 0, the
    /// oldest record, at first.
    pub(super) fn reader_position(&self, table: &str, reader: &str) -> Result<i64, rusqlite::Error> {
        let side = self.turn();
        let known = side
            .prepare_cached("SELECT sequence FROM \"onsale:stream_readers\" WHERE table_name = ?1 AND reader = ?2")?
            .query_row(params![table, reader], |row| row.get(0))
            .optional()?;
        if let Some(sequence) = known {
            return Ok(sequence);
        }
        side.execute(
            "INSERT INTO \"onsale:stream_readers\" (table_name, reader, sequence) VALUES (?1, ?2, 0)",
            params![table, reader],
        )?;
        Ok(0)
    }

    /// Stores how far a reader has read, and deletes what every reader has read, in one commit.
    pub(super) fn set_reader_position(&self, table: &str, reader: &str, sequence: i64) -> Result<(), rusqlite::Error> {
        let mut side = self.turn();
        let commit = side.transaction()?;
        commit
            .prepare_cached(
                "INSERT INTO \"onsale:stream_readers\" (table_name, reader, sequence)
                 VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET sequence = MAX(sequence, excluded.sequence)",
            )?
            .execute(params![table, reader, sequence])?;
        let read_by_all: i64 = commit
            .prepare_cached("SELECT MIN(sequence) FROM \"onsale:stream_readers\" WHERE table_name = ?1")?
            .query_row(params![table], |row| row.get(0))?;
        commit.prepare_cached(TRIM)?.execute(params![table, read_by_all])?;
        commit.commit()
    }

    /// Deletes the stream of a table that is gone, which dynoxide forgets: a new table of the same
    /// name begins with an empty stream. Readers keep their positions, since numbers only grow.
    fn delete_stream(&self, table: &str) -> Result<(), rusqlite::Error> {
        let side = self.turn();
        side.execute("DELETE FROM _stream_records WHERE table_name = ?1", [table])?;
        Ok(())
    }

    /// Counts the stream records of a table after a sequence number.
    pub(super) fn unread(&self, table: &str, after: i64) -> Result<usize, rusqlite::Error> {
        self.turn()
            .prepare_cached(
                "SELECT COUNT(*) FROM _stream_records
                 WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) > ?2",
            )?
            .query_row(params![table, after], |row| row.get(0))
    }
}

/// Returns the number that dynoxide stores for a public sequence number.
pub(super) fn stored_sequence(public: &str) -> Option<i64> {
    let number: i128 = public.parse().ok()?;
    i64::try_from(number.checked_sub(SEQUENCE_OFFSET)?).ok().filter(|stored| *stored > 0)
}

#[cfg(test)]
mod tests;
