//! Journeys with one change of trains.

use super::{BTreeMap, BTreeSet, DAY, Date, Reverse, Ride, Stretch, Telecode, Timetable};

/// How long a change of trains takes, in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The least within a station.
    pub same_station: u16,
    /// The least from one station of a city to another.
    pub across_city: u16,
    /// The longest wait that is worth a suggestion; at most a day.
    pub longest: u16,
}

impl Default for Change {
    fn default() -> Self {
        Self { same_station: 20, across_city: 90, longest: 240 }
    }
}

/// Two rides with a change between them.
#[derive(Clone, Copy, Debug)]
pub struct Journey<'t> {
    /// The first ride.
    pub first: Ride<'t>,
    /// The second.
    pub second: Ride<'t>,
}

impl Journey<'_> {
    /// How long one waits between the trains, in minutes.
    pub const fn wait(&self) -> u32 {
        self.second.departs - self.first.arrives
    }

    /// How long it takes, in minutes.
    pub const fn minutes(&self) -> u32 {
        self.second.arrives - self.first.departs
    }
}

/// A train that can be boarded somewhere for the place one wants to reach.
#[derive(Clone, Copy)]
struct Onward {
    /// The minute of the day at which it leaves.
    leaves: u16,
    service: usize,
    stretch: Stretch,
}

impl Timetable {
    /// The journeys with one change on a date that are worth looking at: no other leaves as late and arrives as early. At
    /// most `limit`, the quickest, by departure.
    pub fn with_change(
        &self,
        from: &[Telecode],
        to: &[Telecode],
        date: Date,
        change: Change,
        limit: usize,
    ) -> Vec<Journey<'_>> {
        let onward = self.onward(to);
        let firsts: BTreeSet<usize> = self.calling(from).collect();
        let mut journeys: Vec<_> =
            firsts.into_iter().filter_map(|service| self.best_from(service, from, to, date, change, &onward)).collect();
        keep_undominated(&mut journeys);
        journeys.sort_by_key(|journey| (journey.minutes(), journey.first.departs));
        journeys.truncate(limit);
        journeys.sort_by_key(|journey| (journey.first.departs, journey.second.arrives));
        journeys
    }

    /// For each station, the trains that leave it for the destination, by the minute of the day.
    fn onward(&self, to: &[Telecode]) -> BTreeMap<Telecode, Vec<Onward>> {
        let mut onward: BTreeMap<Telecode, Vec<Onward>> = BTreeMap::new();
        let services: BTreeSet<usize> = self.calling(to).collect();
        for service in services {
            let train = &self.services[service].train;
            let stations: BTreeSet<Telecode> = train.stops().iter().map(|stop| stop.station).collect();
            for station in stations.into_iter().filter(|station| !to.contains(station)) {
                let Some(stretch) = train.stretch(&[station], to) else { continue };
                let leaves = train.stops()[usize::from(stretch.from())].departs % DAY;
                onward.entry(station).or_default().push(Onward { leaves, service, stretch });
            }
        }
        for trains in onward.values_mut() {
            trains.sort_unstable_by_key(|train| (train.leaves, train.service));
        }
        onward
    }

    /// The earliest arrival by a change from one train; among equals the one with the shortest wait.
    fn best_from(
        &self,
        service: usize,
        from: &[Telecode],
        to: &[Telecode],
        date: Date,
        change: Change,
        onward: &BTreeMap<Telecode, Vec<Onward>>,
    ) -> Option<Journey<'_>> {
        let train = &self.services[service].train;
        let stations: BTreeSet<Telecode> = train.stops().iter().map(|stop| stop.station).collect();
        let away = stations.into_iter().filter(|station| !from.contains(station) && !to.contains(station));
        let firsts = away.filter_map(|station| Some((station, self.ride(service, from, &[station], date)?)));
        let journeys = firsts.flat_map(|(station, first)| {
            let near = self.cities.get(&station).map(Vec::as_slice).unwrap_or_default();
            let near = near.iter().copied().filter(move |other| *other != station);
            let least = near.map(|other| (other, change.across_city)).chain([(station, change.same_station)]);
            least
                .filter_map(move |(board, least)| self.soonest(first, onward.get(&board)?, date, least, change.longest))
        });
        journeys.min_by_key(|journey| (journey.second.arrives, Reverse(journey.first.departs), journey.wait()))
    }

    /// The train of a station that arrives first, of those that leave within the time for a change.
    fn soonest<'t>(
        &'t self,
        first: Ride<'t>,
        trains: &[Onward],
        date: Date,
        least: u16,
        longest: u16,
    ) -> Option<Journey<'t>> {
        let day = u32::from(DAY);
        let (earliest, latest) = (first.arrives + u32::from(least), first.arrives + u32::from(longest.min(DAY)));
        let days = earliest / day..=latest / day;
        let seconds = days.flat_map(|number| {
            let from = trains.partition_point(|train| number * day + u32::from(train.leaves) < earliest);
            let here = trains[from..].iter().take_while(move |train| number * day + u32::from(train.leaves) <= latest);
            here.filter(|train| train.service != first.service).map(move |train| (train, number))
        });
        let rides = seconds.filter_map(|(train, number)| self.on(train.service, train.stretch, date, number));
        let second = rides.min_by_key(|ride| (ride.arrives, ride.departs))?;
        Some(Journey { first, second })
    }
}

/// Leaves the journeys for which no other leaves at the same time or later and arrives at the same time or earlier.
fn keep_undominated(journeys: &mut Vec<Journey<'_>>) {
    journeys.sort_by_key(|journey| (Reverse(journey.first.departs), journey.second.arrives, journey.wait()));
    let mut earliest = u32::MAX;
    journeys.retain(|journey| {
        let is_earlier = journey.second.arrives < earliest;
        earliest = earliest.min(journey.second.arrives);
        is_earlier
    });
}
