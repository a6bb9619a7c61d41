//! Blocks of every kind: every change of the pure model as one conditional write.
//!
//! What kind a block is, its attributes say: tickets count what is available, rows of seats have seats, coach rows a revision.

mod coaches;
mod resize;
mod rows;
mod stock;

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use domain::{
    Timestamp,
    block::{StockBlock, Token},
    inventory::{Block, Change, Refused},
    pool::{BlockAddress, Layout, PoolKey},
    rail, row,
};
use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};

pub(crate) use coaches::{read_places, write_places};
pub use resize::Resized;
pub(crate) use stock::{Written, written};

use crate::{
    Failed, Table, Tenant,
    client::{Expression, Find, Item, Read, Wrote, number_of, text_of},
    keys,
};

/// How many blocks are written at the same time when a pool is opened.
const OPENING: usize = 16;
/// The most shards that are read at the same time.
const READ_AT_ONCE: u16 = 16;

/// Attribute names of a block, short because they are stored in every item.
const CAPACITY: &str = "cap";
const AVAILABLE: &str = "avail";
const ENTRIES: &str = "e";
const UNTIL: &str = "x";
const TOKEN: &str = "t";
const SEATS: &str = "s";
const REVISION: &str = "rev";

/// Blocks with their addresses.
pub type Blocks = Vec<(BlockAddress, Block)>;

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is made; perhaps by an earlier try whose reply was lost.
    Done,
    /// It was refused; the block as it is.
    Refused {
        /// Why.
        why: Refused,
        /// What stood in the way.
        block: Block,
    },
    /// There is no such block.
    Missing,
}

/// Blocks of one tenant.
#[derive(Clone, Copy, Debug)]
pub struct Inventory<'t> {
    tenant: &'t Tenant,
}

impl<'t> Inventory<'t> {
    pub(crate) const fn new(tenant: &'t Tenant) -> Self {
        Self { tenant }
    }

    /// Makes a change, or says why not. One write unit, but for coach rows that have grown beyond 1 KiB.
    pub async fn change(&self, address: BlockAddress, change: impl Into<Change>) -> Result<Changed, Failed> {
        let (key, change) = (keys::block(&self.tenant.id, address), change.into());
        match self.tenant.store.tables.update(Table::Inventory, key, expression(&change)?).await? {
            Wrote::Yes => Ok(Changed::Done),
            Wrote::Refused(None) => Ok(Changed::Missing),
            Wrote::Refused(Some(item)) => explain(&change, &item),
        }
    }

    /// Makes the first change to a block that is probably not there: `empty` is written with the change made. One write unit;
    /// where there is such a block it stays as it is, and is shown.
    pub async fn begin(
        &self,
        address: BlockAddress,
        empty: Block,
        change: impl Into<Change>,
    ) -> Result<Changed, Failed> {
        let (mut block, change) = (empty, change.into());
        if let Err(why) = block.apply(&change) {
            return Ok(Changed::Refused { why, block });
        }
        let item = encode(keys::block(&self.tenant.id, address).item(), &block);
        let absent = Expression::only_if("attribute_not_exists(pk)");
        match self.tenant.store.tables.put(Table::Inventory, item, absent).await? {
            Wrote::Yes => Ok(Changed::Done),
            Wrote::Refused(None) => Err(Failed::corrupt("the database refused to write a block that is not there")),
            Wrote::Refused(Some(item)) => {
                let block = decode(&item)?;
                if block.shows(&change) {
                    return Ok(Changed::Done);
                }
                Ok(Changed::Refused { why: rail::row::Refused::Changed.into(), block })
            }
        }
    }

    /// One block as it is.
    pub async fn block(&self, address: BlockAddress) -> Result<Option<Block>, Failed> {
        let key = keys::block(&self.tenant.id, address);
        let item = self.tenant.store.tables.get(Table::Inventory, key, Read::Consistent).await?;
        item.as_ref().map(decode).transpose()
    }

