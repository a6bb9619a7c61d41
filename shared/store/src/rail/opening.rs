//! Openings of many runs: what is to be done, and how far it is.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use domain::{
    Timestamp,
    event::later,
    rail::opening::{Lot, Opening as Asked, Opens, Which},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Rail, packed, run::TermsRecord};
use crate::{
    Failed, Table,
    client::{Expression, Find, Item, Read, decode, encode, number, number_of, text_of},
    keys,
};

/// Seconds for which an opening is remembered: ninety days.
const KEPT_SECS: i64 = 90 * 24 * 3_600;
const RECORD: &str = "b";
const AT: &str = "at";
const RUNS: &str = "n";

/// An opening, and what became of it so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// What is to be done.
    pub asked: Asked,
    /// When it was asked for.
    pub at: Timestamp,
    /// How many runs there were to open then.
    pub runs: u32,
}

/// How one part of an opening went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenedPart {
    /// Of which date.
    pub date: Date,
    /// Which part of the date.
    pub part: u16,
    /// How many runs it opened, or found half open and finished.
    pub opened: u32,
    /// How many had been opened before.
    pub there: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct PartItem {
    date: Date,
    part: u16,
    opened: u32,
    there: u32,
    ttl: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    from: Date,
    to: Date,
    zone: String,
    parts: u16,
    lots: Vec<LotRecord>,
    /// The different terms of the lots.
    terms: Vec<TermsRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LotRecord {
    which: WhichRecord,
    /// Which of the terms.
    terms: usize,
    opens: OpensRecord,
}

#[derive(Debug, Serialize, Deserialize)]
enum WhichRecord {
    All,
    Named(BTreeSet<String>),
    Beginning(String),
}

#[derive(Debug, Serialize, Deserialize)]
enum OpensRecord {
    /// Milliseconds since 1970.
    At(i64),
    /// Days, and the time of day.
    Before(u16, String),
}

impl Rail<'_> {
    /// Notes what is to be opened. What was noted under that name stays.
    pub async fn put_opening(&self, name: &str, opening: &Opening) -> Result<(), Failed> {
        let mut item = keys::opening_head(&self.tenant.id, name).item();
        let bytes = packed::pack(&Record::of(&opening.asked))?;
        item.insert(RECORD.to_owned(), AttributeValue::B(Blob::new(bytes)));
        item.insert(AT.to_owned(), number(opening.at.as_millisecond()));
        item.insert(RUNS.to_owned(), number(opening.runs));
        item.insert(crate::TIME_TO_LIVE.to_owned(), number(later(opening.at, KEPT_SECS).as_second()));
        let absent = Expression::only_if("attribute_not_exists(pk)");
        self.tenant.store.tables.put(Table::Activity, item, absent).await.map(drop)
    }

    /// What is to be opened.
    pub async fn opening(&self, name: &str) -> Result<Option<Opening>, Failed> {
        let key = keys::opening_head(&self.tenant.id, name);
        let item = self.tenant.store.tables.get(Table::Activity, key, Read::Consistent).await?;
        item.as_ref().map(read_opening).transpose()
    }

    /// Notes how a part went. The first word counts: a part that is made again finds everything there.
    pub async fn put_opened(&self, name: &str, done: OpenedPart, now: Timestamp) -> Result<(), Failed> {
        let OpenedPart { date, part, opened, there } = done;
        let record = PartItem { date, part, opened, there, ttl: later(now, KEPT_SECS).as_second() };
        let item = encode(keys::opening_part(&self.tenant.id, name, date, part), &record)?;
        let absent = Expression::only_if("attribute_not_exists(pk)");
        self.tenant.store.tables.put(Table::Activity, item, absent).await.map(drop)
    }

    /// The parts that are done.
    pub async fn opened(&self, name: &str) -> Result<Vec<OpenedPart>, Failed> {
        let find = Find::partition(keys::opening(&self.tenant.id, name), Read::Eventual).beginning(keys::OPENED);
        let items = self.tenant.store.tables.all(Table::Activity, find).await?;
        let read = |item| {
            let PartItem { date, part, opened, there, .. } = decode(item)?;
            Ok(OpenedPart { date, part, opened, there })
        };
        items.into_iter().map(read).collect()
    }
}

fn read_opening(item: &Item) -> Result<Opening, Failed> {
    let unreadable = || Failed::corrupt(format_args!("the opening {}", text_of(item, crate::PARTITION)));
    let bytes = item.get(RECORD).and_then(|value| value.as_b().ok()).ok_or_else(unreadable)?;
    let at = number_of(item, AT).ok_or_else(unreadable)?;
    Ok(Opening {
        asked: packed::unpack::<Record>(bytes.as_ref())?.read()?,
        at: Timestamp::from_millisecond(at).map_err(Failed::corrupt)?,
        runs: number_of(item, RUNS).and_then(|runs| u32::try_from(runs).ok()).ok_or_else(unreadable)?,
    })
}

impl Record {
    fn of(asked: &Asked) -> Self {
        let mut terms: Vec<TermsRecord> = Vec::new();
        let lots = asked.lots.iter().map(|lot| {
            let record = TermsRecord::of(&lot.terms);
            let place = terms.iter().position(|known| *known == record).unwrap_or_else(|| {
                terms.push(record);
                terms.len() - 1
            });
            LotRecord::of(lot, place)
        });
        let lots = lots.collect();
        Self { from: asked.from, to: asked.to, zone: asked.zone.to_string(), parts: asked.parts, lots, terms }
    }

    fn read(self) -> Result<Asked, Failed> {
        let terms = self.terms.into_iter().map(TermsRecord::read).collect::<Result<Vec<_>, _>>()?;
        let lot = |lot: LotRecord| {
            let terms = terms.get(lot.terms).ok_or_else(|| Failed::corrupt("the terms of a lot"))?;
            Ok(Lot { which: lot.which.read(), terms: terms.clone(), opens: lot.opens.read()? })
        };
        Ok(Asked {
            from: self.from,
            to: self.to,
            zone: self.zone.parse().map_err(Failed::corrupt)?,
            lots: self.lots.into_iter().map(lot).collect::<Result<_, Failed>>()?,
            parts: self.parts,
        })
    }
}

impl LotRecord {
    fn of(lot: &Lot, terms: usize) -> Self {
        let which = match &lot.which {
            Which::All => WhichRecord::All,
            Which::Named(names) => WhichRecord::Named(names.clone()),
            Which::Beginning(start) => WhichRecord::Beginning(start.clone()),
        };
        let opens = match lot.opens {
            Opens::At(moment) => OpensRecord::At(moment.as_millisecond()),
            Opens::Before { days, at } => OpensRecord::Before(days, at.to_string()),
        };
        Self { which, terms, opens }
    }
}

impl WhichRecord {
    fn read(self) -> Which {
        match self {
            Self::All => Which::All,
            Self::Named(names) => Which::Named(names),
            Self::Beginning(start) => Which::Beginning(start),
        }
    }
}

impl OpensRecord {
    fn read(self) -> Result<Opens, Failed> {
        match self {
            Self::At(millis) => Ok(Opens::At(Timestamp::from_millisecond(millis).map_err(Failed::corrupt)?)),
            Self::Before(days, at) => Ok(Opens::Before { days, at: at.parse().map_err(Failed::corrupt)? }),
        }
    }
}
