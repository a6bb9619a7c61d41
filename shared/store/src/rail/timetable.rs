//! The imported timetable as items.

use std::{collections::HashMap, sync::Arc};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use domain::{
    Timestamp,
    rail::{
        calendar::{Calendar, Weekdays},
        network::Network,
        station::{Station, Stations, Telecode},
        timetable::Service,
        train::{Stop, Train},
    },
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Rail, name_of, packed};
use crate::{
    Failed, Put, Table,
    client::{Expression, Read, Wrote, decode, encode},
    keys,
};

/// The most bytes of a part. An item may have 400 KiB with its key.
const PART: usize = 350 * 1024;

/// Which import the timetable is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// The import's name.
    import: String,
    parts: u16,
    /// The import before it, which others may still be reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<(String, u16)>,
    stations: u32,
    services: u32,
    stops: u32,
    /// When, in milliseconds since 1970.
    at: i64,
    v: u32,
}

/// What the timetable of a tenant consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Counts imports, from 1.
    pub version: u32,
    /// When it was imported.
    pub at: Timestamp,
    /// How many stations there are.
    pub stations: u32,
    /// How many services.
    pub services: u32,
    /// How many stops these have together.
    pub stops: u32,
}

impl Rail<'_> {
    /// What the timetable is now; nothing where none was imported.
    pub async fn imported(&self) -> Result<Option<Imported>, Failed> {
        self.head(Read::Consistent).await?.map(|head| head.imported()).transpose()
    }

    /// The timetable as it was at most two seconds before `now`, or as this process imported it since. Of one that is in
    /// memory only the name of the import is read. Nothing where none was imported.
    pub async fn network_cached(&self, now: Timestamp) -> Result<Option<Arc<Network>>, Failed> {
        let tenant = self.tenant.id.clone();
        let read = async { Ok(self.head(Read::Eventual).await?.map(Arc::new)) };
        let Some(head) = self.cache().heads.get(tenant.clone(), now, read).await? else { return Ok(None) };
        match self.loaded(&head, now).await {
            // The import was replaced twice since its name was read, and is gone: there is another.
            Err(Failed::Corrupt(_)) => {
                self.cache().heads.forget(&tenant);
                self.network(now).await
            }
            loaded => loaded.map(Some),
        }
    }

    /// The timetable as it is now, for whoever decides by it. Nothing where none was imported.
    pub async fn network(&self, now: Timestamp) -> Result<Option<Arc<Network>>, Failed> {
        match self.head(Read::Consistent).await? {
            Some(head) => self.loaded(&head, now).await.map(Some),
            None => Ok(None),
        }
    }

    /// The timetable of an import, from memory if it is there.
    async fn loaded(&self, head: &Head, now: Timestamp) -> Result<Arc<Network>, Failed> {
        let key = (self.tenant.id.clone(), head.import.clone());
        self.cache().networks.get(key, now, self.load(head)).await
    }

    /// Replaces the timetable, unless somebody else did since it had `version` (0 where there was none). What was imported
    /// becomes visible with the last write, all at once; `chance` names the import.
    pub async fn put_network(
        &self,
        network: &Network,
        version: u32,
        chance: [u8; 10],
        now: Timestamp,
    ) -> Result<Put, Failed> {
        let old = self.head(Read::Consistent).await?;
        if old.as_ref().map_or(0, |old| old.v) != version {
            return Ok(Put::Conflict);
        }
        let bytes = packed::pack(&Packed::of(network))?;
        let import = name_of(chance);
        let mut parts = 0;
        for (part, number) in bytes.chunks(PART).zip(0_u16..) {
            let mut item = keys::timetable_part(&self.tenant.id, &import, number).item();
            item.insert(BYTES.to_owned(), AttributeValue::B(Blob::new(part)));
            self.tenant.store.tables.put(Table::Catalogue, item, Expression::default()).await?;
            parts = number + 1;
        }
        let stops = network.services().map(|(_, service)| service.train.stops().len()).sum();
        let head = Head {
            import,
            parts,
            before: old.as_ref().map(|old| (old.import.clone(), old.parts)),
            stations: count(network.stations().all().len()),
            services: count(network.timetable().services().len()),
            stops: count(stops),
            at: now.as_millisecond(),
            v: version + 1,
        };
        let put = self.put_head(&head).await?;
        let unused = match put {
            Put::Done => old.and_then(|old| old.before),
            Put::Conflict => Some((head.import, head.parts)),
        };
        if let Some((import, parts)) = unused {
            self.remove(&import, parts).await?;
        }
        Ok(put)
    }

    async fn head(&self, read: Read) -> Result<Option<Head>, Failed> {
        let item = self.tenant.store.tables.get(Table::Catalogue, keys::timetable(&self.tenant.id), read).await?;
        item.map(decode).transpose()
    }

    async fn put_head(&self, head: &Head) -> Result<Put, Failed> {
        let condition = if head.v <= 1 {
            Expression::only_if("attribute_not_exists(pk)")
        } else {
            Expression::only_if("v = :v").number(":v", i64::from(head.v) - 1)
        };
        let item = encode(keys::timetable(&self.tenant.id), head)?;
        let wrote = self.tenant.store.tables.put(Table::Catalogue, item, condition).await?;
        self.cache().heads.forget(&self.tenant.id);
        match wrote {
            Wrote::Yes => Ok(Put::Done),
            Wrote::Refused(Some(old)) if decode::<Head>(old.clone())? == *head => Ok(Put::Done),
            Wrote::Refused(_) => Ok(Put::Conflict),
        }
    }

    async fn load(&self, head: &Head) -> Result<Arc<Network>, Failed> {
        let mut bytes = Vec::new();
        for number in 0..head.parts {
            let key = keys::timetable_part(&self.tenant.id, &head.import, number);
            let item = self.tenant.store.tables.get(Table::Catalogue, key, Read::Consistent).await?;
            let part = item.as_ref().and_then(|item| item.get(BYTES)?.as_b().ok());
            bytes.extend_from_slice(part.ok_or_else(|| Failed::corrupt("a timetable without a part"))?.as_ref());
        }
        packed::unpack::<Packed>(&bytes)?.read().map(Arc::new)
    }

    async fn remove(&self, import: &str, parts: u16) -> Result<(), Failed> {
        for number in 0..parts {
            let key = keys::timetable_part(&self.tenant.id, import, number);
            self.tenant.store.tables.delete(Table::Catalogue, key, Expression::default()).await?;
        }
        Ok(())
    }
}

