//! Walks every pool and finishes what was left undone: entries past their time are overdue orders, paid orders without
//! tickets, or surplus. Takes no input, looks at the state, and needs no stream.

use app::{App, Duty, Failure, Grant, Job, Source, Worker, hours, message::OrderNamed, wire::Text};
use domain::{
    Timestamp,
    event::{Event, later},
    id::OrderId,
    pool::PoolKey,
    tenant::TenantId,
};
use providers::queue::Queue;
use serde::{Deserialize, Serialize};
use store::{Cursor, Summary, Table, Tenant, keys};

/// The worker.
pub static WORKER: Worker = Worker::of::<ReconcileHolds>();

/// Seconds after its last session in which an event's pools are still walked: refunds may come late.
const AFTER_SECS: i64 = 30 * 24 * 3_600;
/// In so many minutes every shard is read whatever its summary says.
const FULL_WALK_MINUTES: i64 = 30;
/// Pools of at most so many shards are read every time: cheaper than thinking about it.
const SMALL_POOL: usize = 4;

/// A tick.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct ReconcileHolds {}

impl Job for ReconcileHolds {
    const DUTY: Duty = Duty {
        name: "reconcile-holds",
        source: Source::Schedule { minutes: 1 },
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::write(Table::Catalogue),
            Grant::read(Table::Inventory),
            Grant::write(Table::Inventory),
            Grant::read(Table::Orders),
            Grant::write(Table::Orders),
            Grant::read(Table::Activity),
            Grant::write(Table::Activity),
            Grant::send(Queue::IssueTickets),
        ],
        summary: "Finish what stock entries past their time were waiting for",
    };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        let now = app.now();
        let mut first_failure = None;
        for id in in_turn(app.store.platform().tenants().await?, now) {
            let tenant = app.store.tenant(&id);
            if let Err(failure) = walk_rides(app, &tenant, now).await {
                tracing::warn!(tenant = %id, %failure, "what is due of rides was not walked to its end");
                first_failure = first_failure.or(Some(failure));
            }
            for event in tenant.catalogue().events().await? {
                if !event.is_public() || !is_recent(&event, now) {
                    continue;
                }
                // What is wrong with one event keeps no other waiting.
                if let Err(failure) = walk_event(app, &tenant, &event, now).await {
                    tracing::warn!(tenant = %id, event = %event.id, %failure, "an event's stock was not walked to its end");
                    first_failure = first_failure.or(Some(failure));
                }
            }
        }
        first_failure.map_or(Ok(()), Err)
    }
}

/// Another tenant comes first every minute: should the time not suffice for all, each has its turn.
fn in_turn(mut tenants: Vec<TenantId>, now: Timestamp) -> Vec<TenantId> {
    let minute = usize::try_from(now.as_second().div_euclid(60)).unwrap_or(0);
    if !tenants.is_empty() {
        let first = minute % tenants.len();
        tenants.rotate_left(first);
    }
    tenants
}

fn is_recent(event: &Event, now: Timestamp) -> bool {
    event.sessions.iter().any(|session| now < later(session.ends(), AFTER_SECS))
}

async fn walk_event(app: &App, tenant: &Tenant, event: &Event, now: Timestamp) -> Result<(), Failure> {
    for pool in tenant.pools_of(event).await? {
        walk_pool(app, tenant, pool.pool, pool.shards(), now).await?;
    }
    Ok(())
}

