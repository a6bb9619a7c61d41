//! `cargo xtask simulate`: lets on-sales happen in the simulator, and compares how stock is kept.

use std::{fmt::Write as _, fs, thread};

use simulate::{
    Curve, Micros, Outcome as Sale, Scenario, Strategy,
    limits::{COLD_TABLE_WRITES, WARM_TABLE_WRITES},
    plot,
};

use crate::{Outcome, generated::root, report, say};

const DOCUMENT: &str = "docs/performance.md";
const SECTION: &str = "simulate";
const COMMAND: &str = "cargo xtask simulate";

const SECOND: Micros = 1_000_000;
const SCENARIO: Scenario = Scenario {
    strategy: Strategy::Blocks,
    tickets: 50_000,
    buyers: 1_000_000,
    half_after: 20 * SECOND,
    table_writes: COLD_TABLE_WRITES,
    until: 300 * SECOND,
    seed: 20_260_101,
};
const STRATEGIES: [(&str, Strategy); 6] = [
    ("blocks (ours)", Strategy::Blocks),
    ("one counter", Strategy::Counters(1)),
    ("10 counters", Strategy::Counters(10)),
    ("200 counters", Strategy::Counters(200)),
    ("transactions, one counter", Strategy::Transactions(1)),
    ("transactions, 200 counters", Strategy::Transactions(200)),
];
/// Tables whose limits differ: the name of the drawing, what it is called, write units in a second.
const TABLES: [(&str, &str, u32); 2] = [
    ("cold", "tables that never saw more than 4 000 writes a second", COLD_TABLE_WRITES),
    ("warm", "tables warmed for 40 000 writes a second", WARM_TABLE_WRITES),
];
/// Until when is drawn: what takes longer is seen to.
const DRAWN: Micros = 120 * SECOND;

/// A strategy's name with what became of it.
type Sold = (&'static str, Sale);

/// Simulates everything and writes the report with its drawings.
pub(crate) fn run() -> Outcome<()> {
    let mut body = intro();
    for (name, tables, table_writes) in TABLES {
        say(tables);
        let sold = all(table_writes)?;
        if let Some((strategy, _)) = sold.iter().find(|(_, sale)| sale.oversold > 0) {
            return Err(format!("{strategy} oversold").into());
        }
        let file = format!("docs/plots/simulate-{name}.svg");
        draw(&file, tables, &sold)?;
        write!(body, "\n### {}\n\n{}\n![Tickets sold over time]({})\n", capital(tables), table(&sold)?, &file[5..])?;
    }
    report::put(DOCUMENT, SECTION, COMMAND, &body)
}

/// Lets every strategy sell, all at the same time: they have nothing to do with each other.
fn all(table_writes: u32) -> Outcome<Vec<Sold>> {
    thread::scope(|scope| {
        let sales = STRATEGIES.map(|(name, strategy)| {
            let scenario = Scenario { strategy, table_writes, ..SCENARIO };
            scope.spawn(move || (name, simulate::simulate(&scenario)))
        });
        sales.into_iter().map(|sale| sale.join().map_err(|_| "a simulation panicked".into())).collect()
    })
}

fn intro() -> String {
    let Scenario { tickets, buyers, half_after, seed, .. } = SCENARIO;
    format!(
        "{buyers} buyers want one to four of {tickets} tickets; half of them come within {} s, half of the rest in as much \
         time again. Gateway, function, tables and queues have the limits that Amazon publishes \
         (`infra/simulate/src/limits.rs` states each with its source); latencies are assumed there, the same for all. Who is \
         told to come back does; who is turned away waits longer each time. Seed {seed}.\n",
        half_after / SECOND
    )
}

fn table(sold: &[Sold]) -> Result<String, std::fmt::Error> {
    type Column = (&'static str, fn(&Sale) -> String);
    const COLUMNS: [Column; 11] = [
        ("sold out after, s", |sale| {
            if sale.left == 0 { seconds(sale.sold_after) } else { format!("not in {} s", SCENARIO.until / SECOND) }
        }),
        ("unsold", |sale| sale.left.to_string()),
        ("a winner's answer, p50 / p99, s", |sale| both(sale.answer)),
        ("until the order is written, p50 / p99, s", |sale| both(sale.written)),
        ("write units per ticket", |sale| per_ticket(sale.write_units, sale)),
        ("of them in vain", |sale| per_ticket(sale.wasted_units, sale)),
        ("throttled calls", |sale| sale.throttled.to_string()),
        ("conflicts", |sale| sale.conflicts.to_string()),
        ("told to come back", |sale| sale.come_back.to_string()),
        ("told sold out too early", |sale| sale.told_too_early.to_string()),
        ("oversold", |sale| sale.oversold.to_string()),
    ];
    let mut text = String::from("| stock is kept in |");
    for (name, _) in COLUMNS {
        write!(text, " {name} |")?;
    }
    write!(text, "\n|---|{}\n", "---|".repeat(COLUMNS.len()))?;
    for (strategy, sale) in sold {
        write!(text, "| {strategy} |")?;
        for (_, cell) in COLUMNS {
            write!(text, " {} |", cell(sale))?;
        }
        text.push('\n');
    }
    Ok(text)
}

fn draw(file: &str, tables: &str, sold: &[Sold]) -> Outcome<()> {
    let curves: Vec<Curve<'_>> = sold.iter().map(|(name, sale)| Curve { name, points: &sale.curve }).collect();
    let last = sold.iter().map(|(_, sale)| sale.sold_after).max().unwrap_or(DRAWN);
    let svg = plot(&format!("Tickets sold, {tables}"), &curves, last.min(DRAWN));
    let path = root().join(file);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, svg)?)
}

fn seconds(time: Micros) -> String {
    let tenths = time.div_ceil(SECOND / 10);
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn both((half, most): (Micros, Micros)) -> String {
    let hundredths = |time: Micros| format!("{}.{:02}", time / SECOND, time % SECOND / (SECOND / 100));
    format!("{} / {}", hundredths(half), hundredths(most))
}

/// With two decimals, in whole numbers: the same on every machine.
fn per_ticket(units: u64, sale: &Sale) -> String {
    let hundredths = units * 100 / u64::from(sale.sold.max(1));
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
