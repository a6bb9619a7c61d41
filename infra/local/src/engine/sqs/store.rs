//! The tables of the queues and their messages.
//!
//! A message has a moment at which it falls due, and every state is told from it: due is
//! visible; not yet due is in flight if it was received, delayed if it was not. Receiving only
//! moves the moment, so nothing has to happen when a timeout passes.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use tokio::sync::Notify;

use super::super::EngineError;
use super::Counts;
use super::queues::{Queue, Settings};

/// The index answers the receive (oldest due first), the counts and the next due moment without
/// touching a message. `AUTOINCREMENT` never gives a number twice, so that an old receipt handle
/// can never mean a newer message. `receives` starts again in another queue, `receptions` never
/// does: it tells the receipt handles of one message apart.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS queues (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        attributes TEXT NOT NULL,
        tags TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        modified_ms INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        queue INTEGER NOT NULL,
        due_ms INTEGER NOT NULL,
        received INTEGER NOT NULL DEFAULT 0,
        receives INTEGER NOT NULL DEFAULT 0,
        receptions INTEGER NOT NULL DEFAULT 0,
        sent_ms INTEGER NOT NULL,
        first_received_ms INTEGER,
        message_id TEXT NOT NULL,
        body TEXT NOT NULL,
        body_md5 TEXT NOT NULL,
        attributes TEXT,
        trace TEXT,
        dead_letter_source TEXT
    );
    CREATE INDEX IF NOT EXISTS messages_due ON messages (queue, due_ms, received);";

/// A message to be stored.
#[derive(Debug)]
pub(super) struct NewMessage {
    pub(super) message_id: String,
    pub(super) due_ms: i64,
    pub(super) sent_ms: i64,
    pub(super) body: String,
    pub(super) body_md5: String,
    /// As JSON.
    pub(super) attributes: Option<String>,
    pub(super) trace: Option<String>,
}

/// A stored message that is due.
#[derive(Debug)]
pub(super) struct DueMessage {
    pub(super) id: i64,
    pub(super) receives: i64,
    pub(super) receptions: i64,
    pub(super) sent_ms: i64,
    pub(super) first_received_ms: Option<i64>,
    pub(super) message_id: String,
    pub(super) body: String,
    pub(super) body_md5: String,
    pub(super) attributes: Option<String>,
    pub(super) trace: Option<String>,
    pub(super) dead_letter_source: Option<String>,
}

/// Which reception of which message a receipt handle stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reception {
    pub(super) queue: i64,
    pub(super) message: i64,
    pub(super) number: i64,
}

pub(super) fn create_tables(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.execute_batch(SCHEMA)
}

pub(super) fn load_queues(connection: &Connection) -> Result<HashMap<String, Queue>, EngineError> {
    let mut statement = connection.prepare("SELECT id, name, attributes, tags, created_ms, modified_ms FROM queues")?;
    let mut rows = statement.query([])?;
    let mut queues = HashMap::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(1)?;
        let damaged = |reason: String| EngineError::DamagedQueue { queue: name.clone(), reason };
        let json = |column: usize| -> Result<_, EngineError> {
            let text: String = row.get(column)?;
            serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))
        };
        let attributes = json(2)?;
        let queue = Queue {
            id: row.get(0)?,
            settings: Settings::parse(&attributes).map_err(|error| damaged(error.to_string()))?,
            attributes,
            tags: json(3)?,
            created_ms: row.get(4)?,
            modified_ms: row.get(5)?,
            wake: Arc::new(Notify::new()),
        };
        queues.insert(name, queue);
    }
    Ok(queues)
}

/// Stores a new queue and returns its number.
pub(super) fn insert_queue(
    connection: &Connection,
    name: &str,
    attributes: &str,
    tags: &str,
    now_ms: i64,
) -> Result<i64, rusqlite::Error> {
    connection.execute(
        "INSERT INTO queues (name, attributes, tags, created_ms, modified_ms)
         VALUES (?1, ?2, ?3, ?4, ?4)",
        params![name, attributes, tags, now_ms],
    )?;
    Ok(connection.last_insert_rowid())
}

pub(super) fn update_queue(
    connection: &Connection,
    id: i64,
    attributes: &str,
    tags: &str,
    now_ms: i64,
) -> Result<(), rusqlite::Error> {
    connection.execute(
        "UPDATE queues SET attributes = ?2, tags = ?3, modified_ms = ?4 WHERE id = ?1",
        params![id, attributes, tags, now_ms],
    )?;
    Ok(())
}

pub(super) fn delete_queue(connection: &mut Connection, id: i64) -> Result<(), rusqlite::Error> {
    let commit = connection.transaction()?;
    commit.execute("DELETE FROM messages WHERE queue = ?1", [id])?;
    commit.execute("DELETE FROM queues WHERE id = ?1", [id])?;
    commit.commit()
}

pub(super) fn purge(connection: &Connection, queue: i64) -> Result<usize, rusqlite::Error> {
    connection.execute("DELETE FROM messages WHERE queue = ?1", [queue])
}

pub(super) fn delete_sent_before(connection: &Connection, queue: i64, sent_ms: i64) -> Result<usize, rusqlite::Error> {
    connection.execute("DELETE FROM messages WHERE queue = ?1 AND sent_ms < ?2", params![queue, sent_ms])
}

/// Makes what is in flight fall due.
pub(super) fn take_back(connection: &Connection, now_ms: i64) -> Result<usize, rusqlite::Error> {
    connection.execute("UPDATE messages SET due_ms = ?1 WHERE received > 0 AND due_ms > ?1", [now_ms])
}

