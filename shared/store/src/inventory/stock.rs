//! Stock blocks: every change of the pure model as one conditional write.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    block::{Change, Entry, Examined, StockBlock, Token},
    id::{Id as _, OrderId},
};

use super::{AVAILABLE, CAPACITY, ENTRIES, TOKEN, UNTIL, blob, moment};
use crate::{
    Failed,
    client::{Expression, Item, number, number_of},
};

const COUNT: &str = "n";

/// The condition is what [`StockBlock::apply`] checks; the update is what it does. Conditions know no arithmetic, so
/// bounds are computed here.
pub(super) fn expression(change: &Change) -> Expression {
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

fn encode_entry(entry: Entry) -> AttributeValue {
    let mut map = HashMap::from([(COUNT.to_owned(), number(entry.count)), (TOKEN.to_owned(), blob(entry.token))]);
    if let Some(until) = entry.until {
        map.insert(UNTIL.to_owned(), number(until.as_second()));
    }
    AttributeValue::M(map)
}

pub(super) fn encode(mut item: Item, block: &StockBlock) -> Item {
    let entries = block.entries().iter().map(|(order, entry)| (order.bare(), encode_entry(*entry))).collect();
    item.insert(CAPACITY.to_owned(), number(block.capacity()));
    item.insert(AVAILABLE.to_owned(), number(block.available()));
    item.insert(ENTRIES.to_owned(), AttributeValue::M(entries));
    item
}

pub(super) fn decode(item: &Item) -> Result<StockBlock, Failed> {
    let unreadable = || Failed::corrupt("a stock block");
    let small = |value| u8::try_from(value).map_err(|_| unreadable());
    let Written { capacity, available, entries } = written(item)?;
    StockBlock::restore(small(capacity)?, small(available)?, entries).ok_or_else(unreadable)
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
    Some(Entry { count, until: moment(map).ok()?, token: Token(token) })
}

#[cfg(test)]
mod tests {
    use domain::{
        Timestamp,
        pool::{BlockAddress, PoolKey},
    };

    use super::*;
    use crate::{inventory::bytes_of, keys};

    #[test]
    fn the_fullest_block_of_the_longest_tenant_stays_under_one_kibibyte() {
        let tenant = "a23456789012345678901234".parse().unwrap();
        let entry =
            Entry { count: 1, until: Some(Timestamp::from_second(9_999_999_999).unwrap()), token: Token([255; 6]) };
        let entries = (0..16).map(|number| (OrderId::from_bytes([number; 16]), entry)).collect();
        let block = StockBlock::restore(16, 0, entries).unwrap();
        let address = BlockAddress { pool: PoolKey::from_hash(&[7; 32]), number: 62_499 };
        let item = encode(keys::block(&tenant, address).item(), &block);
        let bytes = bytes_of(&item);
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