/// The attribute of a part's bytes.
const BYTES: &str = "b";

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Head {
    fn imported(&self) -> Result<Imported, Failed> {
        let at = Timestamp::from_millisecond(self.at).map_err(Failed::corrupt)?;
        let Self { stations, services, stops, v: version, .. } = *self;
        Ok(Imported { version, at, stations, services, stops })
    }
}

/// A network as it is packed.
#[derive(Debug, Serialize, Deserialize)]
struct Packed {
    /// Telecode, name, pinyin, initials, city.
    stations: Vec<(String, String, String, String, String)>,
    /// The different calendars.
    calendars: Vec<PackedCalendar>,
    services: Vec<PackedService>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct PackedCalendar {
    /// A bit for each day of the week, Monday the lowest.
    days: u8,
    from: Date,
    to: Date,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    without: Vec<Date>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    also: Vec<Date>,
}

/// Name, number, which calendar, and for each stop: which station, minutes since the stop before, minutes of the stop,
/// kilometres since the stop before. Differences are small numbers, and the same ones again and again.
type PackedService = (String, String, usize, Vec<(usize, u16, u16, u32)>);

impl Packed {
    fn of(network: &Network) -> Self {
        let stations = network.stations().all();
        let places: HashMap<Telecode, usize> =
            stations.iter().enumerate().map(|(place, station)| (station.code, place)).collect();
        let mut calendars = Vec::new();
        let mut known = HashMap::new();
        let mut services = Vec::new();
        for (name, service) in network.services() {
            let calendar = PackedCalendar::of(&service.calendar);
            let calendar = *known.entry(calendar.clone()).or_insert_with(|| {
                calendars.push(calendar);
                calendars.len() - 1
            });
            let (mut left, mut km) = (0, 0);
            let stops = service.train.stops().iter().map(|stop| {
                // A network has no stop that is not at one of its stations.
                let place = places.get(&stop.station).copied().unwrap_or_default();
                let packed = (place, stop.arrives - left, stop.departs - stop.arrives, stop.km - km);
                (left, km) = (stop.departs, stop.km);
                packed
            });
            services.push((name.to_owned(), service.train.number().to_owned(), calendar, stops.collect()));
        }
        let station = |station: &Station| {
            let Station { code, name, pinyin, initials, city } = station.clone();
            (code.to_string(), name, pinyin, initials, city)
        };
        Self { stations: stations.iter().map(station).collect(), calendars, services }
    }

