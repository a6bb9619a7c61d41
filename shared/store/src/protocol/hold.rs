//! Finding and holding tickets: a few blind writes first, then what the summaries say, then several blocks together.

use std::{
    collections::{BTreeSet, HashSet},
    hash::Hasher as _,
};

use domain::{
    Timestamp,
    block::{self, Change, Entry, Examined, StockBlock},
    id::Id as _,
    inventory::{Block, Refused},
    order::{Held, Verdict},
    pool::BlockAddress,
};

use super::{Claim, Hold, token};
use crate::{Changed, Failed, Tenant};

/// Blind tries before the summaries are asked.
const PROBES: usize = 4;
/// Shards that are read when the blind tries found nothing.
const SHARDS: usize = 4;

/// The order has an entry there already.
const HELD: Refused = Refused::Stock(block::Refused::Held);

/// What a try on one block gave.
enum Tried {
    Held(Held),
    /// Refused; so many are free there.
    Refused(u8),
    /// The order has an entry there already, from another try.
    Taken,
}

/// A search under way: what is held so far, and where it is not worth looking again.
struct Search<'s> {
    tenant: &'s Tenant,
    claim: &'s Claim,
    now: Timestamp,
    held: Vec<Held>,
    tried: HashSet<u16>,
}

impl Tenant {
    /// Holds what is claimed, in one block where one serves, else in several.
    ///
    /// # Errors
    /// Where the database fails in the middle, what was held comes along: the caller abandons it.
    pub async fn hold(&self, claim: &Claim, now: Timestamp) -> Result<Hold, (Failed, Vec<Held>)> {
        if self.stock().is_known_sold_out(claim.pool, now) {
            return Ok(Hold::SoldOut);
        }
        let mut search = Search { tenant: self, claim, now, held: Vec::new(), tried: HashSet::new() };
        match search.run().await {
            Ok(hold) => Ok(hold),
            Err(failed) => Err((failed, search.held)),
        }
    }
}

