//! What the program counts itself, as `GET /metrics` tells it.

use std::{collections::BTreeMap, ops::Sub};

/// Consumed units of `DynamoDB`, by table without its prefix.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Units {
    pub(crate) reads: BTreeMap<String, f64>,
    /// Of writes that were made and of writes that a condition refused: Amazon bills both.
    pub(crate) writes: BTreeMap<String, f64>,
    pub(crate) refused_writes: f64,
}

impl Units {
    /// Reads the counters.
    pub(crate) fn of(text: &str) -> Self {
        let mut units = Self::default();
        for (labels, value) in lines(text, "onsale_dynamodb_units_total") {
            let table = label(labels, "table").unwrap_or_default().to_owned();
            match label(labels, "kind") {
                Some("read") => *units.reads.entry(table).or_default() += value,
                Some("write") => *units.writes.entry(table).or_default() += value,
                Some("refused_write") => {
                    *units.writes.entry(table).or_default() += value;
                    units.refused_writes += value;
                }
                _ => {}
            }
        }
        units
    }

    pub(crate) fn read(&self) -> f64 {
        self.reads.values().sum()
    }

    pub(crate) fn written(&self) -> f64 {
        self.writes.values().sum()
    }

    /// What one of so many runs used.
    pub(crate) fn each(mut self, runs: f64) -> Self {
        for value in self.reads.values_mut().chain(self.writes.values_mut()) {
            *value /= runs;
        }
        self.refused_writes /= runs;
        self
    }
}

impl Sub for Units {
    type Output = Self;

    fn sub(mut self, before: Self) -> Self {
        for (now, before) in [(&mut self.reads, before.reads), (&mut self.writes, before.writes)] {
            for (table, value) in before {
                *now.entry(table).or_default() -= value;
            }
        }
        self.refused_writes -= before.refused_writes;
        self
    }
}

/// How many messages are to be dealt with now: those in dead-letter queues and those that wait for their time are not.
pub(crate) fn waiting(text: &str) -> f64 {
    let due = |labels: &str| {
        matches!(label(labels, "state"), Some("visible" | "in_flight"))
            && label(labels, "queue").is_some_and(|queue| !queue.ends_with("-dead"))
    };
    lines(text, "onsale_queue_messages").filter(|(labels, _)| due(labels)).map(|(_, value)| value).sum()
}

/// The labels and the value of each line of a metric.
fn lines<'t>(text: &'t str, name: &str) -> impl Iterator<Item = (&'t str, f64)> {
    text.lines().filter_map(move |line| {
        let (labels, value) = line.strip_prefix(name)?.strip_prefix('{')?.split_once("} ")?;
        Some((labels, value.parse().ok()?))
    })
}

fn label<'t>(labels: &'t str, name: &str) -> Option<&'t str> {
    let pairs = labels.split(',').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.trim_matches('"')).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# TYPE onsale_dynamodb_units_total counter\n\
        onsale_dynamodb_units_total{table=\"Orders\",operation=\"PutItem\",kind=\"write\"} 4\n\
        onsale_dynamodb_units_total{table=\"Orders\",operation=\"UpdateItem\",kind=\"write\"} 2\n\
        onsale_dynamodb_units_total{table=\"Orders\",operation=\"PutItem\",kind=\"refused_write\"} 1\n\
        onsale_dynamodb_units_total{table=\"Orders\",operation=\"GetItem\",kind=\"read\"} 0.5\n\
        onsale_queue_messages{queue=\"create-order\",state=\"visible\"} 3\n\
        onsale_queue_messages{queue=\"create-order\",state=\"delayed\"} 5\n\
        onsale_queue_messages{queue=\"create-order-dead\",state=\"visible\"} 7\n";

    #[test]
    fn units_are_added_up_by_table() {
        let units = Units::of(TEXT);
        let expected = Units {
            reads: [("Orders".to_owned(), 0.5)].into(),
            writes: [("Orders".to_owned(), 7.0)].into(),
            refused_writes: 1.0,
        };
        assert_eq!(units, expected);
        let none = units.clone() - units;
        assert!(none.written().abs() + none.read().abs() < f64::EPSILON);
    }

    #[test]
    fn what_waits_for_its_time_is_not_work() {
        assert!((waiting(TEXT) - 3.0).abs() < f64::EPSILON);
    }
}
