//! Drives the program `onsale` over HTTP and measures it from outside: what it sells in a second, how long a step takes,
//! what it uses of processor time and of `DynamoDB`'s units. Prints a report in Markdown.
//!
//! It is a program of its own for two reasons. It is built with the release profile while `cargo xtask` is not, and a
//! slow load generator would take the processor from what it measures. And its processor time can be told from the
//! program's, because they are two processes.

mod client;
mod latency;
mod metrics;
mod numbered;
mod program;
mod purchase;
mod railway;
mod report;
mod rush;
mod shop;
mod steady;
mod units;
mod waiting;
mod warm;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;

use crate::{
    program::{Data, Program},
    report::{Sale, Seated},
    shop::Shop,
};

/// What may go wrong: whatever it is, it is shown and nothing is reported.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Measures a sale.
#[derive(Clone, Debug, Parser)]
struct Arguments {
    /// The program to measure.
    #[arg(long)]
    program: PathBuf,
    /// Where the data folder of the measured program is made.
    #[arg(long)]
    folder: PathBuf,
    /// Takes a tenth of the time and says less.
    #[arg(long)]
    quick: bool,
    /// Measures numbered seats, and waiting in line, instead of the sale of tickets.
    #[arg(long)]
    numbered: bool,
    /// Measures a railway instead, by the timetable in this folder: `hsr_stations.csv` and `hsr_stops.csv`.
    #[arg(long, conflicts_with_all = ["quick", "numbered"])]
    timetable: Option<PathBuf>,
}

/// How much of everything is done.
#[derive(Clone, Copy, Debug)]
struct Extent {
    /// Buyers who come back as soon as they are answered.
    buyers: usize,
    /// How long whole purchases, and sold-out answers, are counted.
    count_for: Duration,
    /// How long whole purchases go on before they are counted.
    warm_for: Duration,
    /// Tickets of the rush.
    rush: u32,
    /// Requests of one operation whose processor time is counted.
    requests: usize,
    /// Runs of a flow whose units are counted.
    runs: usize,
    /// Holds whose latency is compared.
    holds: usize,
    /// Claims on numbered seats in each situation.
    claims: usize,
    /// Rows of the hall, of a hundred seats each, and coaches of the train, of 85.
    hall_rows: u16,
    coaches: u8,
}

const WHOLE: Extent = Extent {
    buyers: 64,
    count_for: Duration::from_secs(15),
    warm_for: Duration::from_secs(3),
    rush: 50_000,
    requests: 2_000,
    runs: 100,
    holds: 500,
    claims: 200,
    hall_rows: 200,
    coaches: 16,
};

const QUICK: Extent = Extent {
    buyers: 64,
    count_for: Duration::from_secs(3),
    warm_for: Duration::from_secs(1),
    rush: 5_000,
    requests: 300,
    runs: 20,
    holds: 100,
    claims: 40,
    hall_rows: 40,
    coaches: 3,
};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // One thread: the load generator needs no more, and leaves the rest to the program.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let report = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(measure(&arguments)));
    match report {
        Ok(report) => {
            print(&report);
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&format!("bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: &Arguments) -> Outcome<String> {
    if let Some(timetable) = &arguments.timetable {
        let shop = open(arguments, Data::Folder, 1).await?;
        let railway = railway::measure(&shop, timetable).await?;
        shop.close().await?;
        return Ok(railway::write(&railway));
    }
    let extent = if arguments.quick { QUICK } else { WHOLE };
    if arguments.numbered {
        let folder = seated(arguments, Data::Folder, extent).await?;
        let memory = seated(arguments, Data::Memory, extent).await?;
        return Ok(report::write_seated(&folder, &memory));
    }
    let folder = sale(arguments, Data::Folder, extent).await?;
    let memory = sale(arguments, Data::Memory, extent).await?;
    Ok(report::write_sale(&folder, &memory, extent))
}

/// Starts the program on data of one kind, and logs so many buyers in.
async fn open(arguments: &Arguments, data: Data, buyers: usize) -> Outcome<Shop> {
    say(&format!("starting the program with its data in {}", data.word()));
    let program = Program::start(&arguments.program, &arguments.folder, data).await?;
    Shop::open(program, buyers).await
}

/// Measures the sale of tickets on data of one kind.
async fn sale(arguments: &Arguments, data: Data, extent: Extent) -> Outcome<Sale> {
    let shop = open(arguments, data, extent.buyers).await?;
    say("counting units");
    let units = units::count(&shop, extent.runs).await?;
    say("whole purchases");
    let purchases = purchase::measure(&shop, extent).await?;
    say("processor time of operations");
    let warm = warm::measure(&shop, extent.requests).await?;
    say("holds with few and with many others");
    let steady = steady::measure(&shop, extent.holds).await?;
    say("the rush");
    let rush = rush::measure(&shop, extent).await?;
    shop.close().await?;
    Ok(Sale { units, purchases, warm, steady, rush })
}

/// Measures numbered seats, and waiting in line.
async fn seated(arguments: &Arguments, data: Data, extent: Extent) -> Outcome<Seated> {
    let shop = open(arguments, data, extent.buyers).await?;
    say("waiting in line");
    let waiting = waiting::measure(&shop, extent.claims / 4).await?;
    say("numbered seats");
    let numbered = numbered::measure(&shop, extent).await?;
    shop.close().await?;
    Ok(Seated { numbered, waiting })
}

/// Tells whoever sits at the terminal.
#[expect(clippy::print_stderr, reason = "a tool talks to whoever started it")]
fn say(line: &str) {
    eprintln!("{line}");
}

#[expect(clippy::print_stdout, reason = "the report is what the tool is asked for")]
fn print(report: &str) {
    println!("{report}");
}