impl Search<'_> {
    async fn run(&mut self) -> Result<Hold, Failed> {
        if self.probe().await? {
            return Ok(Hold::Held(std::mem::take(&mut self.held)));
        }
        if self.tenant.stock().is_sold_out(self.claim.pool, self.now).await? {
            return Ok(Hold::SoldOut);
        }
        self.look().await
    }

    /// Blind tries: the user's first shard, then others, in each a block not known to be full.
    async fn probe(&mut self) -> Result<bool, Failed> {
        let (shards, quantity) = (self.claim.layout.shards(), self.claim.quantity.get());
        if shards == 0 {
            return Ok(false);
        }
        for try_number in 0..PROBES {
            let shard = if try_number == 0 { first_shard(self.claim, shards) } else { fastrand::u16(..shards) };
            let Some(number) = self.pick(shard, quantity) else { continue };
            if let Tried::Held(held) = self.attempt(number, quantity).await? {
                self.held.push(held);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A random block of the shard that was not tried and is not known to be too full.
    fn pick(&self, shard: u16, quantity: u8) -> Option<u16> {
        let worth = |number: &u16| {
            let block = BlockAddress { pool: self.claim.pool, number: *number };
            !self.tried.contains(number) && self.tenant.store.memory.may_have(block, quantity, self.now)
        };
        fastrand::choice(self.claim.layout.blocks_of(shard).filter(worth).collect::<Vec<_>>())
    }

    /// Reads shards that the summaries do not call empty, and takes what is there.
    async fn look(&mut self) -> Result<Hold, Failed> {
        let (wanted, shards) = (u64::from(self.claim.quantity.get()), self.hopeful().await?);
        let all_read = shards.len() <= SHARDS;
        let mut free: Vec<(BlockAddress, u8)> = Vec::new();
        for shard in shards.into_iter().take(SHARDS) {
            let blocks = self.tenant.inventory().shard(self.claim.pool, shard).await?;
            let blocks: Vec<_> =
                blocks.into_iter().map(|(at, block)| Ok((at, tickets(block)?))).collect::<Result<_, Failed>>()?;
            if let Some(number) = self.best_of(&blocks)
                && let Tried::Held(held) = self.attempt(number, self.claim.quantity.get()).await?
            {
                self.held.push(held);
                return Ok(Hold::Held(std::mem::take(&mut self.held)));
            }
            free.extend(
                blocks.iter().map(|(address, block)| (*address, self.obtainable(block))).filter(|(_, n)| *n > 0),
            );
        }
        let remaining: u64 = free.iter().map(|(_, count)| u64::from(*count)).sum();
        if remaining >= wanted {
            return self.gather(free).await;
        }
        if remaining > 0 && all_read {
            return Ok(Hold::TooFewLeft { remaining });
        }
        Ok(Hold::Busy { held: Vec::new() })
    }

    /// The block that serves the whole claim and has least to spare, so that large parties find room later.
    fn best_of(&self, blocks: &[(BlockAddress, StockBlock)]) -> Option<u16> {
        let wanted = self.claim.quantity.get();
        let fits = blocks.iter().filter(|(_, block)| self.obtainable(block) >= wanted);
        let fits = fits.filter(|(_, block)| !block.entries().contains_key(&self.claim.order));
        fits.min_by_key(|(_, block)| (self.obtainable(block), fastrand::u8(..))).map(|(address, _)| address.number)
    }

    /// What could be had from a block: free tickets, and those of entries past their time.
    fn obtainable(&self, block: &StockBlock) -> u8 {
        block.available() + block.due(self.now).map(|examined| examined.entry.count).sum::<u8>()
    }

    /// Shards in which something may be had, by the summaries; those that were never counted may have something. In random
    /// order, so that many searchers do not all meet in one.
    async fn hopeful(&self) -> Result<Vec<u16>, Failed> {
        let summaries = self.tenant.stock().summaries(self.claim.pool, self.now).await?;
        let empty: HashSet<u16> = summaries
            .iter()
            .filter(|summary| summary.available == 0 && summary.earliest.is_none_or(|earliest| self.now < earliest))
            .map(|summary| summary.shard)
            .collect();
        let known = summaries.iter().map(|summary| summary.shard);
        let shards: BTreeSet<u16> = (0..self.claim.layout.shards()).chain(known).collect();
        let mut shards: Vec<u16> = shards.into_iter().filter(|shard| !empty.contains(shard)).collect();
        fastrand::shuffle(&mut shards);
        Ok(shards)
    }

    /// Takes a quantity that no single block can serve from several. Two gatherers may refuse each other; both are told to
    /// come back.
    async fn gather(&mut self, mut free: Vec<(BlockAddress, u8)>) -> Result<Hold, Failed> {
        let mut missing = self.claim.quantity.get();
        free.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        for (address, count) in free {
            let part = count.min(missing);
            match self.attempt(address.number, part).await? {
                Tried::Held(held) => {
                    self.held.push(held);
                    missing -= part;
                }
                Tried::Refused(less) if less > 0 => {
                    if let Tried::Held(held) = self.attempt(address.number, less.min(part)).await? {
                        missing -= held.count();
                        self.held.push(held);
                    }
                }
                Tried::Refused(_) | Tried::Taken => {}
            }
            if missing == 0 {
                return Ok(Hold::Held(std::mem::take(&mut self.held)));
            }
        }
        Ok(Hold::Busy { held: std::mem::take(&mut self.held) })
    }

    /// One blind write on one block; where entries past their time are in the way, their orders are settled and they are
    /// replaced in the same write.
    async fn attempt(&mut self, number: u16, count: u8) -> Result<Tried, Failed> {
        let address = BlockAddress { pool: self.claim.pool, number };
        self.tried.insert(number);
        match self.write(address, count, Vec::new()).await? {
            (held, Changed::Done) => Ok(Tried::Held(held)),
            (_, Changed::Missing) => Ok(Tried::Refused(0)),
            (_, Changed::Refused { why: HELD, .. }) => Ok(Tried::Taken),
            (_, Changed::Refused { block, .. }) => self.reclaim(address, count, &tickets(block)?).await,
        }
    }

    async fn write(&mut self, block: BlockAddress, count: u8, evict: Vec<Examined>) -> Result<(Held, Changed), Failed> {
        let token = token();
        let held = Held::tickets(block, count, token);
        let entry = Entry { count, until: Some(self.claim.until), token };
        let change = Change::Hold { order: self.claim.order, entry, evict };
        match self.tenant.inventory().change(block, change).await {
            Ok(changed) => Ok((held, changed)),
            Err(failed) => {
                // Whether it was made is not known. What is abandoned is removed by its token, if it is there.
                self.held.push(held);
                Err(failed)
            }
        }
    }

    /// The block refused: entries past their time may make room, once their orders are settled.
    async fn reclaim(&mut self, address: BlockAddress, count: u8, block: &StockBlock) -> Result<Tried, Failed> {
        let mut evict: Vec<Examined> = Vec::new();
        for examined in block.due(self.now) {
            let settled = self.tenant.settle(examined.order, self.now).await?;
            match settled.verdict(address, &examined) {
                Verdict::Evict => evict.push(examined),
                Verdict::Move(until) => {
                    self.tenant.inventory().change(address, Change::follow(examined, until)).await?;
                }
                // The reconciler wakes the issuer, confirms and shrinks; a buyer does not wait for that.
                Verdict::Keep | Verdict::Confirm | Verdict::Shrink(_) => {}
            }
        }
        let freed: u8 = evict.iter().map(|examined| examined.entry.count).sum();
        if block.available() + freed < count {
            self.tenant.store.memory.refused(address, block.available() + freed, self.now);
            return Ok(Tried::Refused(block.available() + freed));
        }
        match self.write(address, count, evict).await? {
            (held, Changed::Done) => {
                if block.available() + freed > count {
                    self.tenant.stock().reopen(self.claim.pool).await?;
                }
                Ok(Tried::Held(held))
            }
            (_, Changed::Missing) => Ok(Tried::Refused(0)),
            (_, Changed::Refused { why: HELD, .. }) => Ok(Tried::Taken),
            (_, Changed::Refused { block, .. }) => {
                let block = tickets(block)?;
                self.tenant.store.memory.refused(address, block.available(), self.now);
                Ok(Tried::Refused(block.available()))
            }
        }
    }
}

/// Where a user's search begins: users are spread over the shards, never pinned to one.
fn first_shard(claim: &Claim, shards: u16) -> u16 {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(&claim.user.bytes());
    u16::try_from(hasher.finish() % u64::from(shards)).unwrap_or(0)
}

fn tickets(block: Block) -> Result<StockBlock, Failed> {
    match block {
        Block::Stock(block) => Ok(block),
        Block::Row(_) | Block::Coach(_) => Err(Failed::corrupt("numbered seats in a pool of tickets")),
    }
}
