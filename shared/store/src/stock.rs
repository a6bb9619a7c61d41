//! Summaries of stock and the sold-out marker: hints that save work. No hold trusts them.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    Timestamp,
    event::later,
    id::SessionId,
    inventory::Block,
    pool::{Layout, PoolKey},
};
use serde::{Deserialize, Serialize};

use crate::{
    Blocks, Failed, Mark, SORT, Table, Tenant,
    client::{self, Expression, Find, Read, Wrote, decode, encode, number_of, text_of},
    keys,
};

/// Seconds for which summaries are believed, plus up to one more so that processes do not all ask at once.
const SUMMARY_SECS: i64 = 1;
/// How often a shard is counted anew because somebody else noted a count of it meanwhile, and a pool marked anew because
/// something came back to it meanwhile.
const ROUNDS: usize = 5;
/// Milliseconds for which a marker is believed: a marked pool is answered from memory, at most this stale.
const MARKER_MILLIS: i64 = 1_000;

/// What a shard holds, as its last count said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Which shard.
    pub shard: u16,
    /// Tickets in all.
    pub capacity: u32,
    /// Tickets that nobody holds.
    pub available: u32,
    /// The earliest time limit of an entry.
    pub earliest: Option<Timestamp>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SummaryItem {
    cap: u32,
    avail: u32,
    #[serde(default)]
    x: Option<i64>,
    /// When it was noted, in milliseconds since 1970, and later than the count before it: names the count.
    at: i64,
}

/// A shard as it was counted, and the count that was noted before it was read.
#[derive(Clone, Debug)]
pub struct Counted {
    summary: Summary,
    blocks: Blocks,
    before: Option<i64>,
}

/// Summaries of one tenant's pools.
#[derive(Clone, Copy, Debug)]
pub struct Stock<'t> {
    tenant: &'t Tenant,
}

impl<'t> Stock<'t> {
    pub(crate) const fn new(tenant: &'t Tenant) -> Self {
        Self { tenant }
    }

    /// Free tickets of a pool, at most two seconds old. Shards that were never counted count as free.
    pub async fn left(&self, pool: PoolKey, layout: Layout, now: Timestamp) -> Result<u64, Failed> {
        let summaries = self.summaries(pool, now).await?;
        let counted: BTreeSet<u16> = summaries.iter().map(|summary| summary.shard).collect();
        let uncounted = (0..layout.shards()).filter(|shard| !counted.contains(shard));
        let blocks = uncounted.flat_map(|shard| layout.blocks_of(shard));
        let there: u64 = blocks.map(|block| u64::from(layout.capacity_of(block))).sum();
        Ok(there + summaries.iter().map(|summary| u64::from(summary.available)).sum::<u64>())
    }

    /// The summaries of a pool, at most two seconds old.
    pub async fn summaries(&self, pool: PoolKey, now: Timestamp) -> Result<Arc<Vec<Summary>>, Failed> {
        if let Some(known) = self.tenant.store.memory.summaries(pool, now) {
            return Ok(known);
        }
        let summaries = Arc::new(self.read_summaries(pool).await?);
        let jitter = i64::from(fastrand::u8(..)) * 1_000 / 256;
        let until = later(now, SUMMARY_SECS).saturating_add(jiff::SignedDuration::from_millis(jitter));
        self.tenant.store.memory.learn_summaries(pool, &summaries, until.unwrap_or(now));
        Ok(summaries)
    }

    /// The summaries of a pool as they are stored.
    pub async fn read_summaries(&self, pool: PoolKey) -> Result<Vec<Summary>, Failed> {
        self.summaries_by(pool, Read::Eventual).await
    }

    async fn summaries_by(&self, pool: PoolKey, read: Read) -> Result<Vec<Summary>, Failed> {
        let partition = keys::summaries(&self.tenant.id, pool);
        let find = Find::partition(partition, read).beginning(keys::SUMMARY);
        let items = self.tenant.store.tables.all(Table::Catalogue, find).await?;
        items.into_iter().map(summary).collect()
    }

    /// Counts a shard and notes its summary. Counting by one consistent query, never by adding differences, makes
    /// repeats harmless.
    pub async fn count(&self, pool: PoolKey, shard: u16, now: Timestamp) -> Result<Summary, Failed> {
        for _ in 0..ROUNDS {
            let counted = self.look(pool, shard).await?;
            if self.note(pool, &counted, now).await? {
                return Ok(counted.summary);
            }
        }
        Err(Failed::Throttled)
    }