/// Finishes what fell due of rides. Runs are not walked, for there are very many: where something falls due in which hour is
/// noted when a shard is counted. A cursor goes through the hours, and waits at one in which something is left.
async fn walk_rides(app: &App, tenant: &Tenant, now: Timestamp) -> Result<(), Failure> {
    let (platform, name, this) = (app.store.platform(), Cursor::rides(tenant.id()), keys::hour(now));
    let cursor = platform.cursor(&name, now).await?;
    let mut first_undone = None;
    for hour in hours::behind(cursor, this).chain(hours::recent(cursor, this)) {
        for (pool, shard) in tenant.stock().due_rides(hour).await? {
            let tidied = tenant.tidy(pool, shard, now).await?;
            wake(app, tenant, tidied.awaiting, now).await?;
            let counted = tenant.stock().count(pool, shard, now).await?;
            if counted.earliest.is_some_and(|earliest| keys::hour(earliest) <= hour) {
                first_undone = first_undone.or(Some(hour));
            } else if hour < this {
                tenant.stock().forget_due(hour, pool, shard).await?;
            }
        }
    }
    let next = hours::advanced(cursor, this, first_undone);
    if next > cursor {
        platform.advance(&name, next).await?;
    }
    Ok(())
}

/// Has tickets issued for which orders are waiting.
async fn wake(app: &App, tenant: &Tenant, orders: Vec<OrderId>, now: Timestamp) -> Result<(), Failure> {
    for order in orders {
        let message = OrderNamed { tenant: Text(tenant.id().clone()), order: Text(order) };
        app.queues.send(Queue::IssueTickets, &message, 0, now).await?;
    }
    Ok(())
}

async fn walk_pool(app: &App, tenant: &Tenant, pool: PoolKey, shards: u16, now: Timestamp) -> Result<(), Failure> {
    let (summaries, mut counted) = (tenant.stock().read_summaries(pool).await?, Vec::new());
    for shard in shards_to_read(&summaries, shards, now) {
        let tidied = tenant.tidy(pool, shard, now).await?;
        wake(app, tenant, tidied.awaiting, now).await?;
        let is_counted = summaries.iter().any(|summary| summary.shard == shard);
        if tidied.changed > 0 || !is_counted || is_turn(shard, now) {
            tenant.stock().count(pool, shard, now).await?;
            counted.push(shard);
        }
    }
    // Whoever emptied a shard of the others since has marked the pool, or the next minute does.
    let has_others = |summary: &Summary| summary.available > 0 && !counted.contains(&summary.shard);
    if !summaries.iter().any(has_others) {
        tenant.stock().mark_if_counted_out(pool, now).await?;
    }
    Ok(())
}

/// Whether it is this shard's minute to be read whatever its summary says.
fn is_turn(shard: u16, now: Timestamp) -> bool {
    i64::from(shard) % FULL_WALK_MINUTES == now.as_second().div_euclid(60).rem_euclid(FULL_WALK_MINUTES)
}

/// Shards with an entry past its time, shards that were never counted, and every shard in its turn.
fn shards_to_read(summaries: &[Summary], shards: u16, now: Timestamp) -> Vec<u16> {
    let known = |shard: u16| summaries.iter().find(|summary| summary.shard == shard);
    let last = summaries.iter().map(|summary| summary.shard + 1).max().unwrap_or(0);
    let shards = 0..shards.max(last);
    let small = shards.len() <= SMALL_POOL;
    let is_due = |summary: &Summary| summary.earliest.is_some_and(|earliest| earliest <= now);
    let wanted = |shard: &u16| small || is_turn(*shard, now) || known(*shard).is_none_or(is_due);
    shards.filter(wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(shard: u16, earliest: Option<i64>) -> Summary {
        let earliest = earliest.map(|second| Timestamp::from_second(second).unwrap());
        Summary { shard, capacity: 256, available: 1, earliest }
    }

    #[test]
    fn shards_are_read_when_due_unknown_or_in_turn() {
        let now = Timestamp::from_second(5 * 60).unwrap();
        let summaries: Vec<_> =
            [None, Some(300), Some(301), None, None].into_iter().zip(0..).map(|(x, n)| summary(n, x)).collect();
        assert_eq!(shards_to_read(&summaries, 6, now), [1, 5]);
        let next = Timestamp::from_second(3 * 60).unwrap();
        assert_eq!(shards_to_read(&summaries, 6, next), [3, 5]);
    }

    #[test]
    fn small_pools_are_read_every_time() {
        assert_eq!(shards_to_read(&[summary(0, None)], 1, Timestamp::UNIX_EPOCH), [0]);
    }
}
