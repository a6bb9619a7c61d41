//! A whole railway: its timetable is imported, a day of its runs is opened, and journeys are searched for.

mod report;

use std::{collections::BTreeMap, fs, path::Path};

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

pub(crate) use report::write;

use crate::{
    Outcome,
    latency::Latencies,
    metrics::Units,
    say,
    shop::{Shop, text, tomorrow},
};

/// The files of a timetable, within its folder.
const STATIONS: &str = "hsr_stations.csv";
const STOPS: &str = "hsr_stops.csv";

/// Rows of a coach of first class, four seats each.
const FIRST_ROWS: u32 = 13;
/// Rows of a coach of second class, five seats each.
const SECOND_ROWS: u32 = 17;
/// Coaches of second class, beside one of first class.
const SECOND_COACHES: u32 = 7;

/// Journeys are searched for from each of the stations at which most trains call to each other.
const BUSIEST: usize = 24;
/// How often an opening is asked how far it is.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

/// What was measured of a railway.
#[derive(Clone, Debug)]
pub(crate) struct Railway {
    imported: Imported,
    /// The import, and the same once more, which is another version of the same.
    imports: [Spent; 2],
    opened: Opened,
    opening: Spent,
    /// The first search, by a process that knows the timetable, for it made the runs, and of no run what is left.
    first: Duration,
    searches: [Searches; 2],
}

/// What an import answers.
#[derive(Clone, Debug, Deserialize)]
struct Imported {
    stations: usize,
    services: usize,
    stops: usize,
}

/// How far an opening is.
#[derive(Clone, Debug, Deserialize)]
struct Opened {
    status: String,
    opened: u32,
}

/// What something took.
#[derive(Clone, Debug)]
struct Spent {
    time: Duration,
    /// Processor time of the program.
    cpu_secs: f64,
    units: Units,
}

/// Searches of one kind, one after the other.
#[derive(Clone, Debug)]
struct Searches {
    latencies: Latencies,
    /// Of each.
    cpu_ms: f64,
    /// Of each.
    read_units: f64,
    /// Trains that were found in all, and journeys with a change.
    found: (u64, usize),
}

/// Measures everything with the timetable of a folder.
pub(crate) async fn measure(shop: &Shop, folder: &Path) -> Outcome<Railway> {
    let [stations, stops] = [STATIONS, STOPS].map(|name| fs::read_to_string(folder.join(name)));
    let (stations, stops) = (stations?, stops?);
    let files = json!({"stations": stations, "trains": stops});

    say("importing the timetable");
    let import = async || shop.as_admin("/api/admin/rail/import", &files).await;
    let (imported, once) = spent(shop, import).await?;
    let (_, again) = spent(shop, import).await?;

    say("opening a day of its runs");
    let day = tomorrow()?;
    let (opened, opening) = spent(shop, async || open(shop, day).await).await?;

    say("searching for journeys");
    let pairs = pairs(&stations, &stops);
    let path = |(from, to): &(String, String), transfers: u8| {
        format!("/api/rail/runs?tenantId=demo&from={from}&to={to}&date={day}&transfers={transfers}")
    };
    let began = Instant::now();
    search(shop, [path(&pairs[0], 0)].into_iter()).await?;
    let first = began.elapsed();
    let direct = search(shop, pairs.iter().map(|pair| path(pair, 0))).await?;
    let with_change = search(shop, pairs.iter().map(|pair| path(pair, 1))).await?;

    let imported = serde_json::from_value(imported)?;
    Ok(Railway { imported, imports: [once, again], opened, opening, first, searches: [direct, with_change] })
}