    /// Some blocks as they are, those that there are.
    pub async fn blocks(&self, addresses: &[BlockAddress]) -> Result<Blocks, Failed> {
        let keys = addresses.iter().map(|address| keys::block(&self.tenant.id, *address)).collect();
        let items = self.tenant.store.tables.batch_get(Table::Inventory, keys, Read::Consistent).await?;
        let named = |item: &Item| {
            let (_, pool, _) = keys::parse_shard(text_of(item, crate::PARTITION))
                .ok_or_else(|| Failed::corrupt("the key of a block"))?;
            Ok((address_of(pool, item)?, decode(item)?))
        };
        items.iter().map(named).collect()
    }

    /// The blocks of one shard as they are, in one query.
    pub async fn shard(&self, pool: PoolKey, shard: u16) -> Result<Blocks, Failed> {
        self.read_shard(pool, shard, Read::Consistent).await
    }

    /// The blocks of one shard as they were a moment ago: half the read units, for what only has to be shown.
    pub async fn shard_lately(&self, pool: PoolKey, shard: u16) -> Result<Blocks, Failed> {
        self.read_shard(pool, shard, Read::Eventual).await
    }

    async fn read_shard(&self, pool: PoolKey, shard: u16, read: Read) -> Result<Blocks, Failed> {
        let find = Find::partition(keys::shard(&self.tenant.id, pool, shard), read);
        let items = self.tenant.store.tables.all(Table::Inventory, find).await?;
        items.iter().map(|item| Ok((address_of(pool, item)?, decode(item)?))).collect()
    }

    /// Creates the blocks of a pool of tickets that are not there yet. Safe to repeat, also while tickets are being sold.
    pub async fn open(&self, pool: PoolKey, layout: Layout) -> Result<(), Failed> {
        let blocks = (0..layout.blocks()).map(|number| (number, StockBlock::empty(layout.capacity_of(number))));
        self.create_all(pool, blocks.map(|(number, block)| (number, Block::Stock(block)))).await
    }

    /// Creates the row blocks of a section that are not there yet. Safe to repeat, also while seats are being sold.
    pub async fn open_rows(
        &self,
        pool: PoolKey,
        rows: impl Iterator<Item = (u16, row::RowBlock)>,
    ) -> Result<(), Failed> {
        self.create_all(pool, rows.map(|(number, row)| (number, Block::Row(row)))).await
    }

    /// Creates the coach rows of a class that are not there yet. Safe to repeat, also while seats are being sold.
    pub async fn open_coaches(
        &self,
        pool: PoolKey,
        rows: impl Iterator<Item = (u16, rail::row::Row)>,
    ) -> Result<(), Failed> {
        self.create_all(pool, rows.map(|(number, row)| (number, Block::Coach(row)))).await
    }

    async fn create_all(&self, pool: PoolKey, blocks: impl Iterator<Item = (u16, Block)>) -> Result<(), Failed> {
        let create = |(number, block)| async move { self.create(BlockAddress { pool, number }, &block).await };
        // Collected: what is borrowed by a stream of futures cannot be an iterator of the caller's.
        let creating: Vec<_> = blocks.map(create).collect();
        stream::iter(creating).buffer_unordered(OPENING).try_collect().await
    }

    /// Writes a block, unless there is one.
    pub async fn create(&self, address: BlockAddress, block: &Block) -> Result<(), Failed> {
        let item = encode(keys::block(&self.tenant.id, address).item(), block);
        let absent = Expression::only_if("attribute_not_exists(pk)");
        self.tenant.store.tables.put(Table::Inventory, item, absent).await.map(drop)
    }

    /// Every block of a pool as it is, shard after shard until one is empty: blocks are never removed, so there are no gaps.
    /// The more there are, the more are read at the same time: whoever marks a pool sold out is waited for, while no small
    /// pool is asked for much that it does not have.
    pub async fn all(&self, pool: PoolKey) -> Result<Blocks, Failed> {
        self.read_all(pool, Read::Consistent).await
    }

    /// Every block of a pool as it was a moment ago: half the read units, for what only has to be shown.
    pub async fn all_lately(&self, pool: PoolKey) -> Result<Blocks, Failed> {
        self.read_all(pool, Read::Eventual).await
    }