    fn read(self) -> Result<Network, Failed> {
        let station = |(code, name, pinyin, initials, city): (String, _, _, _, _)| {
            Ok(Station { code: code.parse().map_err(Failed::corrupt)?, name, pinyin, initials, city })
        };
        let stations = self.stations.into_iter().map(station).collect::<Result<Vec<_>, Failed>>()?;
        let codes: Vec<Telecode> = stations.iter().map(|station| station.code).collect();
        let calendars: Vec<Calendar> =
            self.calendars.into_iter().map(PackedCalendar::read).collect::<Result<_, Failed>>()?;
        let service = |(name, number, calendar, stops): PackedService| {
            let calendar = calendars.get(calendar).ok_or_else(|| Failed::corrupt("a calendar's number"))?.clone();
            Ok((name, Service { train: read_train(&number, stops, &codes)?, calendar }))
        };
        let services = self.services.into_iter().map(service).collect::<Result<_, Failed>>()?;
        Network::new(Stations::new(stations).map_err(Failed::corrupt)?, services).map_err(Failed::corrupt)
    }
}

fn read_train(number: &str, packed: Vec<(usize, u16, u16, u32)>, codes: &[Telecode]) -> Result<Train, Failed> {
    let unreadable = || Failed::corrupt("a train's stops");
    let (mut left, mut total) = (0_u16, 0_u32);
    let mut stops = Vec::with_capacity(packed.len());
    for (place, way, halt, km) in packed {
        let station = *codes.get(place).ok_or_else(unreadable)?;
        let arrives = left.checked_add(way).ok_or_else(unreadable)?;
        left = arrives.checked_add(halt).ok_or_else(unreadable)?;
        total = total.checked_add(km).ok_or_else(unreadable)?;
        stops.push(Stop { station, arrives, departs: left, km: total });
    }
    Train::new(number, stops).map_err(Failed::corrupt)
}

impl PackedCalendar {
    fn of(calendar: &Calendar) -> Self {
        let ((from, to), (without, also)) = (calendar.span(), calendar.exceptions());
        let list = |days: &std::collections::BTreeSet<Date>| days.iter().copied().collect();
        Self { days: calendar.weekdays().bits(), from, to, without: list(without), also: list(also) }
    }

    fn read(self) -> Result<Calendar, Failed> {
        let calendar = Calendar::new(Weekdays::from_bits(self.days), self.from, self.to).map_err(Failed::corrupt)?;
        calendar.except(self.without.into_iter().collect(), self.also.into_iter().collect()).map_err(Failed::corrupt)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_network_reads_back() {
        let station = |code: &str, name: &str| Station {
            code: code.parse().unwrap(),
            name: name.into(),
            pinyin: "p".into(),
            initials: "i".into(),
            city: "c".into(),
        };
        let stop = |code: &str, arrives, departs, km| Stop { station: code.parse().unwrap(), arrives, departs, km };
        let train = Train::new("D1", vec![stop("AAA", 1_320, 1_320, 0), stop("BBB", 1_500, 1_505, 90)]).unwrap();
        let plain = Calendar::new(Weekdays::ALL, date(2026, 1, 1), date(2026, 12, 31)).unwrap();
        let odd = plain.clone().except([date(2026, 5, 1)].into(), [date(2027, 1, 1)].into()).unwrap();
        let service = |calendar: &Calendar| Service { train: train.clone(), calendar: calendar.clone() };
        let services = vec![("1".into(), service(&plain)), ("2".into(), service(&odd)), ("3".into(), service(&plain))];
        let stations = Stations::new(vec![station("AAA", "甲"), station("BBB", "乙")]).unwrap();
        let network = Network::new(stations, services).unwrap();

        let packed = Packed::of(&network);
        assert_eq!(packed.calendars.len(), 2);
        let read: Packed = packed::unpack(&packed::pack(&packed).unwrap()).unwrap();
        let read = read.read().unwrap();
        assert_eq!(read.stations().all(), network.stations().all());
        let list = |network: &Network| {
            let services = network.services();
            services.map(|(name, one)| (name.to_owned(), one.train.clone(), one.calendar.clone())).collect::<Vec<_>>()
        };
        assert_eq!(list(&read), list(&network));
    }

    #[test]
    fn what_cannot_be_a_network_is_corrupt() {
        assert!(matches!(packed::unpack::<Packed>(b"no"), Err(Failed::Corrupt(_))));
        let day =
            PackedCalendar { days: 127, from: date(2026, 1, 1), to: date(2026, 1, 2), without: vec![], also: vec![] };
        let packed = |stops| Packed {
            stations: vec![("AAA".into(), "甲".into(), String::new(), String::new(), String::new())],
            calendars: vec![day.clone()],
            services: vec![("1".into(), "G1".into(), 0, stops)],
        };
        assert!(packed(vec![(0, 5, 0, 0), (0, 9, 0, 1)]).read().is_ok());
        for stops in [vec![(0, 5, 0, 0)], vec![(0, 5, 0, 0), (1, 9, 0, 1)], vec![(0, 60_000, 0, 0), (0, 9_000, 0, 1)]] {
            assert!(matches!(packed(stops).read(), Err(Failed::Corrupt(_))));
        }
    }
}
