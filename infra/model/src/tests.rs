//! Every small setting to its end, and every dropped rule.

use super::{
    broken::CASES,
    check::{explore, explore_broken},
    property::RULES,
    setting::{LARGE, SMALL},
    small::{Shelf, Slot, Small, Stand},
};

/// Explores a setting to its end: every property holds in every state, and what has to be seen in it is seen.
fn check(name: &str) {
    let setting = SMALL.iter().find(|setting| setting.name == name).unwrap();
    let report = explore(setting, 2);
    if let Some(violation) = report.violations.first() {
        panic!("{} does not hold:\n{}", violation.rule, violation.trace.join("\n"));
    }
    for sight in setting.sees {
        assert!(report.sights.contains(sight), "{name} never shows {sight}, but {:?}", report.sights);
    }
}

macro_rules! settings {
    ($($test:ident $name:literal;)*) => {
        $(#[test]
        fn $test() {
            check($name);
        })*

        #[test]
        fn every_small_setting_is_explored() {
            assert_eq!(SMALL.iter().map(|setting| setting.name).collect::<Vec<_>>(), [$($name),*]);
        }
    };
}

settings! {
    retry "retry";
    lapse "lapse";
    gather "gather";
    late "late";
    cancel "cancel";
    refund "refund";
    door "door";
    lost_replies "lost replies";
    late_again "late again";
    whole "whole";
}

#[test]
#[expect(clippy::print_stdout, reason = "how long the way is, is what this test has to tell")]
fn every_dropped_rule_shows_and_its_trace_is_told() {
    for case in &CASES {
        let report = explore_broken(case);
        let found = report.violations.iter().find(|violation| violation.rule == case.rule);
        let found = found.unwrap_or_else(|| panic!("{:?}: {} holds all the same", case.broken, case.rule));
        assert_eq!(found.trace.len(), found.steps + 1);
        println!("{:?}: {} does not hold after {} steps", case.broken, case.rule, found.steps);
        assert!(found.trace.iter().all(|line| line.contains(" now ")), "{:?}", found.trace);
    }
}

#[test]
fn every_property_can_fail() {
    for rule in &RULES {
        assert!(CASES.iter().any(|case| case.rule == rule.name), "nothing breaks: {}", rule.name);
    }
}

#[test]
fn names_of_settings_differ() {
    let mut names: Vec<_> = SMALL.iter().chain(LARGE).map(|setting| setting.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), SMALL.len() + LARGE.len());
    assert!(CASES.iter().all(|case| SMALL.iter().any(|setting| setting.name == case.setting)));
}

#[test]
fn orders_and_blocks_read_back_as_they_were() {
    for setting in SMALL.iter().chain(LARGE) {
        for before in setting.before {
            let small = Small { stand: before.stand, parts: [None; 2], created: 1, begun: 2, returned: 1 };
            assert_eq!(Small::of(&small.order(before.order, 2)), small);
        }
    }
    let stand = Stand::Reviving { until: 3, token: 1, payment: 1 };
    let small = Small { stand, parts: [None; 2], created: 0, begun: 0, returned: 0 };
    assert_eq!(Small::of(&small.order(2, 1)), small);
    let slot = Slot { count: 2, until: Some(4), token: 3 };
    let shelf = Shelf { available: 1, slots: [None, Some(slot), None] };
    assert_eq!(Shelf::of(&shelf.block(3).unwrap()), shelf);
    assert_eq!(shelf.block(4), None, "the numbers have to add up");
}