    /// Counts a shard. Which count was noted is read first: what is then noted on top of it was read after it, so nobody
    /// overwrites a later count with an earlier one, however long they sleep in between.
    pub async fn look(&self, pool: PoolKey, shard: u16) -> Result<Counted, Failed> {
        let key = keys::summary(&self.tenant.id, pool, shard);
        let noted = self.tenant.store.tables.get(Table::Catalogue, key, Read::Consistent).await?;
        let blocks = self.tenant.inventory().shard(pool, shard).await?;
        let summary = Summary {
            shard,
            capacity: blocks.iter().map(|(_, block)| u32::from(block.capacity())).sum(),
            available: blocks.iter().map(|(_, block)| u32::from(block.available())).sum(),
            earliest: blocks.iter().filter_map(|(_, block)| block.earliest()).min(),
        };
        Ok(Counted { summary, blocks, before: noted.as_ref().and_then(|item| number_of(item, "at")) })
    }

    /// Notes a count. `false`: somebody noted another since it was begun, and the shard is to be counted again.
    pub async fn note(&self, pool: PoolKey, counted: &Counted, now: Timestamp) -> Result<bool, Failed> {
        let Counted { summary, blocks, before } = counted;
        self.note_due(pool, blocks, summary).await?;
        // The week of a person has nothing to sell and is looked for by nobody.
        if summary.capacity == 0 && !blocks.is_empty() && blocks.iter().all(|(_, block)| is_ride(block)) {
            return Ok(true);
        }
        let at = before.map_or(now.as_millisecond(), |before| now.as_millisecond().max(before + 1));
        let item = SummaryItem {
            cap: summary.capacity,
            avail: summary.available,
            x: summary.earliest.map(Timestamp::as_second),
            at,
        };
        let mut item = encode(keys::summary(&self.tenant.id, pool, summary.shard), &item)?;
        crate::rail::note_gaps(&mut item, blocks);
        let unchanged = match before {
            None => Expression::only_if("attribute_not_exists(pk)"),
            Some(before) => Expression::only_if("#at = :at").name("#at", "at").number(":at", *before),
        };
        Ok(self.tenant.store.tables.put(Table::Catalogue, item, unchanged).await? == Wrote::Yes)
    }

    /// Notes where something of rides falls due, and in which hour: runs are too many to be walked, and persons are known to
    /// nobody. Once for each shard and hour; the same again is the same.
    async fn note_due(&self, pool: PoolKey, blocks: &Blocks, counted: &Summary) -> Result<(), Failed> {
        let Some(earliest) = counted.earliest.filter(|_| blocks.iter().any(|(_, block)| is_ride(block))) else {
            return Ok(());
        };
        let item = keys::due_ride(&self.tenant.id, keys::hour(earliest), pool, counted.shard).item();
        self.tenant.store.tables.put(Table::Catalogue, item, Expression::default()).await.map(drop)
    }

    /// The shards of rides in which something fell due, or will, in an hour.
    pub async fn due_rides(&self, hour: i64) -> Result<Vec<(PoolKey, u16)>, Failed> {
        let find = Find::partition(keys::due_rides(&self.tenant.id, hour), Read::Eventual);
        let items = self.tenant.store.tables.all(Table::Catalogue, find).await?;
        let named = |item: &client::Item| keys::parse_due_ride(text_of(item, SORT));
        items.iter().map(|item| named(item).ok_or_else(|| Failed::corrupt("a note of what is due"))).collect()
    }

    /// Forgets such a note, once the hour is over and nothing of it is left.
    pub async fn forget_due(&self, hour: i64, pool: PoolKey, shard: u16) -> Result<(), Failed> {
        let key = keys::due_ride(&self.tenant.id, hour, pool, shard);
        self.tenant.store.tables.delete(Table::Catalogue, key, Expression::default()).await.map(drop)
    }

