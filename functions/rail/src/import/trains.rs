//! The file of trains: a line for each stop, the stops of a service below each other in their order.

use std::collections::{BTreeMap, BTreeSet};

use domain::rail::{
    calendar::{Calendar, Weekdays},
    network::Network,
    station::{Stations, Telecode},
    timetable::Service,
    train::{Call, TimeOfDay, Train, TrainError},
};
use jiff::civil::{Date, Weekday};

use super::{
    Wrong,
    table::{Column, Row, Table, needed, optional},
};

const COLUMNS: [Column; 12] = [
    optional("service"),
    needed("train"),
    optional("seq"),
    needed("station"),
    Column { name: "arrive", also: &["arrival"], needed: true },
    Column { name: "depart", also: &["departure"], needed: true },
    optional("km"),
    optional("days"),
    optional("from"),
    optional("to"),
    optional("without"),
    optional("also"),
];

/// Services with their names.
pub(crate) type Services = Vec<(String, Service)>;

/// Reads trains. A service that does not say on which days it runs does so on the usual ones.
pub(crate) fn read(text: &str, stations: &Stations, usual: &Calendar) -> Result<Services, Vec<Wrong>> {
    let table = Table::read(text, &COLUMNS)?;
    let rows: Vec<Row<'_>> = table.rows().collect();
    let mut wrong = Vec::new();
    if rows.len() > Network::MAX_STOPS {
        return Err(vec![Wrong::line(1, format_args!("there are more than {} stops", Network::MAX_STOPS))]);
    }
    let (mut services, mut begun) = (Services::new(), BTreeMap::new());
    for stops in rows.chunk_by(|one, other| name_of(one) == name_of(other)) {
        let Some(first) = stops.first() else { continue };
        let Some(name) = name_of(first) else {
            let lines = stops.iter().map(|row| Wrong::at(row.line, "train", "is missing"));
            wrong.extend(lines);
            continue;
        };
        if name.chars().count() > Network::MAX_NAME {
            wrong.push(Wrong::at(
                first.line,
                "service",
                format_args!("must have at most {} characters", Network::MAX_NAME),
            ));
        }
        if let Some(line) = begun.insert(name, first.line) {
            wrong.push(Wrong::at(first.line, "service", format_args!("{name} is on line {line} already")));
        }
        let service = service(stops, stations, usual, &mut wrong);
        services.extend(service.map(|service| (name.to_owned(), service)));
    }
    if services.len() > Network::MAX_SERVICES {
        wrong.push(Wrong::line(1, format_args!("there are more than {} services", Network::MAX_SERVICES)));
    }
    if wrong.is_empty() { Ok(services) } else { Err(wrong) }
}

/// What a service is called: by a column of its own, or as its train.
fn name_of<'t>(row: &Row<'t>) -> Option<&'t str> {
    row.text("service").or_else(|| row.text("train"))
}

