//! Stock blocks: every change of the pure model as one conditional write.

mod resize;
mod rows;

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use domain::{
    Timestamp,
    block::{Change, Entry, Examined, Refused, StockBlock, Token},
    id::{Id as _, OrderId},
    pool::{BlockAddress, Layout, PoolKey},
};
use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};

pub use resize::Resized;
pub use rows::{RowChanged, Rows};

use crate::{
    Failed, Table, Tenant,
    client::{Expression, Find, Item, Read, Wrote, number, number_of, text_of},
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
const COUNT: &str = "n";
const UNTIL: &str = "x";
const TOKEN: &str = "t";

/// Blocks with their addresses.
pub type Blocks = Vec<(BlockAddress, StockBlock)>;

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
        block: StockBlock,
    },
    /// There is no such block.
    Missing,
}

/// Stock blocks of one tenant.
#[derive(Clone, Copy, Debug)]
pub struct Inventory<'t> {
    tenant: &'t Tenant,
}

impl<'t> Inventory<'t> {
    pub(crate) const fn new(tenant: &'t Tenant) -> Self {
        Self { tenant }
    }

    /// Makes a change, or says why not. One write unit.
    pub async fn change(&self, address: BlockAddress, change: &Change) -> Result<Changed, Failed> {
        let key = keys::block(&self.tenant.id, address);
        match self.tenant.store.tables.update(Table::Inventory, key, expression(change)).await? {
            Wrote::Yes => Ok(Changed::Done),
            Wrote::Refused(None) => Ok(Changed::Missing),
            Wrote::Refused(Some(item)) => explain(change, &item),
        }
    }

    /// One block as it is.
    pub async fn block(&self, address: BlockAddress) -> Result<Option<StockBlock>, Failed> {
        let key = keys::block(&self.tenant.id, address);
        let item = self.tenant.store.tables.get(Table::Inventory, key, Read::Consistent).await?;
        item.as_ref().map(decode).transpose()
    }

    /// The blocks of one shard as they are, in one query.
    pub async fn shard(&self, pool: PoolKey, shard: u16) -> Result<Blocks, Failed> {
        let partition = keys::shard(&self.tenant.id, pool, shard);
        let find = Find::partition(partition, Read::Consistent);
        let items = self.tenant.store.tables.all(Table::Inventory, find).await?;
        items.iter().map(|item| Ok((address_of(pool, item)?, decode(item)?))).collect()
    }

    /// Creates the blocks of a pool that are not there yet. Safe to repeat, also while tickets are being sold.
    pub async fn open(&self, pool: PoolKey, layout: Layout) -> Result<(), Failed> {
        let create = |number| async move {
            self.create(BlockAddress { pool, number }, &StockBlock::empty(layout.capacity_of(number))).await
        };
        stream::iter((0..layout.blocks()).map(create)).buffer_unordered(OPENING).try_collect().await
    }

    /// Writes a block, unless there is one.
    async fn create(&self, address: BlockAddress, block: &StockBlock) -> Result<(), Failed> {
        let item = encode(keys::block(&self.tenant.id, address).item(), block);
        let absent = Expression::only_if("attribute_not_exists(pk)");
        self.tenant.store.tables.put(Table::Inventory, item, absent).await.map(drop)
    }

