//! Coach rows and the weeks of persons: what takes a segment is written under the revision that it was decided on, everything
//! else under the token of its entry alone.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use domain::{
    id::{Id as _, OrderId},
    rail::{
        row::{Change, Decided, Entry, Examined, Kind, Place, Places, Row},
        stretch::Stretch,
    },
};

use super::{CAPACITY, ENTRIES, REVISION, TOKEN, UNTIL, blob, moment};
use crate::{
    Failed,
    client::{Expression, Item, number, number_of},
};

/// Points between which stretches lie: the stops of the run, or the minutes of a week.
const POINTS: &str = "pts";
/// There in the week of a person, which is no coach.
const PERSON: &str = "per";
const PLACES: &str = "p";
const INSTEAD: &str = "i";
/// Bytes of a place: seat, from, to.
const PLACE_BYTES: usize = 5;

/// The condition is what [`Row::apply`] checks; the update is what it does.
///
/// # Errors
/// When a change takes a segment and was decided on nothing.
pub(super) fn expression(decided: &Decided) -> Result<Expression, Failed> {
    let Decided { change, revision } = decided;
    let expression = match change {
        Change::Hold { order, entry, evict } => hold(*order, entry, evict),
        Change::Confirm { order, token } => {
            Expression::set("REMOVE e.#o.x").given("e.#o.t = :t").name("#o", order.bare()).value(":t", blob(*token))
        }
        Change::Rewrite { examined, entry } => {
            let update = if change.takes() { "SET e.#o = :e, rev = :next" } else { "SET e.#o = :e" };
            still(examined, update).value(":e", encode_entry(entry))
        }
        Change::Release { examined } => still(examined, "REMOVE e.#o"),
    };
    match (change.takes(), revision) {
        (false, _) => Ok(expression),
        (true, Some(revision)) => {
            let condition = expression.condition.as_deref().unwrap_or_default();
            let given = [condition, " AND rev = :rev"].concat();
            let next = revision.checked_add(1).ok_or_else(|| Failed::corrupt("a revision"))?;
            Ok(Expression { condition: Some(given), ..expression }.number(":rev", *revision).number(":next", next))
        }
        (true, None) => Err(Failed::corrupt("a change of a coach row that was decided on nothing")),
    }
}

fn hold(order: OrderId, entry: &Entry, evict: &[Examined]) -> Expression {
    let mut expression = Expression::default().name("#o", order.bare()).value(":e", encode_entry(entry));
    let (mut update, mut given) = ("SET e.#o = :e, rev = :next".to_owned(), "attribute_not_exists(e.#o)".to_owned());
    for (number, examined) in evict.iter().enumerate() {
        update.push_str(if number == 0 { " REMOVE " } else { ", " });
        update.push_str(&["e.#v", &number.to_string()].concat());
        given.push_str(&[" AND ", &format!("e.#v{number}.t = :t{number} AND e.#v{number}.p = :p{number}")].concat());
        expression = expression
            .name(&format!("#v{number}"), examined.order.bare())
            .value(&format!(":t{number}"), blob(examined.entry.token))
            .value(&format!(":p{number}"), encode_places(&examined.entry.places));
    }
    Expression { update: Some(update), condition: Some(given), ..expression }
}

fn still(examined: &Examined, update: &str) -> Expression {
    Expression::set(update)
        .given("e.#o.t = :t AND e.#o.p = :p")
        .name("#o", examined.order.bare())
        .value(":t", blob(examined.entry.token))
        .value(":p", encode_places(&examined.entry.places))
}

fn encode_entry(entry: &Entry) -> AttributeValue {
    let mut map =
        HashMap::from([(PLACES.to_owned(), encode_places(&entry.places)), (TOKEN.to_owned(), blob(entry.token))]);
    if let Some(until) = entry.until {
        map.insert(UNTIL.to_owned(), number(until.as_second()));
    }
    if let Some(other) = entry.instead_of {
        map.insert(INSTEAD.to_owned(), AttributeValue::B(Blob::new(other.bytes())));
    }
    AttributeValue::M(map)
}

fn encode_places(places: &Places) -> AttributeValue {
    AttributeValue::B(Blob::new(write_places(places)))
}

/// Places as they are stored: seat, from and to of each.
pub(crate) fn write_places(places: &Places) -> Vec<u8> {
    let write = |place: &Place| {
        let ([a, b], [c, d]) = (place.stretch.from().to_be_bytes(), place.stretch.to().to_be_bytes());
        [place.seat, a, b, c, d]
    };
    places.iter().flat_map(write).collect()
}

/// Reads [`write_places`] back.
pub(crate) fn read_places(bytes: &[u8]) -> Option<Places> {
    if !bytes.len().is_multiple_of(PLACE_BYTES) {
        return None;
    }
    let place = |bytes: &[u8]| {
        let [seat, a, b, c, d] = <[u8; PLACE_BYTES]>::try_from(bytes).ok()?;
        let stretch = Stretch::new(u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])).ok()?;
        Some(Place { seat, stretch })
    };
    Places::new(bytes.chunks(PLACE_BYTES).map(place).collect::<Option<_>>()?).ok()
}