    async fn read_all(&self, pool: PoolKey, read: Read) -> Result<Blocks, Failed> {
        let (mut blocks, mut next, mut at_once) = (Blocks::new(), 0_u16, 1);
        loop {
            let wave = (next..next.saturating_add(at_once)).map(|shard| self.read_shard(pool, shard, read));
            for found in try_join_all(wave).await? {
                if found.is_empty() {
                    return Ok(blocks);
                }
                blocks.extend(found);
            }
            (next, at_once) = (next.saturating_add(at_once), READ_AT_ONCE.min(at_once * 2));
        }
    }
}

/// The condition is what [`Block::apply`] checks; the update is what it does. Conditions know no arithmetic, so bounds are
/// computed here.
fn expression(change: &Change) -> Result<Expression, Failed> {
    match change {
        Change::Stock(change) => Ok(stock::expression(change)),
        Change::Row(change) => Ok(rows::expression(change)),
        Change::Coach(decided) => coaches::expression(decided),
    }
}

/// Asks the pure model why the change was refused. A reply that was lost shows as our own effect.
fn explain(change: &Change, item: &Item) -> Result<Changed, Failed> {
    let block = decode(item)?;
    if block.shows(change) {
        return Ok(Changed::Done);
    }
    match block.clone().apply(change) {
        Err(why) => Ok(Changed::Refused { why, block }),
        Ok(()) => match (&block, change) {
            // It would have been right, but somebody took a segment in between: it has to be decided anew.
            (Block::Coach(row), Change::Coach(decided)) if decided.revision != Some(row.revision()) => {
                Ok(Changed::Refused { why: rail::row::Refused::Changed.into(), block })
            }
            _ => Err(Failed::corrupt("the database refused a change that the model allows")),
        },
    }
}

fn encode(item: Item, block: &Block) -> Item {
    match block {
        Block::Stock(block) => stock::encode(item, block),
        Block::Row(block) => rows::encode(item, block),
        Block::Coach(row) => coaches::encode(item, row),
    }
}

pub(crate) fn decode(item: &Item) -> Result<Block, Failed> {
    if item.contains_key(REVISION) {
        Ok(Block::Coach(coaches::decode(item)?))
    } else if item.contains_key(SEATS) {
        Ok(Block::Row(rows::decode(item)?))
    } else {
        Ok(Block::Stock(stock::decode(item)?))
    }
}

/// What is written on a block that it has to sell, readable otherwise or not.
pub(crate) fn capacity_of(item: &Item) -> u64 {
    if is_stock(item) {
        return number_of(item, CAPACITY).and_then(|capacity| u64::try_from(capacity).ok()).unwrap_or(0);
    }
    decode(item).map_or(0, |block| block.capacity().into())
}

/// Whether an item is a block of tickets without numbers, readable otherwise or not.
pub(crate) fn is_stock(item: &Item) -> bool {
    !item.contains_key(REVISION) && !item.contains_key(SEATS)
}

fn blob(token: Token) -> AttributeValue {
    AttributeValue::B(Blob::new(token.0))
}

/// The time limit of an entry, where it has one.
fn moment(map: &HashMap<String, AttributeValue>) -> Result<Option<Timestamp>, Failed> {
    number_of(map, UNTIL).map(Timestamp::from_second).transpose().map_err(Failed::corrupt)
}

fn address_of(pool: PoolKey, item: &Item) -> Result<BlockAddress, Failed> {
    let number = keys::block_number(text_of(item, crate::SORT)).ok_or_else(|| Failed::corrupt("a block's key"))?;
    Ok(BlockAddress { pool, number })
}

/// Bytes of an item as DynamoDB counts them: names and values, three for a map or list and one for each of its members; a
/// number takes a byte for every two digits and one more.
#[cfg(test)]
fn bytes_of(item: &Item) -> usize {
    fn size(value: &AttributeValue) -> usize {
        match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(text) => text.len().div_ceil(2) + 1,
            AttributeValue::B(bytes) => bytes.as_ref().len(),
            AttributeValue::M(map) => 3 + map.iter().map(|(name, value)| name.len() + size(value) + 1).sum::<usize>(),
            other => panic!("{other:?}"),
        }
    }
    item.iter().map(|(name, value)| name.len() + size(value)).sum()
}
