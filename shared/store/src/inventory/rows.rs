//! Row blocks: every change of the pure model of numbered seats as one conditional write.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use domain::{
    id::{Id as _, OrderId},
    row::{Change, Entry, Examined, Place, Places, RowBlock},
};

use super::{CAPACITY, SEATS, TOKEN, UNTIL, blob, moment};
use crate::{
    Failed,
    client::{Expression, Item, number, number_of},
};

const OWNER: &str = "o";

/// An update under way: what it sets, what it removes, and what has to be true.
#[derive(Default)]
struct Writing {
    set: Vec<String>,
    remove: Vec<String>,
    given: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Writing {
    /// The path of a seat.
    fn seat(&mut self, place: Place) -> String {
        let placeholder = format!("#p{}", place.get());
        self.names.insert(placeholder.clone(), place.get().to_string());
        [SEATS, ".", &placeholder].concat()
    }

    /// The seat has to be as it was examined: to the same order, under the same token.
    fn still(&mut self, examined: &Examined) {
        let Examined { place, entry } = examined;
        let (seat, n) = (self.seat(*place), place.get());
        self.given.push(format!("{seat}.{OWNER} = :o{n} AND {seat}.{TOKEN} = :t{n}"));
        self.values.insert(format!(":o{n}"), owner(entry.order));
        self.values.insert(format!(":t{n}"), blob(entry.token));
    }

    /// The seat is there and nobody has it. A block that is not there has no size, so nothing is written.
    fn vacant(&mut self, places: Places) {
        for place in places.iter() {
            let seat = self.seat(place);
            self.given.push(format!("attribute_not_exists({seat})"));
        }
        if let Some(last) = places.iter().last() {
            self.given.push(format!("{CAPACITY} > :last"));
            self.values.insert(":last".to_owned(), number(last.get()));
        }
    }

    fn put(&mut self, place: Place, value: AttributeValue) {
        let (seat, n) = (self.seat(place), place.get());
        self.set.push(format!("{seat} = :e{n}"));
        self.values.insert(format!(":e{n}"), value);
    }

    fn drop(&mut self, place: Place) {
        let seat = self.seat(place);
        self.remove.push(seat);
    }

    fn expression(self) -> Expression {
        let clause = |word: &str, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("{word} {} ", parts.join(", ")),
        };
        let update = [clause("SET", &self.set), clause("REMOVE", &self.remove)].concat();
        let (update, condition) = (Some(update.trim_end().to_owned()), Some(self.given.join(" AND ")));
        Expression { update, condition, names: self.names, values: self.values }
    }
}

/// The condition is what [`RowBlock::apply`] checks; the update is what it does.
pub(super) fn expression(change: &Change) -> Expression {
    let mut writing = Writing::default();
    match change {
        Change::Hold { places, entry, evict } => {
            let evicted: Places = evict.iter().map(|examined| examined.place).collect();
            writing.vacant(places.without(evicted));
            for examined in evict {
                writing.still(examined);
            }
            places.iter().for_each(|place| writing.put(place, encode_entry(*entry)));
            evicted.without(*places).iter().for_each(|place| writing.drop(place));
        }
        Change::Confirm { order, places, token } => {
            for place in places.iter() {
                writing.still(&Examined { place, entry: Entry { order: *order, until: None, token: *token } });
                let seat = writing.seat(place);
                writing.remove.push([&seat, ".", UNTIL].concat());
            }
        }
        Change::Rewrite { examined, until, token } => {
            for one in examined {
                writing.still(one);
                let entry = Entry { order: one.entry.order, until: *until, token: *token };
                writing.put(one.place, encode_entry(entry));
            }
        }
        Change::Release { examined } => {
            for one in examined {
                writing.still(one);
                writing.drop(one.place);
            }
        }
        Change::Close { places } => {
            writing.vacant(*places);
            places.iter().for_each(|place| writing.put(place, AttributeValue::M(HashMap::new())));
        }
        Change::Open { places } => {
            for place in places.iter() {
                let seat = writing.seat(place);
                writing.given.push(format!("attribute_exists({seat}) AND attribute_not_exists({seat}.{OWNER})"));
                writing.drop(place);
            }
        }
    }
    writing.expression()
}

