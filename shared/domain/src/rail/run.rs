//! A run as it is sold: a train on a date with its coaches, its fares and its rules, fixed when it is opened.
//!
//! It is a copy of what the timetable and the operator's terms said then. Whoever imports another timetable or states other
//! fares later changes runs that are opened later; what was sold stays what it was.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::{
    calendar::{Run, days_later},
    change,
    coach::{Class, Formation},
    fare::{FareError, Passenger, Tariff},
    quota::{Guard, Quota, Stage},
    station::Telecode,
    stretch::Stretch,
    train::{DAY, Train},
};
use crate::{
    event::{RefundPolicy, Zone},
    id::RunId,
    money::Money,
};

/// What travellers are told of a stop: as it was called when the run was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The station's name.
    pub name: String,
    /// Its city: what a change of destination is measured by.
    pub city: String,
}

/// On what terms the seats of a train are sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The coaches.
    pub formation: Formation,
    /// The fares.
    pub tariff: Tariff,
    /// What is kept for long journeys; of a class that is not named nothing is.
    pub quotas: BTreeMap<Class, Quota>,
    /// How tickets are changed.
    pub changes: change::Policy,
    /// Whether tickets can go back; hours count to the departure of the passenger.
    pub refunds: RefundPolicy,
    /// How many minutes before the train leaves a stop no seat from there is sold any more.
    pub closes_minutes_before: u16,
}

/// Why terms do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// A class of the train has no fares.
    #[error("the class {0} has no fares")]
    NoFares(Class),
    /// A quota is of a class that the train does not have.
    #[error("no coach is of the class {0}")]
    NoCoach(Class),
    /// The train has more classes than are shown of one.
    #[error("must have at most {} classes", Terms::MAX_CLASSES)]
    Classes,
}

impl Terms {
    /// The most classes of a train.
    pub const MAX_CLASSES: usize = 8;

    /// Sees that every class that is there can be paid for, and that no quota is of one that is not.
    pub fn check(&self) -> Result<(), TermsError> {
        let classes = self.formation.classes();
        if classes.len() > Self::MAX_CLASSES {
            return Err(TermsError::Classes);
        }
        let unpriced = classes.iter().find(|class| !self.tariff.classes().contains_key(**class));
        if let Some(class) = unpriced {
            return Err(TermsError::NoFares((*class).clone()));
        }
        match self.quotas.keys().find(|class| !classes.contains(class)) {
            Some(class) => Err(TermsError::NoCoach(class.clone())),
            None => Ok(()),
        }
    }
}

/// Where a run stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Its rows are being made; nobody sees it.
    Opening,
    /// It is shown and sold.
    Open,
    /// It does not run.
    Cancelled {
        /// Why; passengers are told.
        reason: String,
    },
}

/// A run with all that its sale needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunPlan {
    /// Its id, which follows from the service and the date.
    pub id: RunId,
    /// The service of the timetable that it is a run of.
    pub service: String,
    /// The train, with its stops, times and kilometres.
    pub train: Train,
    /// What its stops are called, in their order.
    pub places: Vec<Place>,
    /// The date on which it sets out.
    pub date: Date,
    /// The zone in which its times are printed.
    pub zone: Zone,
    /// On what terms it is sold.
    pub terms: Terms,
    /// When the sale begins.
    pub opens: Timestamp,
    /// Where it stands.
    pub status: Status,
    /// Counts its changes, from 1.
    pub version: u32,
}

/// Why a stretch of a run is not sold now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSold {
    /// It is not open.
    #[error("the run is not open")]
    NotOpen,
    /// It was cancelled.
    #[error("the run was cancelled")]
    Cancelled,
    /// The sale has not begun.
    #[error("the sale has not begun")]
    Early,
    /// The train leaves too soon, or has left.
    #[error("the train leaves too soon")]
    Late,
    /// The run has no such stretch.
    #[error("the run has no such stretch")]
    Stretch,
}