    /// Whether a pool is sold out, at most a second old.
    pub async fn is_sold_out(&self, pool: PoolKey, now: Timestamp) -> Result<bool, Failed> {
        if let Some(known) = self.tenant.store.memory.sold_out(pool, now) {
            return Ok(known);
        }
        let key = keys::marker(&self.tenant.id, pool);
        let item = self.tenant.store.tables.get(Table::Catalogue, key, Read::Consistent).await?;
        let until =
            item.as_ref().filter(|item| text_of(item, "phase") == SOLD_OUT).map(|item| number_of(item, "until"));
        let limit = match until {
            None => None,
            Some(None) => Some(Timestamp::MAX),
            Some(Some(second)) => Some(Timestamp::from_second(second).map_err(Failed::corrupt)?),
        };
        let is_sold_out = limit.is_some_and(|limit| now < limit);
        let second = now.saturating_add(jiff::SignedDuration::from_millis(MARKER_MILLIS)).unwrap_or(now);
        let until = limit.filter(|_| is_sold_out).map_or(second, |limit| limit.min(second));
        self.tenant.store.memory.learn_sold_out(pool, is_sold_out, until);
        Ok(is_sold_out)
    }

    /// Whether those who did not wait are refused what is in any of some pools, because somebody in line may be served first.
    /// That nobody waits for a pool is believed for a second, and so is that its gate is shut; that it stands open is not.
    pub async fn is_any_shut(&self, pools: &[PoolKey], now: Timestamp) -> Result<bool, Failed> {
        let (memory, mut unknown) = (&self.tenant.store.memory, Vec::new());
        for pool in pools {
            match memory.mark(*pool, now) {
                Some(mark) if mark.is_shut(now) => return Ok(true),
                Some(mark) if mark.line.is_none() => {}
                _ => unknown.push(*pool),
            }
        }
        let until = now.saturating_add(jiff::SignedDuration::from_millis(MARKER_MILLIS)).unwrap_or(now);
        let keys = unknown.iter().map(|pool| keys::marker(&self.tenant.id, *pool));
        let found =
            self.tenant.store.tables.batch_get(Table::Catalogue, keys.clone().collect(), Read::Consistent).await?;
        let mut is_shut = false;
        for (pool, key) in unknown.iter().zip(keys) {
            let mark = found.iter().find(|item| keys::of_item(item) == key).map(Mark::of).unwrap_or_default();
            memory.learn_mark(*pool, mark, until);
            is_shut |= mark.is_shut(now);
        }
        Ok(is_shut)
    }

    /// The line of those who wait for a pool, as it is: whoever counts what came back must not miss the first who waits.
    pub async fn line(&self, pool: PoolKey) -> Result<Option<SessionId>, Failed> {
        Ok(self.mark(pool).await?.line)
    }

    pub(crate) async fn mark(&self, pool: PoolKey) -> Result<Mark, Failed> {
        let key = keys::marker(&self.tenant.id, pool);
        let item = self.tenant.store.tables.get(Table::Catalogue, key, Read::Consistent).await?;
        Ok(item.as_ref().map(Mark::of).unwrap_or_default())
    }

    /// What this process remembers of the marker, without asking the database.
    pub fn is_known_sold_out(&self, pool: PoolKey, now: Timestamp) -> bool {
        self.tenant.store.memory.sold_out(pool, now) == Some(true)
    }

    /// Marks a pool sold out, if its summaries say that it is and it is.
    pub async fn mark_if_counted_out(&self, pool: PoolKey, now: Timestamp) -> Result<(), Failed> {
        // Consistently: of two who count the last two shards at once, the later one has to see that all are empty.
        let summaries = self.summaries_by(pool, Read::Consistent).await?;
        if summaries.is_empty() || summaries.iter().any(|summary| summary.available > 0) {
            return Ok(());
        }
        let lapses = summaries.iter().filter_map(|summary| summary.earliest).min();
        self.mark_if_sold_out(pool, lapses, now).await.map(drop)
    }

