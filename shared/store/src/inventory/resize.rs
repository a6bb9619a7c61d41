//! Changing how much there is of a pool, while it is being sold.
//!
//! What counts is the sum over the blocks as they are, not how the pool was cut before: a change that died half-way, or one
//! that took tickets from the middle, is simply carried on from where it stands.

use domain::{
    block::StockBlock,
    inventory::Block,
    pool::{BlockAddress, Layout, PoolKey},
};

use super::{CAPACITY, Inventory};
use crate::{
    Failed, Table,
    client::{Expression, Wrote, number_of},
    keys,
};

/// How often a change is computed anew when buyers change the blocks under it.
const ROUNDS: usize = 8;

/// What became of a change of a pool's capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resized {
    /// The pool has its new capacity.
    Done,
    /// More tickets are held or sold than would be left; the pool is as it was.
    InUse {
        /// How many are free.
        free: u32,
    },
}

/// Stock blocks with their addresses.
type Tickets = Vec<(BlockAddress, StockBlock)>;

/// One block that gets another capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    block: BlockAddress,
    from: u8,
    to: u8,
}

impl Inventory<'_> {
    /// Gives a pool another capacity: it may grow at any time, and shrink by what is free. Safe to repeat after a crash.
    pub async fn resize(&self, pool: PoolKey, to: Layout) -> Result<Resized, Failed> {
        for _ in 0..ROUNDS {
            let blocks = self.tickets(pool).await?;
            let have = capacity(&blocks);
            let free: u32 = blocks.iter().map(|(_, block)| u32::from(block.available())).sum();
            if have > to.capacity() && have - to.capacity() > free {
                return Ok(Resized::InUse { free });
            }
            let steps = if have > to.capacity() {
                shrink(&blocks, have - to.capacity())
            } else {
                grow(&blocks, to.capacity() - have)
            };
            if steps.is_empty() && have >= to.capacity() {
                return Ok(Resized::Done);
            }
            for step in steps {
                self.resize_block(step).await?;
            }
            let filled = capacity(&self.tickets(pool).await?);
            if filled < to.capacity() {
                self.append(pool, &blocks, to.capacity() - filled).await?;
            }
        }
        Err(Failed::Throttled)
    }

    async fn tickets(&self, pool: PoolKey) -> Result<Tickets, Failed> {
        let is_stock = |(address, block)| match block {
            Block::Stock(block) => Ok((address, block)),
            Block::Row(_) | Block::Coach(_) => Err(Failed::corrupt("numbered seats in a pool of tickets")),
        };
        self.all(pool).await?.into_iter().map(is_stock).collect()
    }

    /// Adds blocks behind the last one.
    async fn append(&self, pool: PoolKey, blocks: &Tickets, missing: u32) -> Result<(), Failed> {
        let first = blocks.last().map_or(0, |(address, _)| address.number + 1);
        let added = Layout::of(missing).map_err(Failed::corrupt)?;
        for place in 0..added.blocks() {
            let Some(number) = first.checked_add(place) else {
                return Err(Failed::corrupt("a pool with more blocks than can be numbered"));
            };
            self.create(BlockAddress { pool, number }, &Block::Stock(StockBlock::empty(added.capacity_of(place))))
                .await?;
        }
        Ok(())
    }

    /// Changes one block if it still is as it was seen. Where it is not, the next round sees it anew.
    async fn resize_block(&self, step: Step) -> Result<(), Failed> {
        let expression = Expression::set("SET cap = :to, avail = avail + :change")
            .given("cap = :from AND avail >= :lost")
            .number(":to", step.to)
            .number(":from", step.from)
            .number(":lost", step.from.saturating_sub(step.to))
            .number(":change", i64::from(step.to) - i64::from(step.from));
        let key = keys::block(&self.tenant.id, step.block);
        match self.tenant.store.tables.update(Table::Inventory, key, expression).await? {
            Wrote::Yes => Ok(()),
            Wrote::Refused(Some(item)) if number_of(&item, CAPACITY).is_some() => Ok(()),
            Wrote::Refused(_) => Err(Failed::corrupt("a block has gone")),
        }
    }
}

fn capacity(blocks: &Tickets) -> u32 {
    blocks.iter().map(|(_, block)| u32::from(block.capacity())).sum()
}

/// Takes free tickets away, from the last block on.
fn shrink(blocks: &Tickets, mut surplus: u32) -> Vec<Step> {
    let mut steps = Vec::new();
    for (address, block) in blocks.iter().rev() {
        let part = block.available().min(u8::try_from(surplus).unwrap_or(u8::MAX));
        if part > 0 {
            steps.push(Step { block: *address, from: block.capacity(), to: block.capacity() - part });
            surplus -= u32::from(part);
        }
    }
    steps
}

/// Fills up blocks that are not full.
fn grow(blocks: &Tickets, mut missing: u32) -> Vec<Step> {
    let mut steps = Vec::new();
    for (address, block) in blocks {
        let room = Layout::TICKETS_PER_BLOCK.saturating_sub(block.capacity());
        let part = room.min(u8::try_from(missing).unwrap_or(u8::MAX));
        if part > 0 {
            steps.push(Step { block: *address, from: block.capacity(), to: block.capacity() + part });
            missing -= u32::from(part);
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(sizes: &[u8]) -> Tickets {
        let pool = PoolKey::from_hash(&[1; 32]);
        let address = |number| BlockAddress { pool, number };
        sizes
            .iter()
            .enumerate()
            .map(|(n, size)| (address(u16::try_from(n).unwrap()), StockBlock::empty(*size)))
            .collect()
    }

    fn sizes(steps: &[Step]) -> Vec<(u16, u8, u8)> {
        steps.iter().map(|step| (step.block.number, step.from, step.to)).collect()
    }

    #[test]
    fn a_pool_shrinks_from_its_end_by_what_is_free() {
        assert_eq!(sizes(&shrink(&blocks(&[16, 16, 4]), 10)), [(2, 4, 0), (1, 16, 10)]);
    }

    #[test]
    fn a_pool_that_shrank_grows_where_room_was_left() {
        assert_eq!(sizes(&grow(&blocks(&[16, 10, 0]), 8)), [(1, 10, 16), (2, 0, 2)]);
        assert_eq!(sizes(&grow(&blocks(&[16, 16]), 8)), []);
    }
}
