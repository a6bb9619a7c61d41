//! The report, in Markdown.

use std::fmt::Write as _;

use crate::{
    Extent,
    latency::Latencies,
    metrics::Units,
    numbered::Claims,
    purchase::{Purchases, STEPS},
    rush::Rush,
    steady::Holds,
    units::Flow,
    warm::Cost,
};

/// What was measured of the sale of tickets by one program.
#[derive(Clone, Debug)]
pub(crate) struct Sale {
    pub(crate) units: Vec<Flow>,
    pub(crate) purchases: [Purchases; 2],
    pub(crate) warm: Vec<Cost>,
    pub(crate) steady: Vec<Holds>,
    pub(crate) rush: Rush,
}

/// What was measured of numbered seats, and of waiting in line.
#[derive(Clone, Debug)]
pub(crate) struct Seated {
    pub(crate) numbered: Vec<Claims>,
    /// From a release until whoever waits is served.
    pub(crate) waiting: Latencies,
}

/// Purchases in a second that were promised, and sold-out answers.
const PURCHASES_TARGET: f64 = 1_000.0;
const SOLD_OUT_TARGET: f64 = 20_000.0;

/// Writes what was measured of the sale.
pub(crate) fn write_sale(folder: &Sale, memory: &Sale, extent: Extent) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = rates(&mut text, folder, memory, extent);
    let _ = steps(&mut text, folder, memory);
    let _ = units(&mut text, folder);
    let _ = warm(&mut text, folder, memory);
    let _ = steady(&mut text, folder);
    text
}

/// Writes what was measured of numbered seats.
pub(crate) fn write_seated(folder: &Seated, memory: &Seated) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = numbered(&mut text, folder, memory);
    let _ = waiting(&mut text, folder, memory);
    text
}

fn rates(text: &mut String, folder: &Sale, memory: &Sale, extent: Extent) -> std::fmt::Result {
    writeln!(
        text,
        "{} buyers, each with a connection that is kept open, ask again as soon as they are answered; they are one process \
         of one thread on the same cores. The program is `onsale --demo` as it is built for release, with everything else \
         left as it is: it logs every request (to a file), checks every grant, and keeps its data in a folder, safe from \
         the end of the process. The second column is the same with `--data :memory:`. Purchases were counted for {} s, \
         sold-out answers likewise.\n",
        extent.buyers,
        extent.count_for.as_secs()
    )?;
    writeln!(text, "| figure | data in a folder | in memory | target |\n|---|---|---|---|")?;
    let mut row = |name: &str, of: &dyn Fn(&Sale) -> String, target: &str| {
        writeln!(text, "| {name} | {} | {} | {target} |", of(folder), of(memory))
    };
    let target = format!("≥ {PURCHASES_TARGET}");
    row("whole purchases of one ticket, per second", &|it| round(it.purchases[0].per_second), &target)?;
    row("whole purchases of two tickets, per second", &|it| round(it.purchases[1].per_second), "")?;
    row("… processor time of one of two tickets: program + load generator, ms", &|it| cpu(&it.purchases[1]), "")?;
    row("… of one ticket, ms", &|it| cpu(&it.purchases[0]), "")?;
    row(&format!("{} tickets in orders of 1 to 4 until all were held, s", extent.rush), &|it| secs(&it.rush), "")?;
    row("… holds per second", &|it| round(holds_per_second(&it.rush)), "")?;
    row("… a hold, p50 / p99, ms", &|it| both(&it.rush.holds), "")?;
    row("… answers `busy` or `too_few_left`", &|it| it.rush.come_back.to_string(), "")?;
    row("… refused writes, write units per ticket", &|it| refused_per_ticket(&it.rush), "")?;
    row("sold-out answers per second", &|it| round(it.rush.sold_out.per_second), &format!("≥ {SOLD_OUT_TARGET}"))?;
    row("… p50 / p99, ms", &|it| both(&it.rush.sold_out.latencies), "")?;
    row("… processor time of one: program + load generator, µs", &|it| sold_out_cpu(&it.rush), "")?;
    row("… write units of one", &|it| units_of(it.rush.sold_out.units.written()), "0")?;
    row("… read units of one", &|it| units_of(it.rush.sold_out.units.read()), "")?;
    writeln!(text)
}

fn steps(text: &mut String, folder: &Sale, memory: &Sale) -> std::fmt::Result {
    writeln!(text, "Latency of the steps of a purchase of one ticket under that load, p50 / p99 in ms:\n")?;
    writeln!(text, "| step | data in a folder | in memory |\n|---|---|---|")?;
    for (place, step) in STEPS.iter().enumerate() {
        let [one, other] = [folder, memory].map(|it| both(&it.purchases[0].steps[place]));
        writeln!(text, "| {step} | {one} | {other} |")?;
    }
    let [one, other] = [folder, memory].map(|it| both(&it.purchases[0].whole));
    writeln!(text, "| **the whole purchase** | {one} | {other} |\n")
}

fn units(text: &mut String, folder: &Sale) -> std::fmt::Result {
    writeln!(
        text,
        "Units of one flow, everything that follows from it included, as the embedded engine counts them. `catalogue` are \
         summaries of stock, one for each shard that changed in a window; `activity` counts the simulated provider's own \
         records, of which a real one has none here. Writes that a condition refused are counted as Amazon bills them.\n"
    )?;
    writeln!(text, "| flow | write units | of them by table | read units |\n|---|---|---|---|")?;
    for Flow { name, units } in &folder.units {
        writeln!(
            text,
            "| {name} | {} | {} | {} |",
            units_of(units.written()),
            by_table(units),
            units_of(units.read())
        )?;
    }
    writeln!(text)
}

