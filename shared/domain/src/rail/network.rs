//! What was imported, as one: stations, and services that call at them, each under a name of its own.

use std::collections::BTreeMap;

use super::{
    run::Place,
    station::{Station, Stations, Telecode},
    timetable::{Service, Timetable},
    train::Train,
};

/// Stations and the timetable of one import.
#[derive(Clone, Debug, Default)]
pub struct Network {
    stations: Stations,
    timetable: Timetable,
    /// What the services are called, in the order of [`Timetable::services`].
    names: Vec<String>,
    by_name: BTreeMap<String, usize>,
}

/// Why stations and services do not make a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// There are too many of something.
    #[error(
        "must have at most {} stations and {} services with {} stops together",
        Network::MAX_STATIONS,
        Network::MAX_SERVICES,
        Network::MAX_STOPS
    )]
    TooLarge,
    /// Two services have one name.
    #[error("the service {0} is there twice")]
    Twice(String),
    /// A train calls at a station that is not among the stations.
    #[error("the service {0} calls at {1}, which is no station")]
    NoStation(String, Telecode),
}

impl Network {
    /// The most stations.
    pub const MAX_STATIONS: usize = 20_000;
    /// The most services.
    pub const MAX_SERVICES: usize = 20_000;
    /// The most stops of all services together.
    pub const MAX_STOPS: usize = 400_000;
    /// The longest name of a service, in characters.
    pub const MAX_NAME: usize = 32;

    /// Puts services in order by station. A service's name says across imports which one it is: runs are named by it.
    pub fn new(stations: Stations, services: Vec<(String, Service)>) -> Result<Self, NetworkError> {
        let stops: usize = services.iter().map(|(_, service)| service.train.stops().len()).sum();
        if stations.all().len() > Self::MAX_STATIONS || services.len() > Self::MAX_SERVICES || stops > Self::MAX_STOPS {
            return Err(NetworkError::TooLarge);
        }
        let mut by_name = BTreeMap::new();
        for (number, (name, service)) in services.iter().enumerate() {
            if by_name.insert(name.clone(), number).is_some() {
                return Err(NetworkError::Twice(name.clone()));
            }
            let strange = service.train.stops().iter().find(|stop| stations.get(stop.station).is_none());
            if let Some(stop) = strange {
                return Err(NetworkError::NoStation(name.clone(), stop.station));
            }
        }
        let (names, services) = services.into_iter().unzip();
        Ok(Self { timetable: Timetable::new(services, &stations), stations, names, by_name })
    }

    /// The stations.
    pub const fn stations(&self) -> &Stations {
        &self.stations
    }

    /// The services by the stations that they call at.
    pub const fn timetable(&self) -> &Timetable {
        &self.timetable
    }

    /// What a service is called, by its place among the services.
    pub fn name(&self, service: usize) -> Option<&str> {
        self.names.get(service).map(String::as_str)
    }

    /// The services with their names.
    pub fn services(&self) -> impl Iterator<Item = (&str, &Service)> {
        self.names.iter().map(String::as_str).zip(self.timetable.services())
    }

    /// The service of that name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.timetable.services().get(*self.by_name.get(name)?)
    }

    /// What the stops of a train are called.
    pub fn places(&self, train: &Train) -> Vec<Place> {
        let place = |station: Option<&Station>| {
            let (name, city) = station.map(|station| (station.name.clone(), station.city.clone())).unwrap_or_default();
            Place { name, city }
        };
        train.stops().iter().map(|stop| place(self.stations.get(stop.station))).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::rail::{
        calendar::{Calendar, Weekdays},
        station::tests::stations,
        train::tests::train,
    };

    fn service(lines: &[&str]) -> Service {
        let calendar = Calendar::new(Weekdays::ALL, date(2026, 1, 1), date(2026, 12, 31)).unwrap();
        Service { train: train("G1", lines).unwrap(), calendar }
    }

    #[test]
    fn a_service_has_a_name_of_its_own_and_calls_at_stations() {
        let good = service(&["VNP - 08:00", "SHH 13:00 -"]);
        let network = Network::new(stations(), vec![("1".into(), good.clone()), ("2".into(), good.clone())]).unwrap();
        assert_eq!(network.name(1), Some("2"));
        assert_eq!(network.service("2").unwrap().train, good.train);
        let places = network.places(&good.train);
        assert_eq!((places[0].name.as_str(), places[0].city.as_str()), ("北京南", "北京"));
        assert_eq!(network.services().count(), 2);

        let error = |services| Network::new(stations(), services).unwrap_err();
        assert_eq!(error(vec![("1".into(), good.clone()), ("1".into(), good)]), NetworkError::Twice("1".into()));
        let strange = service(&["VNP - 08:00", "ZZZ 13:00 -"]);
        assert_eq!(error(vec![("1".into(), strange)]), NetworkError::NoStation("1".into(), "ZZZ".parse().unwrap()));
    }
}
