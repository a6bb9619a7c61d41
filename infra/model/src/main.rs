//! `cargo xtask model`: explores every setting, shows every dropped rule, and prints what came of it as Markdown. Names of
//! settings as arguments explore those alone, and print the way to what does not hold.

use std::process::ExitCode;

use model::{
    broken::CASES,
    check::{self, Report},
    setting::{LARGE, SMALL, Setting},
};

fn main() -> ExitCode {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let chosen =
        SMALL.iter().chain(LARGE).filter(|setting| named.is_empty() || named.iter().any(|name| name == setting.name));
    let mut text =
        "| setting | what is in it | steps | states | depth | seconds | result |\n|---|---|--:|--:|--:|--:|---|\n"
            .to_owned();
    let (mut all, mut steps, mut states, mut depth, mut is_whole) = (0, 0, 0, 0, true);
    for setting in chosen {
        let report = check::explore(setting, threads);
        row(&mut text, setting, &report);
        tell(&report);
        (all, steps, states) = (all + 1, steps + report.steps, states + report.states);
        depth = depth.max(report.depth);
        is_whole &= report.violations.is_empty();
    }
    if named.is_empty() {
        is_whole &= broken(&mut text);
    }
    let told = if is_whole { "every property holds" } else { "**a property does not hold**" };
    write(
        &mut text,
        &format!(
            "\nIn all {all} settings, {states} states reached by {steps} steps, the deepest {depth} steps from its beginning: {told}.\n"
        ),
    );
    show(&text);
    if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn row(text: &mut String, setting: &Setting, report: &Report) {
    let result = match report.violations.first() {
        None => "all properties hold".to_owned(),
        Some(violation) => format!("**{}** does not hold after {} steps", violation.rule, violation.steps),
    };
    let Report { steps, states, depth, secs, .. } = report;
    write(
        text,
        &format!("| {} | {} | {steps} | {states} | {depth} | {secs:.0} | {result} |\n", setting.name, setting.about),
    );
}

/// Every dropped rule, with the length of the shortest way to where that shows.
fn broken(text: &mut String) -> bool {
    write(
        text,
        "\n| a rule is dropped | in | what does not hold then | steps of the shortest way | states looked at |\n|---|---|---|--:|--:|\n",
    );
    let mut is_found = true;
    for case in &CASES {
        let report = check::explore_broken(case);
        let found = report.violations.iter().find(|violation| violation.rule == case.rule);
        is_found &= found.is_some();
        let steps = found.map_or_else(|| "**not found**".to_owned(), |violation| violation.steps.to_string());
        write(text, &format!("| {} | {} | {} | {steps} | {} |\n", case.about, case.setting, case.rule, report.states));
    }
    is_found
}

fn write(text: &mut String, more: &str) {
    text.push_str(more);
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
