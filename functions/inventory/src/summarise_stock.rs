//! Counts a shard of stock that has changed, marks the pool when nothing is left, and wakes whoever serves those who wait.

use app::{
    App, Duty, Failure, Grant, Job, Source, Worker,
    message::{LineMoved, ShardChanged},
    wire::Text,
};
use providers::queue::Queue;
use serde::{Deserialize, Serialize};
use store::Table;

/// The worker.
pub static WORKER: Worker = Worker::of::<SummariseStock>();

/// A shard that has changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct SummariseStock(ShardChanged);

impl Job for SummariseStock {
    const DUTY: Duty = Duty {
        name: "summarise-stock",
        source: Source::Queue(Queue::SummariseStock),
        grants: &[
            Grant::read(Table::Inventory),
            Grant::read(Table::Catalogue),
            Grant::write(Table::Catalogue),
            Grant::send(Queue::ServeWaitlist),
        ],
        summary: "Count a shard of stock that has changed, and wake whoever serves those who wait for it",
    };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        let tenant = app.store.tenant(&self.0.tenant.0);
        let (pool, now) = (self.0.pool.0, app.now());
        // First, because whoever serves the line reads the pool itself, and need not wait for a count that is done again.
        if let Some(line) = tenant.stock().line(pool).await? {
            let moved = LineMoved { tenant: self.0.tenant, line: Some(Text(line)), request: None };
            app.queues.send(Queue::ServeWaitlist, &moved, 0, now).await?;
        }
        let counted = tenant.stock().count(pool, self.0.shard, now).await?;
        if counted.available == 0 && counted.capacity > 0 {
            tenant.stock().mark_if_counted_out(pool, now).await?;
        }
        Ok(())
    }
}
