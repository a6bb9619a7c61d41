//! The timetable of real high-speed services, where it lies beside the project. It is not ours to ship, so without it these
//! tests say so and pass.

use std::{collections::BTreeSet, fs, path::Path};

use jiff::civil::date;

use super::*;
use crate::rail::{
    calendar::Weekdays,
    station::{Found, Station, city_of},
    train::Call,
};

/// The rows of a file of the timetable without its heading; nothing where there is no such file near the project.
fn rows(name: &str) -> Option<Vec<Vec<String>>> {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let file = folders.map(|folder| folder.join("shared/data/rail").join(name)).find(|file| file.exists());
    let Some(file) = file else {
        eprintln!("skipped: shared/data/rail/{name} is not there");
        return None;
    };
    let text = fs::read_to_string(file).unwrap();
    Some(text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect())
}

fn stations() -> Option<Stations> {
    let rows = rows("hsr_stations.csv")?;
    let names: BTreeSet<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    let station = |row: &Vec<String>| Station {
        code: row[1].parse().unwrap(),
        name: row[0].clone(),
        pinyin: row[2].clone(),
        initials: row[3].clone(),
        city: city_of(&row[0], &names).to_owned(),
    };
    Some(Stations::new(rows.iter().map(station).collect()).unwrap())
}

fn services(stations: &Stations) -> Option<Vec<Service>> {
    let rows = rows("hsr_stops.csv")?;
    let calendar = Calendar::new(Weekdays::ALL, date(2026, 1, 1), date(2026, 12, 31)).unwrap();
    let call = |(row, km): (&Vec<String>, u32)| {
        let time = |text: &str| text.parse().ok();
        Call { station: stations.named(&row[3]).unwrap().code, arrives: time(&row[4]), departs: time(&row[5]), km }
    };
    let service = |rows: &[Vec<String>]| {
        let calls: Vec<Call> = rows.iter().zip(0..).map(call).collect();
        let train = Train::from_calls(&rows[0][1], &calls).unwrap_or_else(|error| panic!("{}: {error}", rows[0][1]));
        Service { train, calendar: calendar.clone() }
    };
    Some(rows.chunk_by(|one, other| one[0] == other[0]).map(service).collect())
}

#[test]
fn every_service_can_be_written_down_with_its_nights() {
    let Some(stations) = stations() else { return };
    let Some(services) = services(&stations) else { return };
    assert_eq!((stations.all().len(), services.len()), (672, 4_458));
    let stops: usize = services.iter().map(|service| service.train.stops().len()).sum();
    let longest = services.iter().map(|service| service.train.stop_count()).max();
    assert_eq!((stops, longest), (34_647, Some(38)));
    let over_midnight = services.iter().filter(|service| service.train.midnights() > 0).count();
    eprintln!("{over_midnight} services are under way over midnight");
    assert_eq!(over_midnight, 101);
    assert!(services.iter().all(|service| service.train.midnights() <= 1));
    // Whoever boards at any stop on a date boards a run that exists, and arrives when the timetable says.
    let timetable = Timetable::new(services, &stations);
    let today = date(2026, 6, 1);
    assert_eq!(timetable.runs(today).count(), 4_458);
    for (number, service) in timetable.services().iter().enumerate() {
        for (from, to) in (0..service.train.stop_count()).zip(1..service.train.stop_count()) {
            let ride = timetable.on(number, Stretch::new(from, to).unwrap(), today, 0).unwrap();
            assert!(ride.departs < u32::from(DAY) && ride.minutes() < 24 * 60, "{}", service.train.number());
        }
    }
}

#[test]
fn real_stations_are_found_and_connected() {
    let Some(stations) = stations() else { return };
    let Some(services) = services(&stations) else { return };
    let names = |query| stations.search(query, 5).iter().map(|(_, station)| station.name.clone()).collect::<Vec<_>>();
    assert_eq!(names("beijing")[..3], ["北京", "北京西", "北京南"]);
    assert_eq!(names("AOH"), ["上海虹桥"]);
    assert!(stations.all().iter().all(|station| stations.search(&station.name, 1)[0].1 == station));
    let by_pinyin = |station: &&Station| stations.search(&station.pinyin, 20).iter().any(|(_, found)| found == station);
    assert_eq!(stations.all().iter().filter(by_pinyin).count(), 672);
    assert!(stations.search("bjn", 3).iter().any(|(found, station)| *found == Found::Name && station.name == "北京南"));

    let timetable = Timetable::new(services, &stations);
    let of_city = |name: &str| stations.of_city(stations.named(name).unwrap().code).to_vec();
    let today = date(2026, 6, 1);
    let direct = timetable.direct(&of_city("北京"), &of_city("上海虹桥"), today);
    assert!(direct.len() > 20 && direct.is_sorted_by_key(|ride| ride.departs), "{}", direct.len());
    let change = timetable.with_change(&of_city("北京"), &of_city("贵阳北"), today, Change::default(), 20);
    assert!(!change.is_empty());
    for journey in &change {
        let least = if journey.first.to() == journey.second.from() { 20 } else { 90 };
        assert!((least..=240).contains(&journey.wait()));
    }
}
