use jiff::civil::{Weekday, date};

use super::*;
use crate::rail::{calendar::Weekdays, station::tests::stations, train::tests::train};

fn codes(text: &str) -> Vec<Telecode> {
    text.split(' ').map(|code| code.parse().unwrap()).collect()
}

fn monday() -> Date {
    date(2026, 6, 1)
}

fn service(number: &str, days: Weekdays, lines: &[&str]) -> Service {
    let calendar = Calendar::new(days, date(2026, 1, 1), date(2026, 12, 31)).unwrap();
    Service { train: train(number, lines).unwrap(), calendar }
}

fn timetable() -> Timetable {
    let mondays: Weekdays = [Weekday::Monday].into_iter().collect();
    let services = vec![
        service("G1", Weekdays::ALL, &["VNP - 09:00", "JNK 10:30 10:32", "NKH 12:30 12:32", "AOH 13:40 -"]),
        service("G3", mondays, &["VNP - 08:00", "AOH 12:30 -"]),
        service("D7", Weekdays::ALL, &["BJP - 21:00", "JNK 23:50 23:55", "NJH 05:00 05:10", "SHH 07:00 -"]),
        service("C2", Weekdays::ALL, &["TXP - 09:20", "JNK 10:40 10:45", "NKH 13:00 -"]),
        service("K5", Weekdays::ALL, &["JNK - 10:52", "XAY 18:00 -"]),
        service("K7", Weekdays::ALL, &["NJH - 14:00", "XAY 17:30 -"]),
        service("K9", mondays, &["JNK - 00:20", "XAY 06:00 -"]),
    ];
    Timetable::new(services, &stations())
}

fn direct(from: &str, to: &str, date: Date) -> Vec<(String, u32, u32)> {
    let timetable = timetable();
    let rides = timetable.direct(&codes(from), &codes(to), date);
    rides.iter().map(|ride| (ride.run.train.number().to_owned(), ride.departs, ride.arrives)).collect()
}

#[test]
fn trains_between_two_cities_come_by_departure() {
    let names = |date| direct("BJP VNP BXP", "AOH SHH", date).into_iter().map(|ride| ride.0).collect::<Vec<_>>();
    assert_eq!(names(monday()), ["G3", "G1", "D7"]);
    assert_eq!(names(date(2026, 6, 2)), ["G1", "D7"], "G3 runs on Mondays");
    assert_eq!(direct("AOH", "VNP", monday()), [], "nobody runs backwards");
    assert_eq!(direct("ZZZ", "VNP", monday()), []);
}

#[test]
fn what_is_opened_for_sale_are_the_trains_that_set_out() {
    let timetable = timetable();
    let numbers = |date| timetable.runs(date).map(|(_, run)| run.train.number().to_owned()).collect::<Vec<_>>();
    assert_eq!(numbers(monday()), ["G1", "G3", "D7", "C2", "K5", "K7", "K9"]);
    assert_eq!(numbers(date(2026, 6, 2)), ["G1", "D7", "C2", "K5", "K7"]);
    assert_eq!(numbers(date(2027, 1, 1)), Vec::<String>::new());
}

#[test]
fn a_train_boarded_after_midnight_set_out_the_day_before() {
    assert_eq!(direct("NJH", "SHH", monday()), [("D7".to_owned(), 310, 420)]);
    let timetable = timetable();
    let rides = timetable.direct(&codes("NJH"), &codes("SHH"), monday());
    assert_eq!(rides[0].run.date, date(2026, 5, 31));
    assert_eq!(direct("NJH", "SHH", date(2026, 1, 1)), [], "it first sets out that evening");
    assert_eq!(direct("NJH", "SHH", date(2027, 1, 1)).len(), 1, "it set out on the last day");
    assert_eq!(direct("BJP", "SHH", monday()), [("D7".to_owned(), 1_260, 1_860)]);
}

fn journeys(from: &str, to: &str, date: Date, change: Change) -> Vec<(String, String, u32, u32)> {
    let timetable = timetable();
    let journeys = timetable.with_change(&codes(from), &codes(to), date, change, 10);
    let line = |journey: &Journey<'_>| {
        let number = |ride: Ride<'_>| ride.run.train.number().to_owned();
        (number(journey.first), number(journey.second), journey.wait(), journey.minutes())
    };
    journeys.iter().map(line).collect()
}

#[test]
fn a_change_takes_its_time_and_longer_across_a_city() {
    let suggested = |same_station, across_city| {
        let change = Change { same_station, across_city, longest: 240 };
        let journeys = journeys("VNP", "XAY", date(2026, 6, 2), change);
        journeys.into_iter().map(|(first, second, wait, _)| format!("{first} {second} {wait}")).collect::<Vec<_>>()
    };
    assert_eq!(suggested(20, 90), ["G1 K7 90"], "from 南京南 to 南京, just in time; arrives before K5");
    assert_eq!(suggested(20, 91), ["G1 K5 22"]);
    assert_eq!(suggested(23, 91), Vec::<String>::new());
}

