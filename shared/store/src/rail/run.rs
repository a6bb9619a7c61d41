//! A run as an item: its standing beside one compressed record of all that its sale needs.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use domain::{
    Timestamp,
    event::Zone,
    rail::{
        change::{self, Dates},
        coach::{Class, Coach, Formation, Layout},
        fare::{Band, ClassFares, Tariff},
        quota::{Quota, Stage},
        run::{Place, RunPlan, Status, Terms},
        train::{Stop, Train},
    },
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{packed, run_id_of};
use crate::{
    Failed, SORT,
    catalogue::{read_refunds, refund_words},
    client::{Item, Key, number, number_of, text_of},
    keys,
};

const RECORD: &str = "b";
const STATUS: &str = "st";
const REASON: &str = "why";
const VERSION: &str = "v";

/// Makes an item of a run.
pub(super) fn encode(key: Key, plan: &RunPlan) -> Result<Item, Failed> {
    let mut item = key.item();
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let status = match &plan.status {
        Status::Opening => "opening",
        Status::Open => "open",
        Status::Cancelled { reason } => {
            item.insert(REASON.to_owned(), text(reason));
            "cancelled"
        }
    };
    item.insert(STATUS.to_owned(), text(status));
    item.insert(VERSION.to_owned(), number(plan.version));
    item.insert(RECORD.to_owned(), AttributeValue::B(Blob::new(packed::pack(&Record::of(plan))?)));
    Ok(item)
}

/// Makes a run of an item.
pub(super) fn read_run(item: &Item) -> Result<RunPlan, Failed> {
    let unreadable = || Failed::corrupt("a run");
    let bytes = item.get(RECORD).and_then(|value| value.as_b().ok()).ok_or_else(unreadable)?;
    let status = match text_of(item, STATUS) {
        "opening" => Status::Opening,
        "open" => Status::Open,
        "cancelled" => Status::Cancelled { reason: text_of(item, REASON).to_owned() },
        other => return Err(Failed::corrupt(format_args!("the status {other} of a run"))),
    };
    let version = number_of(item, VERSION).and_then(|version| u32::try_from(version).ok()).ok_or_else(unreadable)?;
    let id = run_id_of(text_of(item, SORT))?;
    let record: Record = packed::unpack(bytes.as_ref())?;
    Ok(RunPlan { id, date: keys::run_date(id), status, version, ..record.read(id)? })
}

/// What does not change once a run is opened.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    service: String,
    number: String,
    /// Telecode, arrival, departure, kilometres, name, city.
    stops: Vec<(String, u16, u16, u32, String, String)>,
    zone: String,
    /// Milliseconds since 1970.
    opens: i64,
    terms: TermsRecord,
}

/// The terms of a run, or of many that an opening is to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TermsRecord {
    /// Number, class, layout, rows.
    coaches: Vec<(u8, String, String, u8)>,
    currency: String,
    step: u32,
    fares: BTreeMap<String, FaresRecord>,
    /// Least kilometres, and stages: minutes before, percent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    quotas: BTreeMap<String, (u32, Vec<(u32, u8)>)>,
    /// How often, and stages: minutes before, dates, other destination, percent.
    changes: (u8, Vec<(i32, u8, bool, u8)>),
    refunds: (String, u16),
    closes: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FaresRecord {
    base: u32,
    /// To how many kilometres, thousandths of a minor unit.
    bands: Vec<(u32, u32)>,
    child: u8,
    student: u8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    stated: Vec<(String, String, u32)>,
}

impl Record {
    fn of(plan: &RunPlan) -> Self {
        let stop = |(stop, place): (&Stop, &Place)| {
            let Stop { station, arrives, departs, km } = *stop;
            (station.to_string(), arrives, departs, km, place.name.clone(), place.city.clone())
        };
        Self {
            service: plan.service.clone(),
            number: plan.train.number().to_owned(),
            stops: plan.train.stops().iter().zip(&plan.places).map(stop).collect(),
            zone: plan.zone.to_string(),
            opens: plan.opens.as_millisecond(),
            terms: TermsRecord::of(&plan.terms),
        }
    }

    fn read(self, id: domain::id::RunId) -> Result<RunPlan, Failed> {
        let (mut stops, mut places) = (Vec::new(), Vec::new());
        for (code, arrives, departs, km, name, city) in self.stops {
            stops.push(Stop { station: parse(&code)?, arrives, departs, km });
            places.push(Place { name, city });
        }
        Ok(RunPlan {
            id,
            service: self.service,
            train: Train::new(&self.number, stops).map_err(Failed::corrupt)?,
            places,
            date: Date::ZERO,
            zone: parse::<Zone>(&self.zone)?,
            terms: self.terms.read()?,
            opens: Timestamp::from_millisecond(self.opens).map_err(Failed::corrupt)?,
            status: Status::Opening,
            version: 0,
        })
    }
}

