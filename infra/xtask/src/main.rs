//! `cargo xtask`: the project's one tool.
//!
//! Everything that can be derived from the operations and workers is derived here. A derived file is never edited; a test
//! fails when a committed one is stale.

mod areas;
mod binaries;
mod check;
mod crash;
mod errors_page;
mod generated;
mod openapi;
mod report;
mod route_table;
mod samples;
#[cfg(test)]
mod structure;
mod template;

use std::process::ExitCode;

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
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Generate { check: false } => generated::write(),
        Task::Generate { check: true } => generated::verify(),
        Task::Check => check::run(),
        Task::Crash => crash::run(),
        Task::Soak { minutes, seed } => crash::soak(minutes, seed),
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