fn service(rows: &[Row<'_>], stations: &Stations, usual: &Calendar, wrong: &mut Vec<Wrong>) -> Option<Service> {
    let before = wrong.len();
    let first = rows.first()?;
    let number = first.needed::<String>("train", wrong);
    let mut calls = Vec::with_capacity(rows.len());
    let mut last = None;
    for row in rows {
        if row.text("train").is_some() && row.text("train") != first.text("train") {
            wrong.push(Wrong::at(row.line, "train", "is another than on the line before, of the same service"));
        }
        // Timetables leave numbers out where a stop was given up, so only the order counts.
        let seq = row.number("seq", wrong);
        if let (Some(last), Some(seq)) = (last, seq)
            && seq <= last
        {
            wrong.push(Wrong::at(row.line, "seq", format_args!("must be more than {last}")));
        }
        last = seq.or(last);
        calls.extend(call(row, stations, wrong));
    }
    let calendar = calendar(first, usual, wrong);
    if wrong.len() > before {
        return None;
    }
    match Train::from_calls(&number?, &calls) {
        Ok(train) => Some(Service { train, calendar: calendar? }),
        Err(error) => {
            wrong.push(explain(&error, rows));
            None
        }
    }
}

fn call(row: &Row<'_>, stations: &Stations, wrong: &mut Vec<Wrong>) -> Option<Call> {
    let station = row.needed::<String>("station", wrong);
    let station = station.and_then(|text| {
        let found = station_of(&text, stations);
        if found.is_none() {
            wrong.push(Wrong::at(row.line, "station", format_args!("{text} is no station")));
        }
        found
    });
    let mut time = |column| {
        let before = wrong.len();
        let time = row.value::<TimeOfDay>(column, wrong);
        (time, wrong.len() == before)
    };
    let ((arrives, is_good), (departs, is_too)) = (time("arrive"), time("depart"));
    let before = wrong.len();
    let km = row.number("km", wrong).unwrap_or_default();
    (is_good && is_too && wrong.len() == before).then_some(Call { station: station?, arrives, departs, km })
}

fn station_of(text: &str, stations: &Stations) -> Option<Telecode> {
    let by_code = || stations.get(text.parse().ok()?);
    stations.named(text).or_else(by_code).map(|station| station.code)
}

/// The line that an error of a train is about.
fn explain(error: &TrainError, rows: &[Row<'_>]) -> Wrong {
    let line = |stop: u16| rows.get(usize::from(stop).saturating_sub(1)).or(rows.first()).map_or(0, |row| row.line);
    match error {
        TrainError::Number => Wrong::at(line(1), "train", error),
        TrainError::Stops | TrainError::TooLong => Wrong::line(line(1), error),
        TrainError::NoTime(stop) if *stop == 1 => Wrong::at(line(1), "depart", "is missing"),
        TrainError::NoTime(stop) => {
            let row = rows.get(usize::from(*stop) - 1);
            let column = if row.is_some_and(|row| row.text("arrive").is_none()) { "arrive" } else { "depart" };
            Wrong::at(line(*stop), column, "is missing")
        }
        TrainError::Backwards(stop) => Wrong::at(line(*stop), "arrive", "is earlier than the stop before"),
        TrainError::Nearer(stop) => Wrong::at(line(*stop), "km", "is nearer than the stop before"),
    }
}

/// When the service runs, as its first line says: days of the week as digits from 1, Monday; dates between blanks.
fn calendar(row: &Row<'_>, usual: &Calendar, wrong: &mut Vec<Wrong>) -> Option<Calendar> {
    let before = wrong.len();
    let days = match row.text("days").map(weekdays) {
        Some(Some(days)) => days,
        Some(None) => {
            wrong.push(Wrong::at(row.line, "days", "must be digits from 1 (Monday) to 7"));
            return None;
        }
        None => usual.weekdays(),
    };
    let from = row.value::<Date>("from", wrong).unwrap_or(usual.span().0);
    let to = row.value::<Date>("to", wrong).unwrap_or(usual.span().1);
    let (without, also) = (dates(row, "without", wrong), dates(row, "also", wrong));
    if wrong.len() > before {
        return None;
    }
    let calendar = Calendar::new(days, from, to).and_then(|calendar| calendar.except(without, also));
    calendar.map_err(|error| wrong.push(Wrong::at(row.line, "to", error))).ok()
}

fn weekdays(text: &str) -> Option<Weekdays> {
    let day = |digit: char| Weekday::from_monday_one_offset(i8::try_from(digit.to_digit(10)?).ok()?).ok();
    text.chars().map(day).collect()
}

fn dates(row: &Row<'_>, column: &'static str, wrong: &mut Vec<Wrong>) -> BTreeSet<Date> {
    let mut dates = BTreeSet::new();
    for text in row.text(column).unwrap_or_default().split_whitespace() {
        match text.parse() {
            Ok(date) => drop(dates.insert(date)),
            Err(_) => wrong.push(Wrong::at(row.line, column, format_args!("{text} is no date"))),
        }
    }
    dates
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn read(text: &str) -> Result<Services, Vec<String>> {
        let stations = super::super::stations::read("name,telecode\n甲,AAA\n乙,BBB\n丙,CCC\n").unwrap();
        let usual = Calendar::new(Weekdays::ALL, date(2026, 1, 1), date(2026, 12, 31)).unwrap();
        let told = |wrong: Wrong| format!("{} {}", wrong.place("t"), wrong.reason);
        super::read(text, &stations, &usual).map_err(|wrong| wrong.into_iter().map(told).collect())
    }

    #[test]
    fn services_are_read_with_their_nights_and_days() {
        let text = "service,train,seq,station,arrive,depart,km,days,from,to,without,also\n\
            1,D1,1,甲,,22:00,0,67,2026-05-01,2026-06-30,2026-05-02 2026-05-03,2026-07-01\n\
            1,D1,2,BBB,00:10,00:12,120,,,,,\n\
            1,D1,3,丙,07:00,,300,,,,,\n\
            2,G1,1,甲,,08:00,0,,,,,\n\
            2,G1,2,丙,10:00,,300,,,,,\n";
        let services = read(text).unwrap();
        let (name, night) = &services[0];
        assert_eq!((name.as_str(), night.train.number(), night.train.midnights()), ("1", "D1", 1));
        assert_eq!(night.train.km(), [0, 120, 300]);
        let days: Vec<_> = night.calendar.dates(date(2026, 5, 1), date(2026, 5, 10)).map(Date::day).collect();
        assert_eq!(days, [9, 10]);
        assert!(night.calendar.runs_on(date(2026, 7, 1)));
        assert!(services[1].1.calendar.runs_on(date(2026, 12, 31)));
        let plain = read("train,station,arrive,depart\nG1,甲,,08:00\nG1,乙,09:00,\nG2,乙,,08:00\nG2,甲,09:00,\n");
        assert_eq!(plain.unwrap().iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["G1", "G2"]);
    }

    #[test]
    fn every_wrong_place_is_told_by_line_and_column() {
        let heading = "train,seq,station,arrive,depart,km";
        let check = |lines: &str, expected: &[&str]| {
            assert_eq!(read(&format!("{heading}\n{lines}\n")).unwrap_err(), expected, "{lines}");
        };
        let last = "G1,2,乙,09:00,,5";
        check(&format!("G1,1,丁,,08:00,0\n{last}"), &["t[2].station 丁 is no station"]);
        check(&format!("G1,1,甲,,25:00,0\n{last}"), &["t[2].depart must be a time of day from 00:00 to 23:59"]);
        check(&format!("G1,1,甲,,,0\n{last}"), &["t[2].depart is missing"]);
        check("G1,1,甲,,08:00,0\nG1,2,乙,09:00,,0\nG1,3,丙,10:00,,0", &["t[3].depart is missing"]);
        check("G1,1,甲,,08:00,0\nG1,2,乙,,09:00,0\nG1,3,丙,10:00,,0", &["t[3].arrive is missing"]);
        check("G1,1,甲,,08:00,9\nG1,2,乙,09:00,,5", &["t[3].km is nearer than the stop before"]);
        check("G1,3,甲,,08:00,0\nG1,3,乙,09:00,,5", &["t[3].seq must be more than 3"]);
        check("G1,1,甲,,08:00,0", &["t[2] must have 2 to 128 stops"]);
        check(",1,甲,,08:00,0", &["t[2].train is missing"]);
        let twice = format!("G1,1,甲,,08:00,0\n{last}\nG2,1,甲,,08:00,0\nG2,2,乙,09:00,,5\nG1,1,甲,,08:00,0\n{last}");
        check(&twice, &["t[6].service G1 is on line 2 already"]);
        check(
            "G1,1,丁,,8,x\nG2,1,戊,,08:00,0",
            &[
                "t[2].station 丁 is no station",
                "t[2].depart must be a time of day from 00:00 to 23:59",
                "t[2].km must be a whole number",
                "t[3].station 戊 is no station",
            ],
        );
    }

    #[test]
    fn days_are_told_in_digits_and_dates() {
        let check = |days: &str, expected: &[&str]| {
            let text = format!(
                "train,station,arrive,depart,days,from,to,without,also\nG1,甲,,08:00,{days}\nG1,乙,09:00,,,,,,\n"
            );
            assert_eq!(read(&text).err().unwrap_or_default(), expected, "{days}");
        };
        check("1234567,,,,", &[]);
        check("8,,,,", &["t[2].days must be digits from 1 (Monday) to 7"]);
        check(",2026-05-02,2026-05-01,,", &["t[2].to must end on the day it begins or later"]);
        check(",,,x,2026-13-01", &["t[2].without x is no date", "t[2].also 2026-13-01 is no date"]);
    }
}