impl TermsRecord {
    pub(super) fn of(terms: &Terms) -> Self {
        let coach = |coach: &Coach| (coach.number, coach.class.to_string(), coach.layout.word().to_owned(), coach.rows);
        let quota = |(class, quota): (&Class, &Quota)| {
            let stages = quota.stages().iter().map(|stage| (stage.until_minutes_before, stage.percent));
            (class.to_string(), (quota.least_km(), stages.collect()))
        };
        let change = |stage: &change::Stage| {
            (stage.until_minutes_before, dates(stage.dates), stage.other_destination, stage.fee_percent)
        };
        let fares = terms.tariff.classes().iter();
        Self {
            coaches: terms.formation.coaches().iter().map(coach).collect(),
            currency: terms.tariff.currency().to_string(),
            step: terms.tariff.step(),
            fares: fares.map(|(class, fares)| (class.to_string(), FaresRecord::of(fares))).collect(),
            quotas: terms.quotas.iter().map(quota).collect(),
            changes: (terms.changes.most(), terms.changes.stages().iter().map(change).collect()),
            refunds: refund_words(terms.refunds),
            closes: terms.closes_minutes_before,
        }
    }

    pub(super) fn read(self) -> Result<Terms, Failed> {
        let coach = |(number, class, layout, rows): (u8, String, String, u8)| {
            let layout = Layout::ALL.into_iter().find(|known| known.word() == layout);
            let layout = layout.ok_or_else(|| Failed::corrupt("a coach's layout"))?;
            Ok(Coach { number, class: parse(&class)?, layout, rows })
        };
        let quota = |(class, (least, stages)): (String, (u32, Vec<(u32, u8)>))| {
            let stage = |(until_minutes_before, percent)| Stage { until_minutes_before, percent };
            let quota = Quota::new(least, stages.into_iter().map(stage).collect()).map_err(Failed::corrupt)?;
            Ok((parse::<Class>(&class)?, quota))
        };
        let change = |(until_minutes_before, word, other_destination, fee_percent)| {
            Ok(change::Stage { until_minutes_before, dates: read_dates(word)?, other_destination, fee_percent })
        };
        let fares = self.fares.into_iter().map(|(class, fares)| Ok((parse::<Class>(&class)?, fares.read()?)));
        let coaches = self.coaches.into_iter().map(coach).collect::<Result<_, Failed>>()?;
        let (most, stages) = self.changes;
        let stages = stages.into_iter().map(change).collect::<Result<_, Failed>>()?;
        Ok(Terms {
            formation: Formation::new(coaches).map_err(Failed::corrupt)?,
            tariff: Tariff::new(parse(&self.currency)?, self.step, fares.collect::<Result<_, Failed>>()?)
                .map_err(Failed::corrupt)?,
            quotas: self.quotas.into_iter().map(quota).collect::<Result<_, Failed>>()?,
            changes: change::Policy::new(most, stages).map_err(Failed::corrupt)?,
            refunds: read_refunds(&self.refunds.0, self.refunds.1)?,
            closes_minutes_before: self.closes,
        })
    }
}

impl FaresRecord {
    fn of(fares: &ClassFares) -> Self {
        let stated = fares.stated.iter().map(|((from, to), fare)| (from.to_string(), to.to_string(), *fare));
        Self {
            base: fares.base,
            bands: fares.bands.iter().map(|band| (band.to_km, band.milli_per_km)).collect(),
            child: fares.child_percent,
            student: fares.student_percent,
            stated: stated.collect(),
        }
    }

    fn read(self) -> Result<ClassFares, Failed> {
        let band = |(to_km, milli_per_km)| Band { to_km, milli_per_km };
        let stated = self.stated.iter().map(|(from, to, fare)| Ok(((parse(from)?, parse(to)?), *fare)));
        Ok(ClassFares {
            base: self.base,
            bands: self.bands.into_iter().map(band).collect(),
            child_percent: self.child,
            student_percent: self.student,
            stated: stated.collect::<Result<_, Failed>>()?,
        })
    }
}

fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Failed> {
    text.parse().map_err(Failed::corrupt)
}

const fn dates(dates: Dates) -> u8 {
    match dates {
        Dates::Any => 0,
        Dates::NotLater => 1,
        Dates::Same => 2,
    }
}

fn read_dates(number: u8) -> Result<Dates, Failed> {
    match number {
        0 => Ok(Dates::Any),
        1 => Ok(Dates::NotLater),
        2 => Ok(Dates::Same),
        _ => Err(Failed::corrupt("the dates of a stage")),
    }
}

