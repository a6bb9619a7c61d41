//! `cargo xtask`: the project's one tool.
//!
//! Everything that can be derived from the operations and workers is derived here. A derived file is never edited; a test
//! fails when a committed one is stale.

mod areas;
mod attack;
mod audit;
mod bench;
mod binaries;
mod check;
mod crash;
mod deployed;
mod errors_page;
mod functions;
mod fuzz_api;
mod generated;
mod http;
mod model;
mod openapi;
mod report;
mod route_table;
mod samples;
mod seed;
mod simulate;
#[cfg(test)]
mod structure;
mod template;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

/// What may go wrong in a tool: whatever it is, it is shown and the tool ends.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Builds what is derived, and checks what was promised")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Writes every derived file: binaries, template.yaml, `OpenAPI`, sample events, docs/errors.md.
    Generate {
        /// Only says which files are stale, and fails if any is.
        #[arg(long)]
        check: bool,
    },
    /// Runs what the continuous integration runs, except the tests.
    Check,
    /// Measures the sale over HTTP and writes docs/performance.md; some fifteen minutes after the build.
    Bench {
        /// A tenth of it, shown and not written.
        #[arg(long)]
        quick: bool,
        /// Measures numbered seats, and waiting in line, instead of the sale of tickets.
        #[arg(long)]
        numbered: bool,
        /// Measures a railway instead, by the timetable in this folder: `hsr_stations.csv` and `hsr_stops.csv`.
        #[arg(long, conflicts_with_all = ["quick", "numbered"])]
        timetable: Option<PathBuf>,
    },
    /// Simulates an on-sale under Amazon's published limits and writes docs/performance.md.
    Simulate,
    /// Reads all that a tenant has stored and compares it with what was promised.
    Audit(audit::Arguments),
    /// Plays every fault at every call of every flow, and writes the table into docs/reliability.md.
    Crash,
    /// Plays random histories with many faults.
    Soak {
        /// For how long.
        #[arg(long, default_value_t = 5)]
        minutes: u64,
        /// Where chance begins.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Builds functions as they are deployed, measures their start, and sends each its sample event.
    Functions(functions::Options),
    /// Explores every setting of the model, and writes docs/reliability.md: minutes.
    Model,
    /// Deploys the stack to an emulator of AWS on this machine and runs the stories against it.
    DeployedTest(deployed::Options),
    /// Makes a tenant and the accounts that run it, in a stack that was just deployed.
    Seed(seed::Options),
    /// Attacks the running program from outside, as a stranger would; a minute after the build.
    Attack,
    /// Has schemathesis compare the running program with its `OpenAPI` document.
    FuzzApi {
        /// The same seed makes the same requests.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The most random requests for each operation, beside those that are made systematically.
        #[arg(long, default_value_t = 20)]
        examples: u32,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Generate { check: false } => generated::write(),
        Task::Generate { check: true } => generated::verify(),
        Task::Check => check::run(),
        Task::Bench { timetable: Some(folder), .. } => bench::run(&bench::What::Railway(folder), false),
        Task::Bench { numbered: true, quick, .. } => bench::run(&bench::What::Numbered, quick),
        Task::Bench { quick, .. } => bench::run(&bench::What::Sale, quick),
        Task::Simulate => simulate::run(),
        Task::Audit(arguments) => audit::run(&arguments),
        Task::Crash => crash::run(),
        Task::Soak { minutes, seed } => crash::soak(minutes, seed),
        Task::Functions(options) => functions::run(&options),
        Task::Model => model::run(),
        Task::DeployedTest(options) => deployed::run(&options),
        Task::Seed(options) => seed::run(&options),
        Task::Attack => attack::run(),
        Task::FuzzApi { seed, examples } => fuzz_api::run(seed, examples),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("xtask: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Tells whoever sits at the terminal.
#[expect(clippy::print_stderr, reason = "a tool talks to whoever started it")]
fn say(line: &str) {
    eprintln!("{line}");
}