fn owner(order: OrderId) -> AttributeValue {
    AttributeValue::B(Blob::new(order.bytes()))
}

fn encode_entry(entry: Entry) -> AttributeValue {
    let mut map = HashMap::from([(OWNER.to_owned(), owner(entry.order)), (TOKEN.to_owned(), blob(entry.token))]);
    if let Some(until) = entry.until {
        map.insert(UNTIL.to_owned(), number(until.as_second()));
    }
    AttributeValue::M(map)
}

pub(super) fn encode(mut item: Item, block: &RowBlock) -> Item {
    let held = block.entries().iter().map(|(place, entry)| (place.get().to_string(), encode_entry(*entry)));
    let closed = block.closed().iter().map(|place| (place.get().to_string(), AttributeValue::M(HashMap::new())));
    item.insert(CAPACITY.to_owned(), number(block.size()));
    item.insert(SEATS.to_owned(), AttributeValue::M(held.chain(closed).collect()));
    item
}

pub(super) fn decode(item: &Item) -> Result<RowBlock, Failed> {
    let unreadable = || Failed::corrupt("a row block");
    let size = number_of(item, CAPACITY).and_then(|size| u8::try_from(size).ok()).ok_or_else(unreadable)?;
    let seats = item.get(SEATS).and_then(|value| value.as_m().ok()).ok_or_else(unreadable)?;
    let (mut closed, mut entries) = (Places::NONE, BTreeMap::new());
    for (place, seat) in seats {
        let place = place.parse().ok().and_then(|number| Place::parse(number).ok()).ok_or_else(unreadable)?;
        match seat.as_m() {
            Ok(map) if map.is_empty() => closed = closed.with(Places::one(place)),
            Ok(map) => drop(entries.insert(place, decode_entry(map).ok_or_else(unreadable)?)),
            Err(_) => return Err(unreadable()),
        }
    }
    RowBlock::restore(size, closed, entries).ok_or_else(unreadable)
}

fn decode_entry(map: &HashMap<String, AttributeValue>) -> Option<Entry> {
    let bytes = |name| map.get(name)?.as_b().ok().map(Blob::as_ref);
    let order = OrderId::from_bytes(bytes(OWNER)?.try_into().ok()?);
    Some(Entry { order, until: moment(map).ok()?, token: domain::block::Token(bytes(TOKEN)?.try_into().ok()?) })
}

#[cfg(test)]
mod tests {
    use domain::{
        Timestamp,
        block::Token,
        pool::{BlockAddress, PoolKey},
    };

    use super::*;
    use crate::{inventory::bytes_of, keys};

    fn full() -> RowBlock {
        let until = Some(Timestamp::from_second(9_999_999_999).unwrap());
        let entry = |place: Place| {
            (place, Entry { order: OrderId::from_bytes([place.get(); 16]), until, token: Token([255; 6]) })
        };
        RowBlock::restore(16, Places::NONE, Places::first(16).iter().map(entry).collect()).unwrap()
    }

    #[test]
    fn the_fullest_row_of_the_longest_tenant_stays_under_one_kibibyte() {
        let tenant = "a23456789012345678901234".parse().unwrap();
        let address = BlockAddress { pool: PoolKey::from_hash(&[7; 32]), number: u16::MAX };
        let item = encode(keys::block(&tenant, address).item(), &full());
        let bytes = bytes_of(&item);
        assert!(bytes < 1_024, "{bytes} bytes");
    }

    #[test]
    fn a_row_block_reads_back() {
        let mut block = full();
        let examined = block.examine(OrderId::from_bytes([3; 16]), Places::first(16));
        block.apply(&Change::Release { examined }).unwrap();
        block.apply(&Change::Close { places: Places::from_bits(1 << 3) }).unwrap();
        assert_eq!(decode(&encode(Item::new(), &block)).unwrap(), block);
    }
}
