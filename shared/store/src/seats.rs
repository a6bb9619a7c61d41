//! Who has what of a session's numbered seats, as clients see it and as the search for the best seats begins with it, and
//! the pools of an event whatever it sells.
//!
//! All of it is a hint, at most a second old unless it is asked for afresh: whether a seat is there, its block says.

mod known;

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Timestamp,
    event::Event,
    id::{OptionId, SessionId},
    inventory::Block,
    pool::{Layout, PoolKey},
    row::RowBlock,
    seat_state::{Occupancy, SeatStates, Told},
    seating::{Seating, withheld},
    venue::{SeatSet, SectionId},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

pub(crate) use self::known::KnownSeats;
use self::known::{Kept, Reading, Wanted};
pub use crate::lately::Moment;
use crate::{Failed, Plan, Tenant, keys};

/// Shards that are read at the same time for one session.
const READ_AT_ONCE: usize = 16;
/// Milliseconds for which the seats of a session are answered from memory.
const FRESH_MS: i64 = 1_000;

/// Row blocks of a session, by section and number.
pub type Rows = BTreeMap<(SectionId, u16), RowBlock>;

/// A pool of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolOf {
    /// The pool.
    pub pool: PoolKey,
    /// Of which session.
    pub session: SessionId,
    /// How many blocks it has, by what the event says; numbered from 0 without gaps.
    pub blocks: u16,
    /// What it sells.
    pub sells: Sells,
}

/// What a pool sells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sells {
    /// Tickets of a price option: its blocks are stock.
    Tickets(OptionId),
    /// The seats of a section: its blocks are rows.
    Seats(SectionId),
}

impl PoolOf {
    /// How many shards its blocks lie in.
    pub const fn shards(&self) -> u16 {
        self.blocks.div_ceil(Layout::BLOCKS_PER_SHARD)
    }
}

/// Who has what of a session's seats.
#[derive(Clone, Debug)]
pub struct SessionSeats {
    /// Of which map.
    pub plan: Arc<Plan>,
    /// Who has what.
    pub occupancy: Occupancy,
    /// What everybody sees of it.
    pub states: SeatStates,
    /// Names `states`; see [`SeatStates::version`].
    pub version: u64,
    /// When reading it began.
    pub read: Timestamp,
}

impl SessionSeats {
    /// How many seats of a price option everybody could have.
    pub fn left(&self, seating: &Seating, option: OptionId, now: Timestamp) -> u64 {
        let mut free = self.occupancy.free.clone();
        free.keep(&seating.offered(self.plan.map(), option, None, now));
        u64::try_from(free.count()).unwrap_or(u64::MAX)
    }
}

/// Numbered seats of one tenant's sessions.
#[derive(Clone, Copy, Debug)]
pub struct Seats<'t> {
    tenant: &'t Tenant,
}

impl<'t> Seats<'t> {
    pub(crate) const fn new(tenant: &'t Tenant) -> Self {
        Self { tenant }
    }