#[test]
fn a_change_may_wait_over_midnight() {
    let change = Change { same_station: 20, ..Change::default() };
    let found = journeys("BJP", "XAY", date(2026, 5, 31), change);
    assert_eq!(found, [("D7".to_owned(), "K9".to_owned(), 30, 540)], "K9 leaves on Monday at 00:20");
    assert_eq!(journeys("BJP", "XAY", monday(), change), [], "and not on Tuesday");
    assert_eq!(journeys("BJP", "XAY", date(2026, 5, 31), Change { longest: 29, ..change }), []);
}

#[test]
fn no_suggestion_is_worse_than_another_in_both_respects() {
    let found = journeys("TXP VNP", "XAY", date(2026, 6, 2), Change { across_city: 60, ..Change::default() });
    assert_eq!(found.len(), 1, "{found:?}: C2 leaves later and reaches the same train");
    assert_eq!(found[0].0, "C2");
}

/// Every journey with one change, found by trying every pair of trains and stops.
fn by_trying(timetable: &Timetable, from: Telecode, to: Telecode, date: Date, change: Change) -> BTreeSet<(u32, u32)> {
    let mut found = Vec::new();
    let all = || 0..timetable.services().len();
    let stops = |service: usize| timetable.services()[service].train.stop_count();
    let stretches = |service: usize| {
        (0..stops(service)).flat_map(move |a| (a + 1..stops(service)).map(move |b| Stretch::new(a, b).unwrap()))
    };
    let rides = |service: usize, day: u32| {
        stretches(service).filter_map(move |stretch| timetable.on(service, stretch, date, day))
    };
    for first in all().flat_map(|service| rides(service, 0)).filter(|ride| ride.from() == Some(from)) {
        let board = timetable.cities[&first.to().unwrap()].clone();
        if first.to() == Some(to) {
            continue;
        }
        for second in all()
            .filter(|other| *other != first.service)
            .flat_map(|other| (0..4).flat_map(move |day| rides(other, day)))
        {
            let least = if second.from() == first.to() { change.same_station } else { change.across_city };
            let wait = i64::from(second.departs) - i64::from(first.arrives);
            let is_near =
                board.contains(&second.from().unwrap()) && second.from() != Some(to) && second.to() == Some(to);
            if is_near && (i64::from(least)..=i64::from(change.longest)).contains(&wait) {
                found.push((first.departs, second.arrives));
            }
        }
    }
    let is_worse = |one: &(u32, u32), other: &(u32, u32)| one != other && other.0 >= one.0 && other.1 <= one.1;
    found.iter().copied().filter(|one| !found.iter().any(|other| is_worse(one, other))).collect()
}

#[test]
fn suggestions_are_those_that_trying_every_pair_finds() {
    let seed = fastrand::u64(..);
    eprintln!("seed {seed}");
    let mut chance = fastrand::Rng::with_seed(seed);
    let stations = stations();
    let mut several = 0;
    for round in 0..150 {
        let services = (0..14).map(|number| {
            let count = chance.usize(2..6);
            // On the hour, so that trains often leave at the same time.
            let mut minute = chance.u16(..24) * 60;
            let mut picked: Vec<Telecode> = stations.all().iter().map(|station| station.code).collect();
            chance.shuffle(&mut picked);
            let mut stops = Vec::new();
            for station in picked.into_iter().take(count) {
                let arrives = minute + chance.u16(1..7) * 60;
                minute = arrives + chance.u16(..2) * 60;
                stops.push(crate::rail::train::Stop { station, arrives, departs: minute, km: 0 });
            }
            let days: Weekdays = [Weekday::Monday, Weekday::Tuesday].into_iter().take(chance.usize(1..=2)).collect();
            let days = if chance.bool() { Weekdays::ALL } else { days };
            let calendar = Calendar::new(days, date(2026, 1, 1), date(2026, 12, 31)).unwrap();
            Service { train: Train::new(&format!("X{number}"), stops).unwrap(), calendar }
        });
        let timetable = Timetable::new(services.collect(), &stations);
        let change = Change { same_station: 20, across_city: 90, longest: 600 };
        let (from, to) = (codes("BJP")[0], codes("XAY")[0]);
        let quick: Vec<_> = timetable.with_change(&[from], &[to], monday(), change, 99);
        let quick: BTreeSet<_> = quick.iter().map(|journey| (journey.first.departs, journey.second.arrives)).collect();
        if timetable.calls.contains_key(&from) {
            several += usize::from(quick.len() > 1);
            assert_eq!(quick, by_trying(&timetable, from, to, monday(), change), "seed {seed}, round {round}");
        }
    }
    assert!(several > 0, "seed {seed}: nothing was tried");
}
