//! What an operator says to open runs for sale: which services, on which dates, on what terms, from when.

use std::collections::BTreeSet;

use jiff::{
    Timestamp,
    civil::{Date, Time},
};

use super::{
    calendar::days_later,
    network::Network,
    run::{RunPlan, Status, Terms},
    timetable::Service,
    train::{DAY, TimeOfDay},
};
use crate::{
    event::Zone,
    id::{Id as _, RunId},
};

/// Which services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// Every one.
    All,
    /// Those of these names, or with these train numbers.
    Named(BTreeSet<String>),
    /// Those whose train numbers begin so.
    Beginning(String),
}

/// When the sale of a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// At a moment, whatever the date of the run.
    At(Timestamp),
    /// So many days before the run sets out, at a local time.
    Before {
        /// Days.
        days: u16,
        /// The time of that day.
        at: TimeOfDay,
    },
}

impl Opens {
    /// The longest time before the run at which its sale may begin.
    pub const MAX_DAYS: u16 = 366;

    /// When the sale of a run of a date begins. Clocks are read as timetables are ([`super::calendar::Run::departs`]).
    pub fn of(self, date: Date, zone: &Zone) -> Timestamp {
        match self {
            Self::At(moment) => moment,
            Self::Before { days, at } => {
                let day = days_later(date, -i32::from(days));
                let minutes = at.minute() % DAY;
                let time = |part: u16| i8::try_from(part).unwrap_or_default();
                let time = Time::new(time(minutes / 60), time(minutes % 60), 0, 0).unwrap_or_default();
                let local = zone.rules().to_ambiguous_timestamp(day.to_datetime(time));
                local.compatible().unwrap_or(Timestamp::UNIX_EPOCH)
            }
        }
    }
}

/// Services that are sold on the same terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lot {
    /// Which.
    pub which: Which,
    /// On what terms.
    pub terms: Terms,
    /// From when.
    pub opens: Opens,
}

impl Lot {
    fn takes(&self, name: &str, service: &Service) -> bool {
        let number = service.train.number();
        match &self.which {
            Which::All => true,
            Which::Named(names) => names.contains(name) || names.contains(number),
            Which::Beginning(start) => number.starts_with(start),
        }
    }
}

/// Runs that are opened together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The first date.
    pub from: Date,
    /// The last date.
    pub to: Date,
    /// The zone in which the timetable is printed.
    pub zone: Zone,
    /// What is opened. A service that several take is opened by the first of them.
    pub lots: Vec<Lot>,
    /// In how many parts the runs of each date are made.
    pub parts: u16,
}

impl Opening {
    /// The most dates: a timetable is seldom firm for longer.
    pub const MAX_DATES: i32 = 62;
    /// The most lots.
    pub const MAX_LOTS: usize = 64;
    /// About how many runs a part has: so few that one is made in seconds.
    pub const RUNS_OF_A_PART: usize = 8;
    /// The most parts of a date.
    pub const MAX_PARTS: u16 = 4_096;

    /// The dates.
    pub fn dates(&self) -> impl Iterator<Item = Date> {
        let (from, to) = (self.from, self.to);
        (0..Self::MAX_DATES).map(move |day| days_later(from, day)).take_while(move |date| *date <= to)
    }

