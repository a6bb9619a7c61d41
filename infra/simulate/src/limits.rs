//! What Amazon publishes as limits, each with where it says so, and what we assume where it publishes nothing.
//!
//! Times are in microseconds, as everywhere in this crate.

use crate::Micros;

pub(crate) const MILLI: Micros = 1_000;
pub(crate) const SECOND: Micros = 1_000_000;

/// Write units that a partition serves in a second.
///
/// "Each partition on the table can serve up to 3,000 read request units or 1,000 write request units"
/// (<https://repost.aws/knowledge-center/on-demand-table-throttling-dynamodb>;
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html>). Burst capacity "can't
/// alleviate partition-level throttling" (<https://repost.aws/knowledge-center/dynamodb-spiky-workloads-short-intervals>),
/// so there is none here. Splitting a hot partition takes minutes that no document states, and never helps a single item:
/// it is left out, which favours nobody but the cold table's rivals.
pub const PARTITION_WRITES: u32 = 1_000;

/// Read units that a partition serves in a second; the same source.
pub const PARTITION_READS: u32 = 3_000;

/// Write units in a second of an on-demand table that never saw more.
///
/// "New on-demand tables will be able to sustain up to 4,000 writes per second and 12,000 reads per second"
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html>). It goes up to twice the
/// previous peak, but exceeding "double your previous traffic's peak within 30 minutes" may throttle (the first source of
/// [`PARTITION_WRITES`]): within the minutes of an on-sale it stays what it was.
pub const COLD_TABLE_WRITES: u32 = 4_000;

/// Write units in a second of a table that was warmed, or saw as much before: the account's default for a table.
///
/// "40,000 write request units" for a table
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html>); warm throughput can be asked for
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html>).
pub const WARM_TABLE_WRITES: u32 = 40_000;

/// What each item of a transaction costs, in write units of an ordinary write.
///
/// "Two underlying reads or writes of every item in the transaction: one to prepare the transaction and one to commit"
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html>).
pub const TRANSACTION_FACTOR: u32 = 2;

/// Requests in a second that a gateway lets through for an account in a region.
///
/// "10,000 requests per second (RPS) with an additional burst capacity provided by the token bucket algorithm, using a
/// maximum bucket capacity of 5,000 requests"
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>).
pub const GATEWAY_RATE: u32 = 10_000;

/// Requests that it lets through at once; the same source.
pub const GATEWAY_BURST: u32 = 5_000;

/// Environments of all functions of an account together: the default quota
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
pub const ACCOUNT_ENVIRONMENTS: u32 = 1_000;

/// New environments of one function in ten seconds.
///
/// "For each function, your concurrency scaling rate is 1,000 execution environment instances every 10 seconds", refilled
/// continuously and not saved up (<https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html>).
pub const ENVIRONMENTS_PER_10_SECS: u32 = 1_000;

/// Batches of a queue that are worked on at once, at first.
///
/// "Lambda starts processing five batches at a time with five concurrent invocations", "up to 300 more concurrent invokes
/// per minute", at most 1,250 (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>).
pub const POLLERS_AT_FIRST: u32 = 5;

/// More batches at once, each minute; the same source.
pub const POLLERS_PER_MINUTE: u32 = 300;

/// The most batches at once; the same source.
pub const POLLERS_MAX: u32 = 1_250;

/// Messages in a batch of ours: what Lambda takes of a standard queue where nothing is said
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html>).
pub const BATCH: usize = 10;

/// How often an SDK tries a call that was throttled: three times
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>, standard mode), after at most one second,
/// then two, the actual pause being anything below that.
pub(crate) const SDK_TRIES: u8 = 3;

// What follows is assumed: Amazon promises "single-digit millisecond" and no more. The same for every strategy.

/// A read of one item.
pub(crate) const READ: Micros = 3 * MILLI;
/// A write of one item.
pub(crate) const WRITE: Micros = 5 * MILLI;
/// A query of one shard or of the summaries.
pub(crate) const QUERY: Micros = 6 * MILLI;
/// Sending a message.
pub(crate) const SEND: Micros = 8 * MILLI;
/// A transaction of two items; for half of that time its items are in the way of others.
pub(crate) const TRANSACT: Micros = 12 * MILLI;
/// From the buyer to the function, and as long back.
pub(crate) const WAY: Micros = 20 * MILLI;
/// A new environment's first request, until it begins.
pub(crate) const COLD_START: Micros = 150 * MILLI;
/// Receiving and deleting a batch of messages.
pub(crate) const POLL: Micros = 15 * MILLI;
/// A change of stock until its summary is written: the batching window of the stream, and the worker.
pub(crate) const SUMMARY_EVERY: Micros = SECOND;
