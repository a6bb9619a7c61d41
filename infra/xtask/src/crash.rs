//! `cargo xtask crash` and `cargo xtask soak`: the harness is a test; here it is told how long to go on and where to report.

use std::{env, fmt::Write as _, fs, process::Command};

use crate::{Outcome, generated::root, report};

/// The file to which each flow adds a row: place, name, what happens, calls, disturbed calls, cases, cases whose fault met
/// another call than in the calm run, violations.
const ROWS: &str = "ONSALE_CRASH_ROWS";
const COLUMNS: usize = 8;
/// The file to which the histories add theirs: first seed, histories, calls, faults, tickets, failed ones.
const SOAKED: &str = "ONSALE_SOAK_ROWS";

/// Plays every fault at every call of every flow, and puts the table into docs/reliability.md.
///
/// # Errors
/// A case failed (the table is written all the same), or there is no table to write.
pub(crate) fn run() -> Outcome<()> {
    let rows = env::temp_dir().join(format!("onsale-crash-{}", std::process::id()));
    let began = tokio::time::Instant::now();
    let played = cargo_test("crash::").env(ROWS, &rows).status()?;
    let mut table = table(&fs::read_to_string(&rows)?)?;
    fs::remove_file(&rows)?;
    writeln!(table, "\nAll of it took {} s.", began.elapsed().as_secs())?;
    report::put("docs/reliability.md", "crash-points", "cargo xtask crash", &table)?;
    if played.success() { Ok(()) } else { Err("cases failed; each was printed with the name that replays it".into()) }
}

/// Plays random histories with many faults for so many minutes, from a seed on, and puts what they came to into
/// docs/reliability.md.
///
/// # Errors
/// A history failed; its seed was printed.
pub(crate) fn soak(minutes: u64, seed: u64) -> Outcome<()> {
    let rows = env::temp_dir().join(format!("onsale-soak-{}", std::process::id()));
    let mut test = cargo_test("soak::");
    test.env("ONSALE_SOAK_MINUTES", minutes.to_string()).env("ONSALE_SOAK_SEED", seed.to_string()).env(SOAKED, &rows);
    let played = test.status()?;
    let mut table =
        String::from("| first seed | histories | calls | faults | tickets sold | histories that failed |\n");
    table.push_str("|--:|--:|--:|--:|--:|--:|\n");
    for row in fs::read_to_string(&rows)?.lines() {
        writeln!(table, "| {} |", row.replace('\t', " | "))?;
    }
    fs::remove_file(&rows)?;
    let command = format!("cargo xtask soak --minutes {minutes} --seed {seed}");
    report::put("docs/reliability.md", "soak", &command, &table)?;
    if played.success() { Ok(()) } else { Err("a history failed; it was printed with its seed".into()) }
}

fn cargo_test(filter: &str) -> Command {
    let mut command = Command::new("cargo");
    command.args(["test", "--workspace", "--", "--nocapture", filter]).current_dir(root());
    command
}

/// The rows as a table, in the order of the flows, with their sums.
fn table(rows: &str) -> Outcome<String> {
    let mut rows: Vec<Vec<&str>> = rows.lines().map(|row| row.split('\t').collect()).collect();
    rows.sort_unstable();
    let mut text = String::from(
        "| flow | what happens | calls | calls, disturbed | faults tried | at another call | violations |\n",
    );
    text.push_str("|---|---|--:|--:|--:|--:|--:|\n");
    let mut sums = [0_u64; 5];
    for row in &rows {
        let [_, flow, summary, numbers @ ..] = row.as_slice() else { return Err("a row is too short".into()) };
        if row.len() != COLUMNS {
            return Err(format!("the row of {flow} has {} columns", row.len()).into());
        }
        for (sum, number) in sums.iter_mut().zip(numbers) {
            *sum += number.parse::<u64>()?;
        }
        writeln!(text, "| {flow} | {summary} | {} |", numbers.join(" | "))?;
    }
    writeln!(text, "| **all** | | {} |", sums.map(|sum| sum.to_string()).join(" | "))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_the_order_of_flows_with_their_sums() {
        let table = table("01\tb\tB.\t3\t4\t5\t0\t1\n00\ta\tA.\t1\t2\t3\t0\t0\n").unwrap();
        let lines: Vec<_> = table.lines().skip(2).collect();
        assert_eq!(
            lines,
            ["| a | A. | 1 | 2 | 3 | 0 | 0 |", "| b | B. | 3 | 4 | 5 | 0 | 1 |", "| **all** | | 4 | 6 | 8 | 0 | 1 |"]
        );
        assert!(super::table("00\ta").is_err());
    }
}