pub(super) fn encode(mut item: Item, row: &Row) -> Item {
    let entries = row.entries().iter().map(|(order, entry)| (order.bare(), encode_entry(entry))).collect();
    item.insert(CAPACITY.to_owned(), number(row.seats()));
    item.insert(POINTS.to_owned(), number(row.points()));
    item.insert(REVISION.to_owned(), number(row.revision()));
    item.insert(ENTRIES.to_owned(), AttributeValue::M(entries));
    if row.kind() == Kind::Person {
        item.insert(PERSON.to_owned(), AttributeValue::Bool(true));
    }
    item
}

pub(super) fn decode(item: &Item) -> Result<Row, Failed> {
    let unreadable = || Failed::corrupt("a coach row");
    let number = |name| number_of(item, name).ok_or_else(unreadable);
    let kind = if item.contains_key(PERSON) { Kind::Person } else { Kind::Coach };
    let seats = u8::try_from(number(CAPACITY)?).map_err(|_| unreadable())?;
    let points = u16::try_from(number(POINTS)?).map_err(|_| unreadable())?;
    let revision = u32::try_from(number(REVISION)?).map_err(|_| unreadable())?;
    let map = item.get(ENTRIES).and_then(|value| value.as_m().ok()).ok_or_else(unreadable)?;
    let entries: Option<BTreeMap<OrderId, Entry>> = map
        .iter()
        .map(|(order, entry)| Some((OrderId::from_bare(order).ok()?, decode_entry(entry.as_m().ok()?)?)))
        .collect();
    Row::empty(kind, seats, points).restore(revision, entries.ok_or_else(unreadable)?).map_err(Failed::corrupt)
}

fn decode_entry(map: &HashMap<String, AttributeValue>) -> Option<Entry> {
    let bytes = |name| map.get(name).map(|value| value.as_b().map(Blob::as_ref));
    let instead_of = match bytes(INSTEAD) {
        Some(bytes) => Some(OrderId::from_bytes(bytes.ok()?.try_into().ok()?)),
        None => None,
    };
    let token = domain::block::Token(bytes(TOKEN)?.ok()?.try_into().ok()?);
    Some(Entry { places: read_places(bytes(PLACES)?.ok()?)?, until: moment(map).ok()?, token, instead_of })
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

    fn entry(seat: u8, from: u16, to: u16) -> Entry {
        Entry {
            places: Places::one(Place { seat, stretch: Stretch::new(from, to).unwrap() }),
            until: Some(Timestamp::from_second(9_999_999_999).unwrap()),
            token: Token([255; 6]),
            instead_of: Some(OrderId::from_bytes([7; 16])),
        }
    }

    fn row(entries: impl IntoIterator<Item = Entry>) -> Row {
        let entries = (0_u8..).zip(entries).map(|(number, entry)| (OrderId::from_bytes([number; 16]), entry));
        Row::empty(Kind::Coach, 5, 30).restore(12, entries.collect()).unwrap()
    }

    #[test]
    fn a_coach_row_reads_back() {
        let row = row([entry(0, 0, 29), entry(1, 3, 4), Entry { until: None, instead_of: None, ..entry(1, 4, 9) }]);
        assert_eq!(decode(&encode(Item::new(), &row)).unwrap(), row);
        let week = Row::empty(Kind::Person, 1, 10_080);
        assert_eq!(decode(&encode(Item::new(), &week)).unwrap(), week);
    }

    #[test]
    fn a_row_of_which_a_segment_has_two_owners_is_corrupt() {
        let good = row([entry(0, 0, 9), entry(0, 9, 12)]);
        let mut item = encode(Item::new(), &good);
        let Some(AttributeValue::M(map)) = item.get_mut(ENTRIES) else { panic!() };
        map.insert(OrderId::from_bytes([9; 16]).bare(), encode_entry(&entry(0, 11, 13)));
        assert!(matches!(decode(&item), Err(Failed::Corrupt(_))));
    }

    #[test]
    fn a_row_of_five_seats_with_two_rides_each_costs_one_write_unit() {
        let tenant = "a23456789012345678901234".parse().unwrap();
        let address = BlockAddress { pool: PoolKey::from_hash(&[7; 32]), number: u16::MAX };
        let without = |entry| Entry { instead_of: None, ..entry };
        let rides = (0..5).flat_map(|seat| [without(entry(seat, 0, 15)), without(entry(seat, 15, 29))]);
        let item = encode(keys::block(&tenant, address).item(), &row(rides));
        assert!(bytes_of(&item) < 1_024, "{} bytes", bytes_of(&item));
    }

    #[test]
    fn what_takes_a_segment_is_never_written_blindly() {
        let hold = Change::Hold { order: OrderId::from_bytes([1; 16]), entry: entry(0, 1, 2), evict: Vec::new() };
        assert!(expression(&Decided::blind(hold.clone())).is_err());
        let decided = Row::empty(Kind::Coach, 5, 30).decide(hold).unwrap();
        assert!(expression(&decided).unwrap().condition.unwrap().contains("rev = :rev"));
    }
}