fn warm(text: &mut String, folder: &Sale, memory: &Sale) -> std::fmt::Result {
    writeln!(text, "Processor time of the program for one request, user and system, in µs; a warm process:\n")?;
    writeln!(text, "| operation | data in a folder | in memory |\n|---|---|---|")?;
    for (one, other) in folder.warm.iter().zip(&memory.warm) {
        writeln!(text, "| {} | {:.0} | {:.0} |", one.operation, one.cpu_us, other.cpu_us)?;
    }
    writeln!(text)
}

fn steady(text: &mut String, folder: &Sale) -> std::fmt::Result {
    writeln!(
        text,
        "A hold where little and where much is unsold, with few and with many holds open; one buyer, data in a folder:\n"
    )?;
    writeln!(
        text,
        "| unsold before | open holds before | p50 / p99, ms | write units of hold and order |\n|---|---|---|---|"
    )?;
    for holds in &folder.steady {
        let Holds { unsold, open, latencies, units } = holds;
        writeln!(text, "| {unsold} | {open} | {} | {} |", both(latencies), units_of(without_summaries(units)))?;
    }
    Ok(())
}

fn numbered(text: &mut String, folder: &Seated, memory: &Seated) -> std::fmt::Result {
    writeln!(
        text,
        "Holds of numbered seats; one buyer, who asks again as soon as there is an answer. Units are those of a claim with the \
         order and the counting that follow, but for what is written in `catalogue`, of a claim whether it was held or refused. Whoever is refused because \
         the process knows that nothing is left costs only a look whether an earlier attempt with the key was luckier:\n"
    )?;
    writeln!(
        text,
        "| claim | refused | data in a folder, p50 / p99, ms | in memory | write units | read units |\n|---|---|---|---|---|---|"
    )?;
    for (one, other) in folder.numbered.iter().zip(&memory.numbered) {
        let Claims { what, latencies, refused, units } = one;
        let all = latencies.count() + refused;
        writeln!(
            text,
            "| {what} | {refused} of {all} | {} | {} | {} | {} |",
            both(latencies),
            both(&other.latencies),
            units_of(without_summaries(units)),
            units_of(units.read())
        )?;
    }
    Ok(())
}

fn waiting(text: &mut String, folder: &Seated, memory: &Seated) -> std::fmt::Result {
    let most = |it: &Latencies| it.per_mille(1_000).unwrap_or_default();
    writeln!(
        text,
        "\nFrom the answer to whoever gives tickets back until whoever waits in line for them is served, {} times, one after the \
         other: p50 / p99 {} ms with data in a folder, at most {:.0} ms; in memory {} ms, at most {:.0} ms (target: 5 s).",
        folder.waiting.count(),
        both(&folder.waiting),
        most(&folder.waiting),
        both(&memory.waiting),
        most(&memory.waiting)
    )
}

fn holds_per_second(rush: &Rush) -> f64 {
    f64::from(u32::try_from(rush.orders).unwrap_or(u32::MAX)) / rush.until_sold.as_secs_f64().max(f64::MIN_POSITIVE)
}

fn refused_per_ticket(rush: &Rush) -> String {
    format!("{:.3}", rush.units.refused_writes / f64::from(rush.tickets.max(1)))
}

/// Until the last ticket was held; then until everybody had been told.
fn secs(rush: &Rush) -> String {
    format!("{:.1} (all told after {:.1})", rush.until_sold.as_secs_f64(), rush.until_sold_out.as_secs_f64())
}

fn cpu(purchases: &Purchases) -> String {
    format!("{:.2} + {:.2}", purchases.cpu_ms, purchases.own_cpu_ms)
}

fn sold_out_cpu(rush: &Rush) -> String {
    format!("{:.0} + {:.0}", rush.sold_out.cpu_us, rush.sold_out.own_cpu_us)
}

pub(crate) fn both(latencies: &Latencies) -> String {
    match (latencies.per_mille(500), latencies.per_mille(990)) {
        (Some(half), Some(most)) => format!("{half:.1} / {most:.1}"),
        _ => "–".to_owned(),
    }
}

pub(crate) fn round(value: f64) -> String {
    format!("{value:.0}")
}

/// Whole numbers as such: `12`, not `12.00`.
pub(crate) fn units_of(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').trim_start_matches('-').to_owned()
}

pub(crate) fn by_table(units: &Units) -> String {
    let used = units.writes.iter().filter(|(_, value)| **value > 0.004);
    used.map(|(table, value)| format!("{table} {}", units_of(*value))).collect::<Vec<_>>().join(", ")
}

fn without_summaries(units: &Units) -> f64 {
    units.written() - units.writes.get("catalogue").copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_told_by_the_name_that_the_program_gives_their_table() {
        let text = "onsale_dynamodb_units_total{table=\"catalogue\",operation=\"PutItem\",kind=\"write\"} 3\n\
            onsale_dynamodb_units_total{table=\"orders\",operation=\"PutItem\",kind=\"write\"} 2\n";
        assert!((without_summaries(&Units::of(text)) - 2.0).abs() < f64::EPSILON);
    }

    #[test]
    fn whole_units_are_written_as_such() {
        for (value, text) in [(12.0, "12"), (6.5, "6.5"), (0.0, "0"), (-0.0, "0"), (10.0, "10"), (0.126, "0.13")] {
            assert_eq!(units_of(value), text);
        }
    }
}
