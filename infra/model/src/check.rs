//! Exploring a setting to the end, breadth first, so that what is found is found by a shortest way.

use std::{collections::BTreeSet, time::Instant};

use stateright::{Checker, HasDiscoveries, Model, Property};

use crate::{
    broken::Case,
    property::{RULES, SIGHTS},
    sale::{Sale, Step, Steps},
    setting::{SMALL, Setting},
    world::World,
};

impl Model for Sale {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![self.setting.start(self)]
    }

    fn actions(&self, world: &World, out: &mut Vec<Step>) {
        Steps { sale: self, world, out }.find();
    }

    fn next_state(&self, _: &World, step: Step) -> Option<World> {
        Some(step.next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let rules = RULES.iter().map(|rule| Property::always(rule.name, rule.holds));
        rules.chain(SIGHTS.iter().map(|sight| Property::sometimes(sight.name, sight.holds))).collect()
    }
}

/// What came of exploring a setting.
#[derive(Clone, Debug)]
pub struct Report {
    /// Steps that were taken.
    pub steps: usize,
    /// States that differ.
    pub states: usize,
    /// Steps of the longest of the shortest ways.
    pub depth: usize,
    /// Seconds.
    pub secs: f64,
    /// Properties that do not hold.
    pub violations: Vec<Violation>,
    /// What was seen of [`SIGHTS`].
    pub sights: Vec<&'static str>,
}

/// A property that does not hold, and a shortest way there.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Which property.
    pub rule: &'static str,
    /// How many steps lead there.
    pub steps: usize,
    /// What happens, line by line.
    pub trace: Vec<String>,
}

/// Explores all of a setting, unless a rule is broken.
pub fn explore(setting: &Setting, threads: usize) -> Report {
    run(Sale { setting: *setting, broken: None }, threads, HasDiscoveries::AnyFailures)
}

/// Explores a setting in which a rule is dropped until that shows. On one thread, so that the way there is a shortest one.
pub fn explore_broken(case: &Case) -> Report {
    let setting = *SMALL.iter().find(|setting| setting.name == case.setting).unwrap_or(&SMALL[0]);
    let sale = Sale { setting, broken: Some(case.broken) };
    run(sale, 1, HasDiscoveries::AllOf(BTreeSet::from([case.rule])))
}

#[expect(clippy::disallowed_methods, reason = "a report says how long it took; nothing is decided by it")]
fn run(sale: Sale, threads: usize, until: HasDiscoveries) -> Report {
    let begin = Instant::now();
    let checker = sale.checker().threads(threads).finish_when(until).spawn_bfs().join();
    let mut report = Report {
        steps: checker.state_count(),
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        secs: begin.elapsed().as_secs_f64(),
        violations: Vec::new(),
        sights: Vec::new(),
    };
    for (name, path) in checker.discoveries() {
        if RULES.iter().all(|rule| rule.name != name) {
            report.sights.push(name);
            continue;
        }
        let path = path.into_vec();
        let steps = path.len().saturating_sub(1);
        let trace = path.into_iter().map(|(world, step)| describe(&world, step.as_ref())).collect();
        report.violations.push(Violation { rule: name, steps, trace });
    }
    report
}

/// One line of a trace: what happens, and the state in which it does.
fn describe(world: &World, step: Option<&Step>) -> String {
    let what = step.map_or_else(
        || "-- here".to_owned(),
        |step| {
            let label = step.label;
            format!("{} {} {}", label.who, label.order, label.what)
        },
    );
    let orders: Vec<_> = world.records.iter().map(|record| format!("{record:?}")).collect();
    let blocks: Vec<_> = world.shelves.iter().map(|shelf| format!("{:?}", shelf.slots)).collect();
    format!("{what:44} now {} | {} | {}", world.now, orders.join(" "), blocks.join(" "))
}