impl RunPlan {
    /// The train on its date.
    pub const fn run(&self) -> Run<'_> {
        Run { train: &self.train, date: self.date }
    }

    /// When it leaves a stop.
    pub fn departs(&self, stop: u16) -> Option<Timestamp> {
        self.run().departs(stop, self.zone.rules())
    }

    /// When it comes in at a stop.
    pub fn arrives(&self, stop: u16) -> Option<Timestamp> {
        self.run().arrives(stop, self.zone.rules())
    }

    /// The local date on which it leaves a stop: what is printed on the ticket of whoever boards there.
    pub fn date_at(&self, stop: u16) -> Option<Date> {
        let stop = self.train.stops().get(usize::from(stop))?;
        Some(days_later(self.date, i32::from(stop.departs / DAY)))
    }

    /// The stretch between two stations.
    pub fn stretch(&self, from: Telecode, to: Telecode) -> Option<Stretch> {
        self.train.stretch(&[from], &[to])
    }

    /// Whether a stretch is sold now.
    pub fn may_sell(&self, stretch: Stretch, now: Timestamp) -> Result<(), NotSold> {
        match self.status {
            Status::Opening => return Err(NotSold::NotOpen),
            Status::Cancelled { .. } => return Err(NotSold::Cancelled),
            Status::Open => {}
        }
        if stretch.to() >= self.train.stop_count() {
            return Err(NotSold::Stretch);
        }
        if now < self.opens {
            return Err(NotSold::Early);
        }
        let departs = self.departs(stretch.from()).ok_or(NotSold::Stretch)?;
        let closes = SignedDuration::from_mins(self.terms.closes_minutes_before.into());
        match now.saturating_add(closes) {
            Ok(then) if then < departs => Ok(()),
            _ => Err(NotSold::Late),
        }
    }

    /// What is kept of a class at a moment; `km` are the train's ([`Train::km`]). A part of a minute counts as a whole one, so
    /// that a stage lasts up to, and not with, its last moment.
    pub fn guard<'k>(&self, class: &Class, km: &'k [u32], now: Timestamp) -> Guard<'k> {
        let (Some(quota), Some(departs)) = (self.terms.quotas.get(class), self.departs(0)) else { return Guard::OPEN };
        let seconds = departs.as_second() - now.as_second();
        let minutes = -((-seconds).div_euclid(60));
        quota.guard(self.terms.formation.rows(class).len(), minutes, km)
    }

    /// When the next seats of a class come free that are kept for long journeys now.
    pub fn next_release(&self, class: &Class, now: Timestamp) -> Option<Timestamp> {
        let (quota, departs) = (self.terms.quotas.get(class)?, self.departs(0)?);
        let end =
            |stage: &Stage| Timestamp::from_second(departs.as_second() - i64::from(stage.until_minutes_before) * 60);
        quota.stages().iter().filter_map(|stage| end(stage).ok()).filter(|end| now < *end).min()
    }

    /// What one passenger pays for a stretch.
    pub fn fare(&self, class: &Class, stretch: Stretch, who: Passenger) -> Result<Money, FareError> {
        self.terms.tariff.fare(&self.train, class, stretch, who)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::{
        id::Id as _,
        money::Currency,
        rail::{
            coach::{Coach, Layout},
            fare::ClassFares,
            quota::Stage,
            train::tests::train,
        },
    };

    fn class(name: &str) -> Class {
        name.parse().unwrap()
    }

    pub(crate) fn terms(classes: &[&str]) -> Terms {
        let coach = |(name, number): (&&str, u8)| Coach { number, class: class(name), layout: Layout::TwoTwo, rows: 5 };
        let fares = || ClassFares {
            base: 1_000,
            bands: vec![],
            child_percent: 50,
            student_percent: 75,
            stated: BTreeMap::new(),
        };
        let stage = Stage { until_minutes_before: 60, percent: 40 };
        Terms {
            formation: Formation::new(classes.iter().zip(1..).map(coach).collect()).unwrap(),
            tariff: Tariff::new(Currency::CNY, 50, classes.iter().map(|name| (class(name), fares())).collect())
                .unwrap(),
            quotas: BTreeMap::from([(class(classes[0]), Quota::new(150, vec![stage]).unwrap())]),
            changes: change::Policy::new(0, vec![]).unwrap(),
            refunds: RefundPolicy::Automatic { hours_before: 1 },
            closes_minutes_before: 10,
        }
    }

    /// A night train from Beijing at 22:00, over Tianjin at 00:10, to Shanghai at 07:00, two hundred kilometres away.
    fn night() -> RunPlan {
        let place = |name: &str| Place { name: name.to_owned(), city: name.to_owned() };
        RunPlan {
            id: RunId::from_bytes([1; 16]),
            service: "D1".to_owned(),
            train: train("D1", &["BJP - 22:00", "TXP 23:50 00:10", "SHH 07:00 -"]).unwrap(),
            places: ["北京", "天津西", "上海"].map(place).to_vec(),
            date: date(2026, 12, 31),
            zone: "Asia/Shanghai".parse().unwrap(),
            terms: terms(&["second", "first"]),
            opens: "2026-12-17T00:00:00Z".parse().unwrap(),
            status: Status::Open,
            version: 2,
        }
    }

    fn stretch(from: u16, to: u16) -> Stretch {
        Stretch::new(from, to).unwrap()
    }

    #[test]
    fn a_stretch_is_sold_from_the_opening_until_the_train_leaves_its_stop() {
        let check = |stretch, now: &str, expected| {
            assert_eq!(night().may_sell(stretch, now.parse().unwrap()), expected, "{stretch:?} {now}");
        };
        check(stretch(0, 1), "2026-12-16T23:59:59Z", Err(NotSold::Early));
        check(stretch(0, 1), "2026-12-17T00:00:00Z", Ok(()));
        check(stretch(0, 2), "2026-12-31T13:49:59Z", Ok(()));
        check(stretch(0, 2), "2026-12-31T13:50:00Z", Err(NotSold::Late));
        check(stretch(1, 2), "2026-12-31T15:59:59Z", Ok(()));
        check(stretch(1, 2), "2026-12-31T16:00:00Z", Err(NotSold::Late));
        check(stretch(1, 3), "2026-12-20T00:00:00Z", Err(NotSold::Stretch));
        let now = "2026-12-20T00:00:00Z".parse().unwrap();
        let status = |status| RunPlan { status, ..night() }.may_sell(stretch(0, 1), now);
        assert_eq!(status(Status::Opening), Err(NotSold::NotOpen));
        assert_eq!(status(Status::Cancelled { reason: String::new() }), Err(NotSold::Cancelled));
    }

    #[test]
    fn a_stage_of_a_quota_lasts_up_to_its_last_moment() {
        let (night, km) = (night(), [0, 100, 200]);
        let kept = |name: &str, now: &str| {
            let guard = night.guard(&class(name), &km, now.parse().unwrap());
            (0..5).filter(|row| guard.keeps(*row)).count()
        };
        assert_eq!(kept("second", "2026-12-31T12:59:59Z"), 2);
        assert_eq!(kept("second", "2026-12-31T13:00:00Z"), 0);
        assert_eq!(kept("first", "2026-12-20T00:00:00Z"), 0, "no quota");
    }

    #[test]
    fn whoever_boards_after_midnight_has_the_later_date() {
        let night = night();
        assert_eq!(night.date_at(0), Some(date(2026, 12, 31)));
        assert_eq!(night.date_at(1), Some(date(2027, 1, 1)));
        assert_eq!(night.date_at(3), None);
        assert_eq!(night.departs(1), Some("2026-12-31T16:10:00Z".parse().unwrap()));
        assert_eq!(night.arrives(2), Some("2026-12-31T23:00:00Z".parse().unwrap()));
        let code = |text: &str| text.parse().unwrap();
        assert_eq!(night.stretch(code("BJP"), code("SHH")), Some(stretch(0, 2)));
        assert_eq!(night.stretch(code("SHH"), code("BJP")), None);
        let fare = night.fare(&class("first"), stretch(0, 1), Passenger::Child).unwrap();
        assert_eq!(fare, Money::new(500, Currency::CNY));
    }

    #[test]
    fn every_class_has_fares_and_every_quota_a_class() {
        let good = terms(&["second", "first"]);
        assert_eq!(good.check(), Ok(()));
        let quota = Quota::new(1, vec![Stage { until_minutes_before: 0, percent: 1 }]).unwrap();
        let odd = Terms { quotas: BTreeMap::from([(class("hard"), quota)]), ..good.clone() };
        assert_eq!(odd.check(), Err(TermsError::NoCoach(class("hard"))));
        let unpriced = Terms { tariff: terms(&["second"]).tariff, ..good };
        assert_eq!(unpriced.check(), Err(TermsError::NoFares(class("first"))));
        let many: Vec<String> = (0..9).map(|number| format!("c{number}")).collect();
        let many = terms(&many.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(many.check(), Err(TermsError::Classes));
    }
}
