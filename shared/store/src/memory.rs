//! What one process has learnt about stock in the last second or two. Nothing here is ever believed against the database:
//! it only says where to look first, and when it is not worth looking.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{
    Timestamp,
    event::later,
    pool::{BlockAddress, PoolKey},
    rail::row::Row,
};

use crate::{Mark, Summary};

/// Pools remembered at once; beyond that everything is forgotten, which costs a read each.
const MAX_POOLS: usize = 4_096;
/// Seconds for which a full block is passed over.
const FULL_SECS: i64 = 1;
/// Seconds for which the rows of a class are decided upon without being read again.
const COACH_SECS: i64 = 2;

/// Memory of one process.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) catalogue: crate::catalogue::CatalogueCache,
    pub(crate) seats: crate::seats::KnownSeats,
    pub(crate) venues: crate::venues::VenueCache,
    pub(crate) rail: crate::rail::RailCache,
    pools: Mutex<HashMap<PoolKey, Pool>>,
}

#[derive(Debug, Default)]
struct Pool {
    /// What was free in a block when it last refused, and until when that is believed.
    refused: HashMap<u16, (u8, Timestamp)>,
    summaries: Option<(Arc<Vec<Summary>>, Timestamp)>,
    sold_out: Option<(bool, Timestamp)>,
    /// Who waits, and whether others are refused.
    mark: Option<(Mark, Timestamp)>,
    /// The rows of a class of a train, and until when they are worth deciding on.
    coaches: Option<(CoachRows, Timestamp)>,
}

/// The rows of a class of a train, by number.
pub(crate) type CoachRows = BTreeMap<u16, Arc<Row>>;

impl Memory {
    /// Whether a block is worth trying for that many tickets.
    pub(crate) fn may_have(&self, block: BlockAddress, count: u8, now: Timestamp) -> bool {
        let pools = self.lock();
        let refused = pools.get(&block.pool).and_then(|pool| pool.refused.get(&block.number));
        refused.is_none_or(|(free, until)| *free >= count || *until <= now)
    }

    /// Notes what was free in a block that refused.
    pub(crate) fn refused(&self, block: BlockAddress, free: u8, now: Timestamp) {
        self.pool(block.pool, |pool| {
            pool.refused.insert(block.number, (free, later(now, FULL_SECS)));
        });
    }

    /// The summaries of a pool while they are fresh.
    pub(crate) fn summaries(&self, pool: PoolKey, now: Timestamp) -> Option<Arc<Vec<Summary>>> {
        let pools = self.lock();
        let (summaries, until) = pools.get(&pool)?.summaries.as_ref()?;
        (now < *until).then(|| Arc::clone(summaries))
    }

    /// Notes the summaries of a pool.
    pub(crate) fn learn_summaries(&self, pool: PoolKey, summaries: &Arc<Vec<Summary>>, until: Timestamp) {
        self.pool(pool, |pool| pool.summaries = Some((Arc::clone(summaries), until)));
    }

    /// Whether a pool was marked sold out a moment ago; nothing where that is not known.
    pub(crate) fn sold_out(&self, pool: PoolKey, now: Timestamp) -> Option<bool> {
        let pools = self.lock();
        let (sold_out, until) = pools.get(&pool)?.sold_out?;
        (now < until).then_some(sold_out)
    }

    /// Notes whether a pool is marked sold out.
    pub(crate) fn learn_sold_out(&self, pool: PoolKey, sold_out: bool, until: Timestamp) {
        self.pool(pool, |pool| pool.sold_out = Some((sold_out, until)));
    }

    /// Who waited for a pool a moment ago; nothing where that is not known.
    pub(crate) fn mark(&self, pool: PoolKey, now: Timestamp) -> Option<Mark> {
        let pools = self.lock();
        let (mark, until) = pools.get(&pool)?.mark?;
        (now < until).then_some(mark)
    }

    /// Notes who waits for a pool.
    pub(crate) fn learn_mark(&self, pool: PoolKey, mark: Mark, until: Timestamp) {
        self.pool(pool, |pool| pool.mark = Some((mark, until)));
    }

    /// The rows of a class while they are fresh.
    pub(crate) fn coaches(&self, pool: PoolKey, now: Timestamp) -> Option<CoachRows> {
        let pools = self.lock();
        let (rows, until) = pools.get(&pool)?.coaches.as_ref()?;
        (now < *until).then(|| rows.clone())
    }

    /// Notes the rows of a class.
    pub(crate) fn learn_coaches(&self, pool: PoolKey, rows: &CoachRows, now: Timestamp) {
        self.pool(pool, |pool| pool.coaches = Some((rows.clone(), later(now, COACH_SECS))));
    }

    /// Notes one row of a class as a write or a refusal showed it.
    pub(crate) fn learn_coach(&self, pool: PoolKey, number: u16, row: &Arc<Row>) {
        self.pool(pool, |pool| {
            if let Some((rows, _)) = &mut pool.coaches {
                rows.insert(number, Arc::clone(row));
            }
        });
    }

    /// Forgets what was learnt about a pool to which stock has come back.
    pub(crate) fn forget(&self, pool: PoolKey) {
        self.lock().remove(&pool);
    }

    fn pool(&self, key: PoolKey, learn: impl FnOnce(&mut Pool)) {
        let mut pools = self.lock();
        if pools.len() >= MAX_POOLS && !pools.contains_key(&key) {
            pools.clear();
        }
        learn(pools.entry(key).or_default());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PoolKey, Pool>> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