/// Opens every train of a day, and waits until it is done.
async fn open(shop: &Shop, day: Date) -> Outcome<Opened> {
    let asked = json!({
        "from": day,
        "templates": [{
            "name": "day",
            "coaches": [
                {"first": 1, "class": "first", "layout": "2+2", "rows": FIRST_ROWS},
                {"first": 2, "last": 1 + SECOND_COACHES, "class": "second", "layout": "3+2", "rows": SECOND_ROWS},
            ],
            // The timetable does not tell how far it is from one stop to the next.
            "fares": [{"class": "first", "base": 16_000}, {"class": "second", "base": 10_000}],
            "saleStarts": {"daysBefore": 14},
        }],
        "trains": [{"template": "day"}],
    });
    let opening: Value = shop.as_admin("/api/admin/rail/runs", &asked).await?;
    let path = format!("/api/admin/rail/openings/{}", text(&opening["id"])?);
    loop {
        let opened: Opened = serde_json::from_value(shop.ask_admin(&path).await?)?;
        if opened.status == "done" {
            return Ok(opened);
        }
        sleep(BETWEEN_LOOKS).await;
    }
}

/// Does something until nothing is left to be done.
async fn spent<T>(shop: &Shop, doing: impl AsyncFnOnce() -> Outcome<T>) -> Outcome<(T, Spent)> {
    shop.at_rest().await?;
    let (units, cpu, began) = (shop.units().await?, shop.program.cpu_secs()?, Instant::now());
    let done = doing().await?;
    let time = began.elapsed();
    shop.at_rest().await?;
    let (units, cpu_secs) = (shop.units().await? - units, shop.program.cpu_secs()? - cpu);
    Ok((done, Spent { time, cpu_secs, units }))
}

/// Asks for journeys, one after the other.
async fn search(shop: &Shop, paths: impl Iterator<Item = String>) -> Outcome<Searches> {
    let mut buyers = shop.take(1);
    let (mut latencies, mut found) = (Latencies::default(), (0, 0));
    let (units, cpu) = (shop.units().await?, shop.program.cpu_secs()?);
    for path in paths {
        let asked = Instant::now();
        let answer: Value = buyers[0].look(&path).await?.data()?;
        latencies.add(asked.elapsed());
        found.0 += answer["total"].as_u64().unwrap_or_default();
        found.1 += answer["transfers"].as_array().map_or(0, Vec::len);
    }
    shop.put_back(buyers);
    let count = f64::from(u32::try_from(latencies.count())?.max(1));
    let cpu_ms = (shop.program.cpu_secs()? - cpu) * 1_000.0 / count;
    let read_units = (shop.units().await? - units).read() / count;
    Ok(Searches { latencies, cpu_ms, read_units, found })
}

/// The telecodes of the busiest stations, each with each other.
fn pairs(stations: &str, stops: &str) -> Vec<(String, String)> {
    let codes: BTreeMap<&str, &str> = stations.lines().skip(1).filter_map(|line| fields(line, [0, 1])).collect();
    let mut calls = BTreeMap::<&str, usize>::new();
    for (_, station) in stops.lines().skip(1).filter_map(|line| fields(line, [1, 3])) {
        *calls.entry(station).or_default() += 1;
    }
    let mut busiest: Vec<(&str, usize)> = calls.into_iter().collect();
    busiest.sort_by_key(|(_, calls)| std::cmp::Reverse(*calls));
    let codes: Vec<&str> = busiest.iter().filter_map(|(name, _)| codes.get(name).copied()).take(BUSIEST).collect();
    let pairs = codes.iter().flat_map(|from| codes.iter().map(move |to| (*from, *to)));
    pairs.filter(|(from, to)| from != to).map(|(from, to)| (from.to_owned(), to.to_owned())).collect()
}

/// Two columns of a line of a file whose values have no commas.
fn fields(line: &str, [one, other]: [usize; 2]) -> Option<(&str, &str)> {
    let value = |place| line.split(',').nth(place);
    value(one).zip(value(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journeys_are_from_each_of_the_busiest_stations_to_each_other() {
        let stations = "name,telecode\n北,BBB\n南,NNN\n西,WWW\n";
        let stops = "service,train,seq,station\n0,G1,1,南\n0,G1,2,北\n1,G2,1,南\n1,G2,2,东\n";
        let both = [("NNN", "BBB"), ("BBB", "NNN")].map(|(from, to)| (from.to_owned(), to.to_owned()));
        assert_eq!(pairs(stations, stops), both);
    }
}