    /// Marks a pool sold out, if it is. First that is announced, *then* every shard is read, *then* the marker is set if its
    /// generation is still the one that was announced: whoever gives stock back or adds some writes the block first and clears
    /// the marker afterwards under a new generation, so one of the two sees the other. Several who mark a pool at once share an
    /// announcement: were each to draw a generation of its own, none would end while others begin. Where the generation has
    /// changed all is done again, because what came back may have been taken since, and whoever took it has counted already. The
    /// shards are those that exist, whatever the event says.
    ///
    /// `lapses` is when something of the pool falls due first, by its summaries: a marker that says so stands already.
    pub async fn mark_if_sold_out(
        &self,
        pool: PoolKey,
        lapses: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, Failed> {
        for _ in 0..ROUNDS {
            if let Some(marked) = self.try_to_mark(pool, lapses, now).await? {
                return Ok(marked);
            }
        }
        Err(Failed::Throttled)
    }

    /// Marks a pool once; nothing where something came back meanwhile.
    async fn try_to_mark(
        &self,
        pool: PoolKey,
        lapses: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<bool>, Failed> {
        let key = keys::marker(&self.tenant.id, pool);
        let stored = self.tenant.store.tables.get(Table::Catalogue, key.clone(), Read::Consistent).await?;
        let phase = stored.as_ref().map_or("", |item| text_of(item, "phase"));
        let until = stored.as_ref().and_then(|item| number_of(item, "until"));
        if phase == SOLD_OUT && until == lapses.map(Timestamp::as_second) && lapses.is_none_or(|lapses| now < lapses) {
            return Ok(Some(true));
        }
        let generation = match stored.as_ref().filter(|_| !phase.is_empty()).and_then(|item| number_of(item, "gen")) {
            Some(announced) => announced,
            None => self.next_generation(pool, Some(CLOSING)).await?,
        };
        let mut earliest: Option<Timestamp> = None;
        for (_, block) in self.tenant.inventory().all(pool).await? {
            if block.available() > 0 || !block.due(now).is_empty() {
                return Ok(Some(false));
            }
            earliest = earliest.into_iter().chain(block.earliest()).min();
        }
        let mut expression = Expression::set("SET phase = :sold REMOVE #until")
            .given("gen = :gen")
            .name("#until", "until")
            .text(":sold", SOLD_OUT)
            .number(":gen", generation);
        if let Some(earliest) = earliest {
            expression.update = Some("SET phase = :sold, #until = :until".to_owned());
            expression = expression.number(":until", earliest.as_second());
        }
        let wrote = self.tenant.store.tables.update(Table::Catalogue, key, expression).await?;
        Ok((wrote == Wrote::Yes).then_some(true))
    }

    /// Clears the marker after stock has come back to a block, and shuts the gate before those who did not wait where somebody
    /// does. The block is always written first.
    pub async fn reopen(&self, pool: PoolKey) -> Result<(), Failed> {
        self.tenant.store.memory.forget(pool);
        let key = keys::marker(&self.tenant.id, pool);
        let marker = self.tenant.store.tables.get(Table::Catalogue, key, Read::Consistent).await?;
        match marker {
            Some(item) if !text_of(&item, "phase").is_empty() || Mark::of(&item).line.is_some() => {
                self.next_generation(pool, None).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Draws the next generation: nothing is written any more that was decided by what was read before. Without a phase,
    /// something came back, and the gate is shut.
    async fn next_generation(&self, pool: PoolKey, phase: Option<&str>) -> Result<i64, Failed> {
        let tables = &self.tenant.store.tables;
        let mut request = tables
            .client
            .update_item()
            .table_name(tables.name(Table::Catalogue))
            .set_key(Some(keys::marker(&self.tenant.id, pool).item()))
            .expression_attribute_values(":one", client::number(1))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllNew);
        request = match phase {
            Some(phase) => request
                .update_expression("SET phase = :phase ADD gen :one")
                .expression_attribute_values(":phase", aws_sdk_dynamodb::types::AttributeValue::S(phase.to_owned())),
            None => request.update_expression("REMOVE phase, gate ADD gen :one"),
        };
        let item = request.send().await?.attributes.unwrap_or_default();
        number_of(&item, "gen").ok_or_else(|| Failed::corrupt("a marker"))
    }
}

const fn is_ride(block: &Block) -> bool {
    matches!(block, Block::Coach(_))
}

const CLOSING: &str = "closing";
const SOLD_OUT: &str = "sold";

fn summary(item: client::Item) -> Result<Summary, Failed> {
    let shard = keys::shard_of_summary(text_of(&item, SORT)).ok_or_else(|| Failed::corrupt("a summary's key"))?;
    let SummaryItem { cap, avail, x, .. } = decode(item)?;
    let earliest = x.map(Timestamp::from_second).transpose().map_err(Failed::corrupt)?;
    Ok(Summary { shard, capacity: cap, available: avail, earliest })
}
