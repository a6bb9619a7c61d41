//! The stream of one table with its reader: what a change gives others to do is sent on, in order.

use std::time::Duration;

use app::Worker;
use aws_lambda_events::dynamodb::{Event, EventRecord};
use runtime::stream::forward;
use serde_json::Value;
use store::Table;
use tokio::time::sleep;

use crate::{
    engine::{DynamoDb, StreamError, StreamReader},
    invocation::{self, Died},
    machinery::Machinery,
};

/// The most records that are sent on together.
const BATCH: usize = 100;
/// How long to collect changes of stock: a shard that changes many times meanwhile is summarised once.
const STOCK_WINDOW: Duration = Duration::from_millis(50);
/// The same where nobody should wait: under a clock that is moved by hand.
const STOCK_TEST_WINDOW: Duration = Duration::from_millis(2);
/// How long to pause after a failure.
const PAUSE: Duration = Duration::from_millis(100);
const TEST_PAUSE: Duration = Duration::from_millis(2);

/// A stream and who reads it.
#[derive(Debug)]
pub(crate) struct Stream {
    worker: &'static Worker,
    table: Table,
    name: String,
    machinery: Machinery,
}

impl Stream {
    pub(crate) fn new(worker: &'static Worker, table: Table, machinery: Machinery) -> Self {
        let name = [&machinery.app.settings.table_prefix, table.name()].concat();
        Self { worker, table, name, machinery }
    }

    /// What the stream belongs to.
    pub(crate) const fn table(&self) -> Table {
        self.table
    }

    /// A reader at the last checkpoint.
    pub(crate) fn reader(&self, engine: &DynamoDb) -> Result<StreamReader, StreamError> {
        StreamReader::open(engine, &self.name, self.worker.duty.name)
    }

    /// How many records are not dealt with.
    pub(crate) fn backlog(&self, engine: &DynamoDb) -> Result<usize, StreamError> {
        self.reader(engine)?.backlog()
    }

    /// Works until the system stops; a batch that was begun is finished.
    pub(crate) async fn run(&self, engine: DynamoDb) {
        let mut reader = match self.reader(&engine) {
            Ok(reader) => reader,
            Err(error) => return tracing::error!(table = self.name, %error, "the stream cannot be read"),
        };
        drop(engine);
        let stopped = self.machinery.stopped();
        let mut stopped = std::pin::pin!(stopped);
        loop {
            while self.pass(&mut reader).await {}
            tokio::select! {
                () = &mut stopped => return,
                () = reader.written() => {}
            }
            let window = self.window();
            if !window.is_zero() {
                sleep(window).await;
            }
        }
    }

    /// Deals with a batch. Returns whether there may be more.
    async fn pass(&self, reader: &mut StreamReader) -> bool {
        let outcome = match reader.next(BATCH) {
            Ok(records) if records.is_empty() => return false,
            Ok(records) => self.send_on(reader, records).await,
            Err(error) => Err(error),
        };
        let is_stopped = self.machinery.is_stopping();
        match outcome {
            Ok(Sent::All) => !is_stopped,
            Ok(Sent::Some) => {
                reader.rewind();
                sleep(self.pause()).await;
                !is_stopped
            }
            Err(error) => {
                tracing::error!(table = self.name, %error, "the stream cannot be read");
                reader.rewind();
                sleep(self.pause()).await;
                !is_stopped
            }
        }
    }

    /// Sends records on, and notes how far that went.
    async fn send_on(&self, reader: &mut StreamReader, records: Vec<Value>) -> Result<Sent, StreamError> {
        let _running = self.machinery.activity.begin();
        let (numbers, done) = self.forward(records).await?;
        self.machinery.activity.step();
        if let Some(last) = numbers[..done].iter().rev().flatten().next() {
            reader.checkpoint(last)?;
        }
        Ok(if done == numbers.len() { Sent::All } else { Sent::Some })
    }

    /// The numbers of records, and how many of them, from the first on, are dealt with.
    async fn forward(&self, records: Vec<Value>) -> Result<(Vec<Option<String>>, usize), StreamError> {
        let mut event = Event::default();
        event.records = records.into_iter().map(serde_json::from_value).collect::<Result<Vec<EventRecord>, _>>()?;
        let numbers: Vec<Option<String>> =
            event.records.iter().map(|record| record.change.sequence_number.clone()).collect();
        let running = forward(self.worker, self.machinery.app, event);
        let done = match Box::pin(invocation::run(self.worker.duty.name, running)).await {
            Ok(response) => response.batch_item_failures.first().map_or(numbers.len(), |failed| {
                let is_failed = |number: &Option<String>| *number == failed.item_identifier;
                numbers.iter().position(is_failed).unwrap_or_default()
            }),
            // Of an invocation that died, everything comes back.
            Err(Died) => 0,
        };
        Ok((numbers, done))
    }

    /// Deals with at most so many records; with `Repeat::Again` they will come once more. For [`crate::stepper`].
    pub(crate) async fn step(
        &self,
        reader: &mut StreamReader,
        batch: usize,
        repeat: Repeat,
    ) -> Result<(), StreamError> {
        let records = reader.next(batch)?;
        match repeat {
            Repeat::Once => _ = self.send_on(reader, records).await?,
            Repeat::Again => _ = self.forward(records).await?,
        }
        reader.rewind();
        Ok(())
    }

    fn window(&self) -> Duration {
        match (self.table, self.machinery.app.clock.is_test()) {
            (Table::Inventory, false) => STOCK_WINDOW,
            (Table::Inventory, true) => STOCK_TEST_WINDOW,
            _ => Duration::ZERO,
        }
    }

    fn pause(&self) -> Duration {
        if self.machinery.app.clock.is_test() { TEST_PAUSE } else { PAUSE }
    }
}

/// Whether a batch that was dealt with comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    Once,
    /// As where a reader dies before it notes how far it came.
    Again,
}

/// What became of a batch.
enum Sent {
    All,
    /// What was not taken has to be tried again.
    Some,
}