    /// Every block of a pool as it is, shard after shard until one is empty: blocks are never removed, so there are no gaps.
    /// The more there are, the more are read at the same time: whoever marks a pool sold out is waited for, while no small
    /// pool is asked for much that it does not have.
    pub async fn all(&self, pool: PoolKey) -> Result<Blocks, Failed> {
        let (mut blocks, mut next, mut at_once) = (Blocks::new(), 0_u16, 1);
        loop {
            let wave = (next..next.saturating_add(at_once)).map(|shard| self.shard(pool, shard));
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

/// The condition is what [`StockBlock::apply`] checks; the update is what it does. Conditions know no arithmetic, so
/// bounds are computed here.
fn expression(change: &Change) -> Expression {
    match change {
        Change::Hold { order, entry, evict } => hold(*order, *entry, evict),
        Change::Confirm { order, token } => {
            Expression::set("REMOVE e.#o.x").given("e.#o.t = :t").name("#o", order.bare()).value(":t", blob(*token))
        }
        Change::Rewrite { examined, entry } => still(examined, "SET avail = avail + :d, e.#o = :e", "avail >= :need")
            .value(":e", encode_entry(*entry))
            .number(":need", i64::from(entry.count.saturating_sub(examined.entry.count)))
            .number(":d", i64::from(examined.entry.count) - i64::from(entry.count)),
        Change::Release { examined } => {
            still(examined, "SET avail = avail + :d REMOVE e.#o", "avail <= cap").number(":d", examined.entry.count)
        }
    }
}

fn hold(order: OrderId, entry: Entry, evict: &[Examined]) -> Expression {
    let freed: u8 = evict.iter().map(|examined| examined.entry.count).sum();
    let mut update = "SET avail = avail + :d, e.#o = :e".to_owned();
    let mut condition = "avail >= :need AND attribute_not_exists(e.#o)".to_owned();
    let mut names = HashMap::from([("#o".to_owned(), order.bare())]);
    let mut values = HashMap::from([
        (":e".to_owned(), encode_entry(entry)),
        (":d".to_owned(), number(i64::from(freed) - i64::from(entry.count))),
        (":need".to_owned(), number(entry.count.saturating_sub(freed))),
    ]);
    for (place, examined) in evict.iter().enumerate() {
        update.push_str(if place == 0 { " REMOVE " } else { ", " });
        update.push_str(&["e.#v", &place.to_string()].concat());
        condition.push_str(&[" AND e.#v", &place.to_string(), ".t = :t", &place.to_string()].concat());
        condition.push_str(&[" AND e.#v", &place.to_string(), ".n = :n", &place.to_string()].concat());
        names.insert(format!("#v{place}"), examined.order.bare());
        values.insert(format!(":t{place}"), blob(examined.entry.token));
        values.insert(format!(":n{place}"), number(examined.entry.count));
    }
    Expression { update: Some(update), condition: Some(condition), names, values }
}

fn still(examined: &Examined, update: &str, bound: &str) -> Expression {
    Expression::set(update)
        .given(&["e.#o.t = :t AND e.#o.n = :n AND ", bound].concat())
        .name("#o", examined.order.bare())
        .value(":t", blob(examined.entry.token))
        .number(":n", examined.entry.count)
}

/// Asks the pure model why the change was refused. A reply that was lost shows as our own effect.
fn explain(change: &Change, item: &Item) -> Result<Changed, Failed> {
    let block = decode(item)?;
    if block.shows(change) {
        return Ok(Changed::Done);
    }
    match block.clone().apply(change) {
        Err(why) => Ok(Changed::Refused { why, block }),
        Ok(()) => Err(Failed::corrupt("the database refused a change that the model allows")),
    }
}

fn blob(token: Token) -> AttributeValue {
    AttributeValue::B(Blob::new(token.0))
}

fn encode_entry(entry: Entry) -> AttributeValue {
    let mut map = HashMap::from([(COUNT.to_owned(), number(entry.count)), (TOKEN.to_owned(), blob(entry.token))]);
    if let Some(until) = entry.until {
        map.insert(UNTIL.to_owned(), number(until.as_second()));
    }
    AttributeValue::M(map)
}

fn encode(mut item: Item, block: &StockBlock) -> Item {
    let entries = block.entries().iter().map(|(order, entry)| (order.bare(), encode_entry(*entry))).collect();
    item.insert(CAPACITY.to_owned(), number(block.capacity()));
    item.insert(AVAILABLE.to_owned(), number(block.available()));
    item.insert(ENTRIES.to_owned(), AttributeValue::M(entries));
    item
}

fn decode(item: &Item) -> Result<StockBlock, Failed> {
    let unreadable = || Failed::corrupt("a stock block");
    let small = |value| u8::try_from(value).map_err(|_| unreadable());
    let Written { capacity, available, entries } = written(item)?;
    StockBlock::restore(small(capacity)?, small(available)?, entries).ok_or_else(unreadable)
}

/// The capacity that is written on a block, readable otherwise or not.
pub(crate) fn capacity_of(item: &Item) -> u64 {
    number_of(item, CAPACITY).and_then(|capacity| u64::try_from(capacity).ok()).unwrap_or(0)
}

/// A block as it is written, whether or not its numbers make sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) capacity: i64,
    pub(crate) available: i64,
    pub(crate) entries: BTreeMap<OrderId, Entry>,
}

pub(crate) fn written(item: &Item) -> Result<Written, Failed> {
    let unreadable = || Failed::corrupt("a stock block");
    let map = item.get(ENTRIES).and_then(|value| value.as_m().ok()).ok_or_else(unreadable)?;
    let entries = map
        .iter()
        .map(|(order, entry)| Some((OrderId::from_bare(order).ok()?, decode_entry(entry.as_m().ok()?)?)))
        .collect::<Option<_>>()
        .ok_or_else(unreadable)?;
    let number = |name| number_of(item, name).ok_or_else(unreadable);
    Ok(Written { capacity: number(CAPACITY)?, available: number(AVAILABLE)?, entries })
}

fn decode_entry(map: &HashMap<String, AttributeValue>) -> Option<Entry> {
    let token = map.get(TOKEN)?.as_b().ok()?.as_ref().try_into().ok()?;
    let count = u8::try_from(number_of(map, COUNT)?).ok()?;
    let until = match number_of(map, UNTIL) {
        Some(second) => Some(Timestamp::from_second(second).ok()?),
        None => None,
    };
    Some(Entry { count, until, token: Token(token) })
}

fn address_of(pool: PoolKey, item: &Item) -> Result<BlockAddress, Failed> {
    let number = keys::block_number(text_of(item, crate::SORT)).ok_or_else(|| Failed::corrupt("a block's key"))?;
    Ok(BlockAddress { pool, number })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of an item as DynamoDB counts them: names and values, three for a map or list and one for each of its members;
    /// a number takes a byte for every two digits and one more.
    fn size(value: &AttributeValue) -> usize {
        match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(text) => text.len().div_ceil(2) + 1,
            AttributeValue::B(bytes) => bytes.as_ref().len(),
            AttributeValue::M(map) => 3 + map.iter().map(|(name, value)| name.len() + size(value) + 1).sum::<usize>(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_fullest_block_of_the_longest_tenant_stays_under_one_kibibyte() {
        let tenant = "a23456789012345678901234".parse().unwrap();
        let entry =
            Entry { count: 1, until: Some(Timestamp::from_second(9_999_999_999).unwrap()), token: Token([255; 6]) };
        let entries = (0..16).map(|number| (OrderId::from_bytes([number; 16]), entry)).collect();
        let block = StockBlock::restore(16, 0, entries).unwrap();
        let address = BlockAddress { pool: PoolKey::from_hash(&[7; 32]), number: 62_499 };
        let item = encode(keys::block(&tenant, address).item(), &block);
        let bytes: usize = item.iter().map(|(name, value)| name.len() + size(value)).sum();
        assert!(bytes < 1_024, "{bytes} bytes");
    }

    #[test]
    fn a_block_reads_back() {
        let entry = Entry { count: 3, until: None, token: Token([1, 2, 3, 4, 5, 6]) };
        let block = StockBlock::restore(16, 13, BTreeMap::from([(OrderId::from_bytes([1; 16]), entry)])).unwrap();
        assert_eq!(decode(&encode(Item::new(), &block)).unwrap(), block);
    }

    #[test]
    fn a_block_whose_numbers_do_not_add_up_is_corrupt() {
        let mut item = encode(Item::new(), &StockBlock::empty(16));
        item.insert(AVAILABLE.into(), number(15));
        assert!(matches!(decode(&item), Err(Failed::Corrupt(_))));
    }
}
