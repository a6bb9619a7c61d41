//! The trail: what staff did, as records that are only ever added, each with a link to the one before it.
//!
//! What a record says and how links are made is `app`'s; here a record is a text between two links. Numbers begin at 1 and
//! have no gaps: a record is written under the number behind one that is known to be there, if nothing is there yet.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::{
    Failed, SORT, Table, Tenant,
    client::{Expression, Find, Item, Read, Wrote, decode, encode, number_of, text_of},
    keys,
};

/// The number of a record, and its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// From 1; 0 before the first record.
    pub sequence: u64,
    /// What the next record repeats; zeros before the first record.
    pub link: [u8; 32],
}

impl Point {
    /// Before the first record.
    pub const START: Self = Self { sequence: 0, link: [0; 32] };
}

/// A record as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub sequence: u64,
    /// The link of the record before.
    pub previous: [u8; 32],
    /// Its own link.
    pub link: [u8; 32],
    /// What it says.
    pub text: String,
}

impl Entry {
    /// Where it stands.
    pub const fn point(&self) -> Point {
        Point { sequence: self.sequence, link: self.link }
    }
}

/// What stands under a key of a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A record.
    Entry(Entry),
    /// Something that nobody of ours wrote, by its sort key.
    Strange(String),
}

/// What became of a record that was to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Appended {
    /// It stands there.
    Done,
    /// Another stands there: it comes before.
    Taken(Point),
}

#[derive(Serialize, Deserialize)]
struct RecordItem {
    prev: String,
    link: String,
    text: String,
}

#[derive(Serialize)]
struct HeadItem {
    seq: u64,
    link: String,
}

/// One tenant's trail.
#[derive(Clone, Copy, Debug)]
pub struct Trail<'t> {
    tenant: &'t Tenant,
}

impl<'t> Trail<'t> {
    pub(crate) const fn new(tenant: &'t Tenant) -> Self {
        Self { tenant }
    }

    /// Adds a record, if there is none of its number. One write unit for each KiB.
    pub async fn append(&self, entry: &Entry) -> Result<Appended, Failed> {
        let hex = |bytes: &[u8]| HEXLOWER.encode(bytes);
        let record = RecordItem { prev: hex(&entry.previous), link: hex(&entry.link), text: entry.text.clone() };
        let item = encode(keys::trail_record(&self.tenant.id, entry.sequence), &record)?;
        let absent = Expression::only_if("attribute_not_exists(pk)");
        match self.tenant.store.tables.put(Table::Activity, item, absent).await? {
            Wrote::Yes => Ok(Appended::Done),
            Wrote::Refused(there) => {
                let there = there.ok_or_else(|| Failed::corrupt("a record that is neither there nor absent"))?;
                let link = bytes_of(text_of(&there, "link")).ok_or_else(|| Failed::corrupt("a link of the trail"))?;
                // Our own write whose answer was lost has our link, and no other record can have it.
                let taken = Point { sequence: entry.sequence, link };
                Ok(if link == entry.link { Appended::Done } else { Appended::Taken(taken) })
            }
        }
    }

    /// Notes how far the trail goes, unless it is known to go further. One write unit.
    pub async fn advance(&self, to: Point) -> Result<(), Failed> {
        let head = HeadItem { seq: to.sequence, link: HEXLOWER.encode(&to.link) };
        let further = Expression::only_if("attribute_not_exists(pk) OR seq < :seq")
            .number(":seq", i64::try_from(to.sequence).unwrap_or(i64::MAX));
        let item = encode(keys::trail_head(&self.tenant.id), &head)?;
        self.tenant.store.tables.put(Table::Activity, item, further).await.map(drop)
    }

    /// How far the trail was noted to go; [`Point::START`] where it never was.
    pub async fn head(&self) -> Result<Point, Failed> {
        let key = keys::trail_head(&self.tenant.id);
        let Some(item) = self.tenant.store.tables.get(Table::Activity, key, Read::Consistent).await? else {
            return Ok(Point::START);
        };
        let sequence = number_of(&item, "seq").and_then(|number| u64::try_from(number).ok());
        let link = bytes_of(text_of(&item, "link"));
        let head = sequence.zip(link).map(|(sequence, link)| Point { sequence, link });
        head.ok_or_else(|| Failed::corrupt("the head of the trail"))
    }

    /// The last record.
    pub async fn last(&self) -> Result<Point, Failed> {
        let found = self.page(u64::MAX, Order::NewestFirst, 8).await?;
        let last = found.iter().find_map(|found| match found {
            Found::Entry(entry) => Some(entry.point()),
            Found::Strange(_) => None,
        });
        Ok(last.unwrap_or(Point::START))
    }

    /// At most `limit` records behind the one of this number.
    pub async fn after(&self, sequence: u64, limit: u16) -> Result<Vec<Found>, Failed> {
        self.page(sequence, Order::OldestFirst, limit).await
    }

    /// At most `limit` records before the one of this number, newest first.
    pub async fn before(&self, sequence: u64, limit: u16) -> Result<Vec<Found>, Failed> {
        self.page(sequence, Order::NewestFirst, limit).await
    }

    /// The record of this number.
    pub async fn entry(&self, sequence: u64) -> Result<Option<Found>, Failed> {
        let key = keys::trail_record(&self.tenant.id, sequence);
        let item = self.tenant.store.tables.get(Table::Activity, key, Read::Consistent).await?;
        Ok(item.map(read))
    }

    async fn page(&self, from: u64, order: Order, limit: u16) -> Result<Vec<Found>, Failed> {
        let mut find = Find::partition(keys::trail(&self.tenant.id), Read::Consistent);
        find.newest_first = order == Order::NewestFirst;
        find.limit = Some(i32::from(limit));
        let is_start = match order {
            Order::OldestFirst => from == 0,
            Order::NewestFirst => from > MOST,
        };
        find.from = (!is_start).then(|| keys::trail_record(&self.tenant.id, from).item());
        let page = self.tenant.store.tables.page(Table::Activity, find).await?;
        Ok(page.items.into_iter().map(read).collect())
    }
}

/// The largest number that a key has room for.
const MOST: u64 = 999_999_999_999_999;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    OldestFirst,
    NewestFirst,
}

fn read(item: Item) -> Found {
    let sort = text_of(&item, SORT).to_owned();
    let entry = keys::trail_sequence(&sort).and_then(|sequence| {
        let record: RecordItem = decode(item).ok()?;
        let (previous, link) = (bytes_of(&record.prev)?, bytes_of(&record.link)?);
        Some(Entry { sequence, previous, link, text: record.text })
    });
    entry.map_or(Found::Strange(sort), Found::Entry)
}

fn bytes_of(hex: &str) -> Option<[u8; 32]> {
    HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok()
}