    /// The seats of a session as they were at most a second before `now`; nothing where the event sells no seats or has no
    /// such session.
    pub async fn session(
        &self,
        event: &Event,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<Arc<SessionSeats>>, Failed> {
        self.session_within(event, session, FRESH_MS, now).await
    }

    /// The same as they were at most so many milliseconds before `now`.
    pub async fn session_within(
        &self,
        event: &Event,
        session: SessionId,
        fresh_ms: i64,
        now: Timestamp,
    ) -> Result<Option<Arc<SessionSeats>>, Failed> {
        let kept = self.kept(event, session, Wanted::Within(fresh_ms), now).await?;
        Ok(kept.map(|kept| kept.seats))
    }

    /// The same as they are now: reading began after this was called. Whoever asks meanwhile is told the same.
    pub async fn session_now(
        &self,
        event: &Event,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<Arc<SessionSeats>>, Failed> {
        self.session_since(event, session, self.moment(session), now).await
    }

    /// The same as they were at some time since a moment.
    pub async fn session_since(
        &self,
        event: &Event,
        session: SessionId,
        asked: Moment,
        now: Timestamp,
    ) -> Result<Option<Arc<SessionSeats>>, Failed> {
        Ok(self.kept(event, session, Wanted::Since(asked), now).await?.map(|kept| kept.seats))
    }

    /// This moment, for [`Seats::session_since`].
    pub fn moment(&self, session: SessionId) -> Moment {
        self.tenant.store.memory.seats.moment((self.tenant.id.clone(), session))
    }

    /// Seats of a session of which this process has learnt since it read them last that somebody has them: what it is holding
    /// or held for buyers itself, and what refused it.
    pub fn gone(&self, session: SessionId) -> Option<SeatSet> {
        self.tenant.store.memory.seats.gone((self.tenant.id.clone(), session))
    }

    /// Notes such seats.
    pub fn note_gone(&self, session: SessionId, seats: &SeatSet) {
        self.tenant.store.memory.seats.note_gone((self.tenant.id.clone(), session), seats);
    }

    /// Takes such a note back.
    pub fn note_back(&self, session: SessionId, seats: &SeatSet) {
        self.tenant.store.memory.seats.note_back((self.tenant.id.clone(), session), seats);
    }

    /// How many seats of a session others take in a second, by the last two reads of it: those of which this process knew
    /// nothing.
    pub fn rush(&self, session: SessionId) -> usize {
        self.tenant.store.memory.seats.rush((self.tenant.id.clone(), session))
    }

    /// The seats of a session as by [`Seats::session`], with what a client is told who has seen the version `seen`.
    pub async fn told(
        &self,
        event: &Event,
        session: SessionId,
        seen: Option<u64>,
        now: Timestamp,
    ) -> Result<Option<(Arc<SessionSeats>, Told)>, Failed> {
        let kept = self.kept(event, session, Wanted::Within(FRESH_MS), now).await?;
        let told = kept.map(|kept| {
            let told = kept.recent.tell(seen).unwrap_or_else(|| Told::Whole(kept.seats.states.encode()));
            (kept.seats, told)
        });
        Ok(told)
    }

    async fn kept(
        &self,
        event: &Event,
        session: SessionId,
        wanted: Wanted,
        now: Timestamp,
    ) -> Result<Option<Kept>, Failed> {
        let (Some(seating), Some(session)) = (&event.seating, event.session(session)) else { return Ok(None) };
        let key = (self.tenant.id.clone(), session.id);
        let read = Box::pin(self.read(seating, session.id, wanted.reading(), now));
        self.tenant.store.memory.seats.get(key, event.version, wanted, now, read).await.map(Some)
    }

    async fn read(
        &self,
        seating: &Seating,
        session: SessionId,
        reading: Reading,
        now: Timestamp,
    ) -> Result<SessionSeats, Failed> {
        let plan = self.tenant.plan_of(seating).await?;
        let blocks = self.rows(&plan, session, reading).await?;
        let (version, map) = (plan.version(), plan.map());
        let occupancy = Occupancy::of(version, &blocks, now);
        let mut offered = seating.sold(map);
        offered.remove(&withheld(map, &seating.hold_backs, None, now));
        let states = occupancy.states(version, &offered);
        Ok(SessionSeats { version: states.version(), plan, occupancy, states, read: now })
    }

    /// The row blocks of a session as they are now, by section and number.
    pub async fn rows_now(&self, plan: &Plan, session: SessionId) -> Result<Rows, Failed> {
        self.rows(plan, session, Reading::Now).await
    }

    /// Every shard in one query, several at a time.
    async fn rows(&self, plan: &Plan, session: SessionId, reading: Reading) -> Result<Rows, Failed> {
        let shards = plan.sections().iter().flat_map(|(section, blocks)| {
            let pool = keys::seat_pool(&self.tenant.id, session, section);
            (0..blocks.div_ceil(Layout::BLOCKS_PER_SHARD)).map(move |shard| (section, pool, shard))
        });
        let reads = shards.map(|(section, pool, shard)| async move {
            let blocks = match reading {
                Reading::Lately => self.tenant.inventory().shard_lately(pool, shard).await?,
                Reading::Now => self.tenant.inventory().shard(pool, shard).await?,
            };
            let rows = blocks.into_iter().filter_map(|(address, block)| match block {
                Block::Row(row) => Some(((section.clone(), address.number), row)),
                Block::Stock(_) | Block::Coach(_) => None,
            });
            Ok::<_, Failed>(rows.collect::<Vec<_>>())
        });
        let found = stream::iter(reads.collect::<Vec<_>>()).buffer_unordered(READ_AT_ONCE);
        let found: Vec<Vec<_>> = found.try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }
}

impl Tenant {
    /// The map that an event sells seats of.
    pub async fn plan_of(&self, seating: &Seating) -> Result<Arc<Plan>, Failed> {
        let plan = self.venues().version_cached(seating.venue, seating.version).await?;
        plan.ok_or_else(|| Failed::corrupt("an event that refers to a seat map that there is not"))
    }

    /// Every pool of an event: for each session those of the options that sell tickets, then those of all sections.
    pub async fn pools_of(&self, event: &Event) -> Result<Vec<PoolOf>, Failed> {
        let plan = match &event.seating {
            Some(seating) => Some(self.plan_of(seating).await?),
            None => None,
        };
        let sections = plan.as_ref().map_or(&[][..], |plan| plan.sections());
        let mut pools = Vec::new();
        for session in event.sessions.iter().map(|session| session.id) {
            for option in event.options.iter().filter(|option| !event.sells_seats(option.id)) {
                let pool = keys::stock_pool(&self.id, session, option.id);
                let blocks = Layout::of(option.total).map_err(Failed::corrupt)?.blocks();
                pools.push(PoolOf { pool, session, blocks, sells: Sells::Tickets(option.id) });
            }
            pools.extend(sections.iter().map(|(section, blocks)| PoolOf {
                pool: keys::seat_pool(&self.id, session, section),
                session,
                blocks: *blocks,
                sells: Sells::Seats(section.clone()),
            }));
        }
        Ok(pools)
    }
}