pub(super) fn insert(connection: &Connection, queue: i64, message: &NewMessage) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached(
            "INSERT INTO messages
                 (queue, due_ms, sent_ms, message_id, body, body_md5, attributes, trace)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            queue,
            message.due_ms,
            message.sent_ms,
            message.message_id,
            message.body,
            message.body_md5,
            message.attributes,
            message.trace,
        ])?;
    Ok(())
}

/// Returns the messages that are due, longest due first.
pub(super) fn due(
    connection: &Connection,
    queue: i64,
    now_ms: i64,
    limit: i64,
) -> Result<Vec<DueMessage>, rusqlite::Error> {
    connection
        .prepare_cached(
            "SELECT id, receives, receptions, sent_ms, first_received_ms, message_id, body,
                    body_md5, attributes, trace, dead_letter_source
             FROM messages WHERE queue = ?1 AND due_ms <= ?2
             ORDER BY due_ms, received, id LIMIT ?3",
        )?
        .query_map(params![queue, now_ms, limit], read_due)?
        .collect()
}

fn read_due(row: &Row<'_>) -> Result<DueMessage, rusqlite::Error> {
    Ok(DueMessage {
        id: row.get(0)?,
        receives: row.get(1)?,
        receptions: row.get(2)?,
        sent_ms: row.get(3)?,
        first_received_ms: row.get(4)?,
        message_id: row.get(5)?,
        body: row.get(6)?,
        body_md5: row.get(7)?,
        attributes: row.get(8)?,
        trace: row.get(9)?,
        dead_letter_source: row.get(10)?,
    })
}

/// Returns when the queue's next message falls due, if it has any.
pub(super) fn next_due(connection: &Connection, queue: i64) -> Result<Option<i64>, rusqlite::Error> {
    connection.prepare_cached("SELECT MIN(due_ms) FROM messages WHERE queue = ?1")?.query_row([queue], |row| row.get(0))
}

/// Puts a message in flight until `due_ms`.
pub(super) fn receive(connection: &Connection, message: i64, due_ms: i64, now_ms: i64) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached(
            "UPDATE messages SET due_ms = ?2, received = 1, receives = receives + 1,
                    receptions = receptions + 1,
                    first_received_ms = COALESCE(first_received_ms, ?3)
             WHERE id = ?1",
        )?
        .execute(params![message, due_ms, now_ms])?;
    Ok(())
}

/// Moves a message to its dead-letter queue.
pub(super) fn bury(
    connection: &Connection,
    message: i64,
    dead_letters: i64,
    source: &str,
    now_ms: i64,
) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached(
            "UPDATE messages SET queue = ?2, due_ms = ?3, received = 0, receives = 0,
                    first_received_ms = NULL, dead_letter_source = ?4
             WHERE id = ?1",
        )?
        .execute(params![message, dead_letters, now_ms, source])?;
    Ok(())
}

/// Moves the dead letters that came from one queue back to it, or to another one, as new.
pub(super) fn unbury(
    connection: &Connection,
    dead_letters: i64,
    source: &str,
    target: i64,
    now_ms: i64,
) -> Result<usize, rusqlite::Error> {
    connection.execute(
        "UPDATE messages SET queue = ?3, due_ms = ?4, received = 0, receives = 0,
                first_received_ms = NULL, dead_letter_source = NULL, sent_ms = ?4
         WHERE queue = ?1 AND dead_letter_source = ?2",
        params![dead_letters, source, target, now_ms],
    )
}

/// Returns the queues that a dead-letter queue's messages came from.
pub(super) fn sources(connection: &Connection, dead_letters: i64) -> Result<Vec<String>, rusqlite::Error> {
    connection
        .prepare(
            "SELECT DISTINCT dead_letter_source FROM messages
             WHERE queue = ?1 AND dead_letter_source IS NOT NULL",
        )?
        .query_map([dead_letters], |row| row.get(0))?
        .collect()
}

/// Deletes a message unless it was received again since.
pub(super) fn delete(connection: &Connection, reception: Reception) -> Result<usize, rusqlite::Error> {
    connection
        .prepare_cached("DELETE FROM messages WHERE id = ?1 AND queue = ?2 AND receptions = ?3")?
        .execute(params![reception.message, reception.queue, reception.number])
}

/// Returns when a received message becomes visible again; `None` if it is gone or was received
/// again since.
pub(super) fn due_of(connection: &Connection, reception: Reception) -> Result<Option<i64>, rusqlite::Error> {
    connection
        .prepare_cached(
            "SELECT due_ms FROM messages
             WHERE id = ?1 AND queue = ?2 AND receptions = ?3 AND received = 1",
        )?
        .query_row(params![reception.message, reception.queue, reception.number], |row| row.get(0))
        .optional()
}

/// Moves the moment at which a message in flight becomes visible again.
pub(super) fn set_due(connection: &Connection, message: i64, due_ms: i64) -> Result<(), rusqlite::Error> {
    connection.prepare_cached("UPDATE messages SET due_ms = ?2 WHERE id = ?1")?.execute(params![message, due_ms])?;
    Ok(())
}

/// The bodies of all messages.
pub(super) fn every_body(connection: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    connection.prepare_cached("SELECT body FROM messages")?.query_map([], |row| row.get(0))?.collect()
}

/// Counts the messages of a queue from the index alone.
pub(super) fn count(connection: &Connection, queue: i64, now_ms: i64) -> Result<Counts, rusqlite::Error> {
    connection
        .prepare_cached(
            "SELECT COUNT(*) FILTER (WHERE due_ms <= ?2),
                    COUNT(*) FILTER (WHERE due_ms > ?2 AND received = 1),
                    COUNT(*) FILTER (WHERE due_ms > ?2 AND received = 0)
             FROM messages WHERE queue = ?1",
        )?
        .query_row(params![queue, now_ms], |row| {
            Ok(Counts { visible: row.get(0)?, in_flight: row.get(1)?, delayed: row.get(2)? })
        })
}
