//! Counts requests, for `GET /metrics` in the text format of Prometheus.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
};

use providers::queue::Queue;

use crate::engine::{Engines, Usage};

/// Milliseconds; one more bucket has no bound.
const BOUNDS_MS: [f64; 12] = [1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 10_000.0];

/// What was counted, by route.
#[derive(Debug)]
pub(crate) struct Metrics {
    routes: Vec<(&'static str, Mutex<Counted>)>,
}

#[derive(Debug, Default)]
struct Counted {
    by_status: BTreeMap<u16, u64>,
    buckets: [u64; BOUNDS_MS.len()],
    total: u64,
    sum_ms: f64,
}

impl Metrics {
    pub(crate) fn new(names: &[&'static str]) -> Self {
        Self { routes: names.iter().map(|name| (*name, Mutex::default())).collect() }
    }

    /// Counts a request.
    pub(crate) fn count(&self, place: usize, status: u16, latency_ms: f64) {
        let Some((_, counted)) = self.routes.get(place) else { return };
        let mut counted = lock(counted);
        *counted.by_status.entry(status).or_default() += 1;
        counted.total += 1;
        counted.sum_ms += latency_ms;
        if let Some(bucket) = BOUNDS_MS.iter().position(|bound| latency_ms <= *bound) {
            counted.buckets[bucket] += 1;
        }
    }

    /// Everything that was counted, how deep the queues are, and what the tables would be billed.
    pub(crate) fn text(&self, engines: &Engines, prefix: &str, table_prefix: &str) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self
            .write(&mut text)
            .and_then(|()| write_queues(&mut text, engines, prefix))
            .and_then(|()| write_units(&mut text, &engines.meter().snapshot(), table_prefix));
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "# TYPE onsale_requests_total counter")?;
        for (route, counted) in &self.routes {
            for (status, count) in &lock(counted).by_status {
                writeln!(text, "onsale_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}")?;
            }
        }
        writeln!(text, "# TYPE onsale_request_duration_milliseconds histogram")?;
        for (route, counted) in &self.routes {
            let counted = lock(counted);
            if counted.total > 0 {
                counted.write(text, route)?;
            }
        }
        Ok(())
    }
}

impl Counted {
    fn write(&self, text: &mut String, route: &str) -> std::fmt::Result {
        const NAME: &str = "onsale_request_duration_milliseconds";
        let mut below = 0;
        for (bound, count) in BOUNDS_MS.iter().zip(self.buckets) {
            below += count;
            writeln!(text, "{NAME}_bucket{{route=\"{route}\",le=\"{bound}\"}} {below}")?;
        }
        writeln!(text, "{NAME}_bucket{{route=\"{route}\",le=\"+Inf\"}} {}", self.total)?;
        writeln!(text, "{NAME}_sum{{route=\"{route}\"}} {:.3}", self.sum_ms)?;
        writeln!(text, "{NAME}_count{{route=\"{route}\"}} {}", self.total)
    }
}

fn write_queues(text: &mut String, engines: &Engines, prefix: &str) -> std::fmt::Result {
    writeln!(text, "# TYPE onsale_queue_messages gauge")?;
    for queue in Queue::ALL {
        for name in [queue.name().to_owned(), queue.dead_letters()] {
            let counts = engines.sqs().pending(&[prefix, &name].concat());
            for (state, count) in
                [("visible", counts.visible), ("in_flight", counts.in_flight), ("delayed", counts.delayed)]
            {
                writeln!(text, "onsale_queue_messages{{queue=\"{name}\",state=\"{state}\"}} {count}")?;
            }
        }
    }
    Ok(())
}

/// Capacity units of `DynamoDB`, by table (without its prefix) and operation.
fn write_units(text: &mut String, used: &BTreeMap<(String, &'static str), Usage>, prefix: &str) -> std::fmt::Result {
    writeln!(text, "# TYPE onsale_dynamodb_units_total counter")?;
    for ((table, operation), usage) in used {
        let table = table.strip_prefix(prefix).unwrap_or(table);
        let kinds =
            [("read", usage.read_units), ("write", usage.write_units), ("refused_write", usage.refused_write_units)];
        for (kind, units) in kinds.into_iter().filter(|(_, units)| *units > 0.0) {
            writeln!(
                text,
                "onsale_dynamodb_units_total{{table=\"{table}\",operation=\"{operation}\",kind=\"{kind}\"}} {units}"
            )?;
        }
    }
    Ok(())
}

fn lock(counted: &Mutex<Counted>) -> MutexGuard<'_, Counted> {
    counted.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_status_and_time() {
        let metrics = Metrics::new(&["a", "b"]);
        metrics.count(0, 200, 0.4);
        metrics.count(0, 200, 30.0);
        metrics.count(0, 404, 99_999.0);
        metrics.count(7, 200, 1.0);
        let mut text = String::new();
        metrics.write(&mut text).unwrap();
        for line in [
            "onsale_requests_total{route=\"a\",status=\"200\"} 2",
            "onsale_requests_total{route=\"a\",status=\"404\"} 1",
            "onsale_request_duration_milliseconds_bucket{route=\"a\",le=\"1\"} 1",
            "onsale_request_duration_milliseconds_bucket{route=\"a\",le=\"50\"} 2",
            "onsale_request_duration_milliseconds_bucket{route=\"a\",le=\"10000\"} 2",
            "onsale_request_duration_milliseconds_bucket{route=\"a\",le=\"+Inf\"} 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!text.contains("\"b\""));
    }

    #[test]
    fn units_are_told_by_table_without_its_prefix() {
        let usage = Usage { calls: 3, read_units: 1.5, write_units: 0.0, refused: 1, refused_write_units: 2.0 };
        let used = BTreeMap::from([(("stage-orders".to_owned(), "UpdateItem"), usage)]);
        let mut text = String::new();
        write_units(&mut text, &used, "stage-").unwrap();
        let lines: Vec<&str> = text.lines().skip(1).collect();
        let line = |kind, units| {
            format!("onsale_dynamodb_units_total{{table=\"orders\",operation=\"UpdateItem\",kind=\"{kind}\"}} {units}")
        };
        assert_eq!(lines, [line("read", "1.5"), line("refused_write", "2")]);
    }
}
