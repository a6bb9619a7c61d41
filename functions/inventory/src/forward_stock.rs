//! Reads the stream of the Inventory table and has changed shards counted. The only reader. A window of changes makes one
//! message for each shard, however many buyers were in it.

use app::{Duty, Forwarded, Grant, Record, Source, Worker, message::ShardChanged, wire::Text};
use providers::queue::Queue;
use store::{Table, keys};

/// The worker.
pub static WORKER: Worker = Worker::forwarder(DUTY, forward);

const DUTY: Duty = Duty {
    name: "forward-stock",
    source: Source::Stream(Table::Inventory),
    grants: &[Grant::send(Queue::SummariseStock)],
    summary: "Have changed shards of stock counted",
};

fn forward(record: &Record) -> Vec<Forwarded> {
    let Some((tenant, pool, shard)) = keys::parse_shard(&record.partition) else {
        return Vec::new();
    };
    let changed = ShardChanged { tenant: Text(tenant), pool: Text(pool), shard };
    let body = serde_json::to_string(&changed).ok();
    body.map(|body| Forwarded { queue: Queue::SummariseStock, body }).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use domain::pool::PoolKey;

    use super::*;

    #[test]
    fn a_changed_block_has_its_shard_counted() {
        let pool = PoolKey::from_hash(&[1; 32]);
        let record = |partition: String| Record { partition, sort: "00003".into(), item: None };
        let sent = forward(&record(format!("demo#{pool}#00002")));
        let body: ShardChanged = serde_json::from_str(&sent[0].body).unwrap();
        assert_eq!((body.pool.0, body.shard, sent[0].queue), (pool, 2, Queue::SummariseStock));
        assert!(forward(&record("nonsense".into())).is_empty());
    }
}