#[cfg(test)]
mod tests {
    use domain::{event::RefundPolicy, id::Id as _};
    use jiff::civil::date;

    use super::*;

    fn plan(stops: u16, stated: bool) -> RunPlan {
        let code = |number: u16| {
            let letter = |number: u16| char::from(b'A' + u8::try_from(number % 26).unwrap());
            ['X', letter(number / 26), letter(number)].iter().collect::<String>().parse().unwrap()
        };
        let stop = |number| Stop {
            station: code(number),
            arrives: number * 9,
            departs: number * 9 + 2,
            km: 70 * u32::from(number),
        };
        let class = |name: &str| name.parse::<Class>().unwrap();
        let fares = |base| ClassFares {
            base,
            bands: vec![Band { to_km: 500, milli_per_km: 460_000 }, Band { to_km: 900, milli_per_km: 400_000 }],
            child_percent: 50,
            student_percent: 75,
            stated: (0..stops)
                .flat_map(|from| (from + 1..stops).map(move |to| (from, to)))
                .filter(|_| stated)
                .map(|(from, to)| ((code(from), code(to)), 100 * u32::from(to - from)))
                .collect(),
        };
        let coach = |number: u8| Coach {
            number,
            class: class(if number < 3 { "first" } else { "second" }),
            layout: if number < 3 { Layout::TwoTwo } else { Layout::ThreeTwo },
            rows: 17,
        };
        let stage = |until_minutes_before, dates| change::Stage {
            until_minutes_before,
            dates,
            other_destination: true,
            fee_percent: 5,
        };
        let stages = vec![stage(2_880, Dates::Any), stage(0, Dates::NotLater), stage(-720, Dates::Same)];
        let quota = Quota::new(600, vec![Stage { until_minutes_before: 1_440, percent: 30 }]).unwrap();
        let id = keys::run_id("D1", date(2026, 12, 31));
        RunPlan {
            id,
            service: "D1".into(),
            train: Train::new("D1/D4", (0..stops).map(stop).collect()).unwrap(),
            places: (0..stops).map(|number| Place { name: format!("站{number}"), city: "城".into() }).collect(),
            date: date(2026, 12, 31),
            zone: "Asia/Shanghai".parse().unwrap(),
            terms: Terms {
                formation: Formation::new((1..=16).map(coach).collect()).unwrap(),
                tariff: Tariff::new(
                    domain::money::Currency::CNY,
                    50,
                    [("first", 900), ("second", 500)].map(|(name, base)| (class(name), fares(base))).into(),
                )
                .unwrap(),
                quotas: [(class("second"), quota)].into(),
                changes: change::Policy::new(1, stages).unwrap(),
                refunds: RefundPolicy::Automatic { hours_before: 2 },
                closes_minutes_before: 5,
            },
            opens: "2026-12-17T00:00:00Z".parse().unwrap(),
            status: Status::Open,
            version: 2,
        }
    }

    fn item(plan: &RunPlan) -> Item {
        encode(keys::run(&"demo".parse().unwrap(), plan.id), plan).unwrap()
    }

    #[test]
    fn a_run_reads_back() {
        for status in [Status::Opening, Status::Open, Status::Cancelled { reason: "snow".into() }] {
            let plan = RunPlan { status, ..plan(12, true) };
            assert_eq!(read_run(&item(&plan)).unwrap(), plan);
        }
    }

    #[test]
    fn a_run_is_small_however_long_its_train_is() {
        let bytes = |plan: &RunPlan| item(plan)[RECORD].as_b().unwrap().as_ref().len();
        // Three read units, and so many write units as it has whole and begun KiB.
        assert!(bytes(&plan(10, false)) < 900, "{}", bytes(&plan(10, false)));
        assert!(bytes(&plan(128, false)) < 4 * 1_024, "{}", bytes(&plan(128, false)));
        // As many stated fares as a tariff takes for each of two classes.
        let most = bytes(&plan(100, true));
        assert!(most < 100 * 1_024, "{most}");
    }

    #[test]
    fn what_cannot_be_a_run_is_corrupt() {
        let good = item(&plan(5, false));
        let bad = |name: &str, value| {
            let mut item = good.clone();
            item.insert(name.to_owned(), value);
            assert!(matches!(read_run(&item), Err(Failed::Corrupt(_))), "{name}");
        };
        bad(STATUS, AttributeValue::S("lost".into()));
        bad(VERSION, number(-1));
        bad(RECORD, AttributeValue::B(Blob::new([1, 2, 3])));
        bad(SORT, AttributeValue::S("x".into()));
        assert!(domain::id::RunId::from_bytes([0; 16]) != plan(5, false).id);
    }
}
