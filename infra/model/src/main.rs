//! `cargo xtask model`: explores every setting, shows every dropped rule, and prints what came of it as Markdown. Names of
//! settings as arguments explore those alone, `small` all that the tests explore. The way to what does not hold is printed.

use std::process::ExitCode;

use model::{
    broken::CASES,
    check::{self, Report},
    setting::{LARGE, SMALL, Setting},
};

fn main() -> ExitCode {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let is_small = named == ["small"];
    let is_named = |setting: &&Setting| is_small || named.is_empty() || named.iter().any(|name| name == setting.name);
    let chosen = SMALL.iter().chain(if is_small { &[] } else { LARGE }).filter(is_named);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    show("| setting | what is in it | steps | states | depth | seconds | result |\n|---|---|--:|--:|--:|--:|---|");
    let (mut all, mut steps, mut states, mut depth, mut is_whole) = (0, 0, 0, 0, true);
    for setting in chosen {
        let report = check::explore(setting, threads);
        row(setting, &report);
        tell(&report);
        (all, steps, states) = (all + 1, steps + report.steps, states + report.states);
        depth = depth.max(report.depth);
        is_whole &= report.violations.is_empty();
    }
    if is_small || named.is_empty() {
        is_whole &= broken();
    }
    let told = if is_whole { "every property holds" } else { "**a property does not hold**" };
    let reached = format!("{states} states reached by {steps} steps, the deepest {depth} steps from its beginning");
    show(&format!("\nIn all {all} settings, {reached}: {told}."));
    if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn row(setting: &Setting, report: &Report) {
    let result = match report.violations.first() {
        None => "all properties hold".to_owned(),
        Some(violation) => format!("**{}** does not hold after {} steps", violation.rule, violation.steps),
    };
    let Report { steps, states, depth, secs, .. } = report;
    let Setting { name, about, .. } = setting;
    show(&format!("| {name} | {about} | {steps} | {states} | {depth} | {secs:.0} | {result} |"));
}

/// Every dropped rule, with the length of the shortest way to where that shows.
fn broken() -> bool {
    show("\n| a rule is dropped | in | what does not hold then | steps of the shortest way | states looked at |");
    show("|---|---|---|--:|--:|");
    let mut is_found = true;
    for case in &CASES {
        let report = check::explore_broken(case);
        let found = report.violations.iter().find(|violation| violation.rule == case.rule);
        is_found &= found.is_some();
        let steps = found.map_or_else(|| "**not found**".to_owned(), |violation| violation.steps.to_string());
        show(&format!("| {} | {} | {} | {steps} | {} |", case.about, case.setting, case.rule, report.states));
    }
    is_found
}

#[expect(clippy::print_stdout, reason = "a tool answers whoever started it")]
fn show(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "a tool talks to whoever started it")]
fn tell(report: &Report) {
    for violation in &report.violations {
        eprintln!("{} does not hold:", violation.rule);
        violation.trace.iter().for_each(|line| eprintln!("  {line}"));
    }
}