    /// The services that set out on a date and are taken, with the lot that takes each.
    pub fn services<'o>(
        &'o self,
        network: &'o Network,
        date: Date,
    ) -> impl Iterator<Item = (&'o str, &'o Service, &'o Lot)> {
        let running = network.services().filter(move |(_, service)| service.calendar.runs_on(date));
        running.filter_map(|(name, service)| {
            let lot = self.lots.iter().find(|lot| lot.takes(name, service))?;
            Some((name, service, lot))
        })
    }

    /// In how many parts so many runs are made.
    pub fn parts_for(runs: usize) -> u16 {
        let parts = u16::try_from(runs.div_ceil(Self::RUNS_OF_A_PART)).unwrap_or(Self::MAX_PARTS);
        parts.clamp(1, Self::MAX_PARTS)
    }

    /// Which part of its date makes a run. It follows from the run's id alone, so that it does not matter whether another
    /// timetable is imported meanwhile.
    pub fn part_of(&self, run: RunId) -> u16 {
        let bytes = run.bytes();
        u16::from_be_bytes([bytes[13], bytes[14]]) % self.parts.max(1)
    }

    /// A run as it is to be opened.
    pub fn plan(&self, id: RunId, name: &str, date: Date, service: &Service, lot: &Lot, network: &Network) -> RunPlan {
        RunPlan {
            id,
            service: name.to_owned(),
            train: service.train.clone(),
            places: network.places(&service.train),
            date,
            zone: self.zone.clone(),
            terms: lot.terms.clone(),
            opens: lot.opens.of(date, &self.zone),
            status: Status::Opening,
            version: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::rail::{
        calendar::{Calendar, Weekdays},
        run::tests::terms,
        station::tests::stations,
        train::tests::train,
    };

    fn lot(which: Which, class: &str) -> Lot {
        let at = "08:00".parse().unwrap();
        Lot { which, terms: terms(&[class]), opens: Opens::Before { days: 15, at } }
    }

    fn network() -> Network {
        let calendar = |day| Calendar::new(Weekdays::ALL, date(2026, 5, day), date(2026, 5, 31)).unwrap();
        let service = |name: &str, number, first| {
            let train = train(number, &["BJP - 08:00", "SHH 13:00 -"]).unwrap();
            (name.to_owned(), Service { train, calendar: calendar(first) })
        };
        let services = vec![service("1", "G1", 1), service("2", "G3", 1), service("3", "D1", 2), service("4", "K1", 1)];
        Network::new(stations(), services).unwrap()
    }

    fn opening(lots: Vec<Lot>) -> Opening {
        let zone = "Asia/Shanghai".parse().unwrap();
        Opening { from: date(2026, 5, 1), to: date(2026, 5, 3), zone, lots, parts: 7 }
    }

    #[test]
    fn a_service_is_opened_by_the_first_lot_that_takes_it() {
        let named = |names: &[&str]| Which::Named(names.iter().map(|name| (*name).to_owned()).collect());
        let opening =
            opening(vec![lot(named(&["G3", "4"]), "a"), lot(Which::Beginning("G".into()), "b"), lot(Which::All, "c")]);
        let network = network();
        let taken = |day| {
            let services = opening.services(&network, date(2026, 5, day));
            let class = |lot: &Lot| lot.terms.formation.classes().into_iter().next().unwrap().to_string();
            services.map(|(name, _, lot)| format!("{name}{}", class(lot))).collect::<Vec<_>>()
        };
        assert_eq!(taken(1), ["1b", "2a", "4a"]);
        assert_eq!(taken(2), ["1b", "2a", "3c", "4a"]);
        assert_eq!(opening.dates().count(), 3);
    }

    #[test]
    fn the_sale_begins_days_before_at_a_local_time() {
        let zone = "Asia/Shanghai".parse().unwrap();
        let opens = Opens::Before { days: 15, at: "08:30".parse().unwrap() };
        assert_eq!(opens.of(date(2026, 5, 16), &zone), "2026-05-01T00:30:00Z".parse().unwrap());
        let moment = "2026-04-01T00:00:00Z".parse().unwrap();
        assert_eq!(Opens::At(moment).of(date(2026, 5, 16), &zone), moment);
    }

    #[test]
    fn each_run_is_made_by_one_part() {
        let opening = opening(vec![]);
        for byte in 0..=255 {
            assert!(opening.part_of(RunId::from_bytes([byte; 16])) < 7);
        }
        assert_eq!([0, 1, 8, 9, 4_458, 1_000_000].map(Opening::parts_for), [1, 1, 1, 2, 558, 4_096]);
    }

    #[test]
    fn a_plan_copies_what_the_timetable_says() {
        let (network, opening) = (network(), opening(vec![lot(Which::All, "a")]));
        let day = date(2026, 5, 2);
        let (name, service, lot) = opening.services(&network, day).next().unwrap();
        let plan = opening.plan(RunId::from_bytes([1; 16]), name, day, service, lot, &network);
        assert_eq!((plan.service.as_str(), plan.train.number(), plan.places[1].name.as_str()), ("1", "G1", "上海"));
        assert_eq!((plan.status, plan.version), (Status::Opening, 1));
        assert_eq!(plan.opens, "2026-04-17T00:00:00Z".parse().unwrap());
    }
}
