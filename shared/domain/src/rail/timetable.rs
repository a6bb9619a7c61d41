//! The whole timetable, by station: how to get from one place to another on a date.
//!
//! **Invariant:** a question looks only at trains that call at one of its stations, never at all of them.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use jiff::civil::Date;

use super::{
    calendar::{Calendar, Run, days_later},
    station::{Stations, Telecode},
    stretch::Stretch,
    train::{DAY, Train},
};

mod transfer;

pub use transfer::{Change, Journey};

/// A train and when it runs.
#[derive(Clone, Debug)]
pub struct Service {
    /// The train.
    pub train: Train,
    /// When it runs.
    pub calendar: Calendar,
}

/// All services of a tenant, by the stations they call at.
#[derive(Clone, Debug, Default)]
pub struct Timetable {
    services: Vec<Service>,
    /// Which services stop where, in the order of their numbers.
    calls: BTreeMap<Telecode, Vec<usize>>,
    /// The stations of each city, by each of them.
    cities: BTreeMap<Telecode, Vec<Telecode>>,
}

/// A ride on one train. Minutes count from the midnight before the travellers set out: on a second train they may be on the
/// next day.
#[derive(Clone, Copy, Debug)]
pub struct Ride<'t> {
    /// Which service, as [`Timetable::services`] numbers them.
    pub service: usize,
    /// The train on the date it set out on, which may be earlier than that of the journey.
    pub run: Run<'t>,
    /// From which stop to which.
    pub stretch: Stretch,
    /// When it leaves.
    pub departs: u32,
    /// When it arrives.
    pub arrives: u32,
}

impl Ride<'_> {
    /// How long it takes, in minutes.
    pub const fn minutes(&self) -> u32 {
        self.arrives - self.departs
    }

    /// Where it begins.
    pub fn from(&self) -> Option<Telecode> {
        self.run.train.stops().get(usize::from(self.stretch.from())).map(|stop| stop.station)
    }

    /// Where it ends.
    pub fn to(&self) -> Option<Telecode> {
        self.run.train.stops().get(usize::from(self.stretch.to())).map(|stop| stop.station)
    }
}

impl Timetable {
    /// Puts services in order by station.
    pub fn new(services: Vec<Service>, stations: &Stations) -> Self {
        let mut calls: BTreeMap<Telecode, Vec<usize>> = BTreeMap::new();
        for (number, service) in services.iter().enumerate() {
            let stops: BTreeSet<Telecode> = service.train.stops().iter().map(|stop| stop.station).collect();
            for station in stops {
                calls.entry(station).or_default().push(number);
            }
        }
        let cities = calls.keys().map(|code| (*code, stations.of_city(*code).to_vec())).collect();
        Self { services, calls, cities }
    }

    /// The services, in the order in which they were given.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The trains that set out on a date, with their places among the services: what is opened for sale.
    pub fn runs(&self, date: Date) -> impl Iterator<Item = (usize, Run<'_>)> + '_ {
        let running = self.services.iter().enumerate().filter(move |(_, service)| service.calendar.runs_on(date));
        running.map(move |(number, service)| (number, Run { train: &service.train, date }))
    }

    /// The trains that leave any of some stations on a date for any of others, by departure.
    pub fn direct(&self, from: &[Telecode], to: &[Telecode], date: Date) -> Vec<Ride<'_>> {
        let there: BTreeSet<usize> = self.calling(to).collect();
        let both: BTreeSet<usize> = self.calling(from).filter(|service| there.contains(service)).collect();
        let mut rides: Vec<_> = both.into_iter().filter_map(|service| self.ride(service, from, to, date)).collect();
        rides.sort_by_key(|ride| (ride.departs, ride.arrives, ride.service));
        rides
    }

    fn calling<'a>(&'a self, stations: &'a [Telecode]) -> impl Iterator<Item = usize> + 'a {
        stations.iter().filter_map(|code| self.calls.get(code)).flatten().copied()
    }

    fn ride(&self, service: usize, from: &[Telecode], to: &[Telecode], date: Date) -> Option<Ride<'_>> {
        let stretch = self.services.get(service)?.train.stretch(from, to)?;
        self.on(service, stretch, date, 0)
    }

    /// A stretch of a service that is boarded `day` days after `date`; nothing where the train does not run then.
    fn on(&self, service: usize, stretch: Stretch, date: Date, day: u32) -> Option<Ride<'_>> {
        let Service { train, calendar } = self.services.get(service)?;
        let boarded = train.stops().get(usize::from(stretch.from()))?.departs;
        // A train that comes over midnight set out on an earlier date than it is boarded on.
        let set_out = days_later(date, i32::try_from(day).ok()? - i32::from(boarded / DAY));
        let departs = day * u32::from(DAY) + u32::from(boarded % DAY);
        let arrives = departs + u32::from(train.minutes(stretch)?);
        let run = Run { train, date: set_out };
        calendar.runs_on(set_out).then_some(Ride { service, run, stretch, departs, arrives })
    }
}

#[cfg(test)]
mod real;
#[cfg(test)]
mod tests;
