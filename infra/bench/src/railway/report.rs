//! What was measured of a railway, as people read it.

use std::fmt::Write as _;

use super::{FIRST_ROWS, Railway, SECOND_COACHES, SECOND_ROWS, Searches, Spent};
use crate::report::{both, by_table, round, units_of};

/// Writes it all.
pub(crate) fn write(railway: &Railway) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = made(&mut text, railway);
    let _ = searched(&mut text, railway);
    text
}

fn made(text: &mut String, railway: &Railway) -> std::fmt::Result {
    let Railway { imported, imports, opened, opening, .. } = railway;
    let rows = FIRST_ROWS + SECOND_COACHES * SECOND_ROWS;
    let seats = FIRST_ROWS * 4 + SECOND_COACHES * SECOND_ROWS * 5;
    writeln!(
        text,
        "The program is `onsale --demo` as it is built for release, with its data in a folder. Runs have {} coaches in two \
         classes, {rows} rows with {seats} seats; a row is an item.\n",
        1 + SECOND_COACHES
    )?;
    writeln!(
        text,
        "| what | s | processor time, s | write units | of them by table | read units |\n|---|---|---|---|---|---|"
    )?;
    let mut line = |what: &str, Spent { time, cpu_secs, units }: &Spent| {
        let (written, tables, read) = (units_of(units.written()), by_table(units), units_of(units.read()));
        writeln!(text, "| {what} | {:.1} | {cpu_secs:.1} | {written} | {tables} | {read} |", time.as_secs_f64())
    };
    let of = format!("{} stations, {} services, {} stops", imported.stations, imported.services, imported.stops);
    line(&format!("import of {of}"), &imports[0])?;
    line("the same once more", &imports[1])?;
    let items = format!("{} runs, {} rows of seats", opened.opened, u64::from(opened.opened) * u64::from(rows));
    line(&format!("opening a day: {items}"), opening)?;
    let per_second = f64::from(opened.opened) / opening.time.as_secs_f64().max(f64::MIN_POSITIVE);
    writeln!(text, "\nThat is {} runs a second.\n", round(per_second))
}

fn searched(text: &mut String, railway: &Railway) -> std::fmt::Result {
    let Railway { first, searches: [direct, with_change], .. } = railway;
    writeln!(
        text,
        "Searches from each of the {} busiest stations to each other, one after the other, a page of twenty with what is left of \
         each class; the first of all took {} ms:\n",
        super::BUSIEST,
        first.as_millis()
    )?;
    writeln!(
        text,
        "| search | how many | trains found of each | journeys with a change | p50 / p99, ms | processor time, ms | read units |\n\
         |---|---|---|---|---|---|---|"
    )?;
    for (what, searches) in [("direct", direct), ("with a change of trains", with_change)] {
        let Searches { latencies, cpu_ms, read_units, found: (trains, journeys) } = searches;
        let each = |sum: f64| sum / f64::from(u32::try_from(latencies.count()).unwrap_or(u32::MAX).max(1));
        let count = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        let (trains, journeys) = (each(count(*trains)), each(count(u64::try_from(*journeys).unwrap_or(u64::MAX))));
        writeln!(
            text,
            "| {what} | {} | {trains:.1} | {journeys:.1} | {} | {cpu_ms:.1} | {} |",
            latencies.count(),
            both(latencies),
            units_of(*read_units)
        )?;
    }
    Ok(())
}
