//! How long things took.

use std::time::Duration;

/// Durations of one step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies {
    micros: Vec<u32>,
}

impl Latencies {
    pub(crate) fn add(&mut self, took: Duration) {
        self.micros.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.micros.extend(other.micros);
    }

    pub(crate) fn count(&self) -> usize {
        self.micros.len()
    }

    /// The time that so many of a thousand did not exceed, in milliseconds; none where there is nothing.
    pub(crate) fn per_mille(&self, per_mille: usize) -> Option<f64> {
        let mut sorted = self.micros.clone();
        sorted.sort_unstable();
        let last = sorted.len().checked_sub(1)?;
        let place = (sorted.len() * per_mille).div_ceil(1_000).saturating_sub(1).min(last);
        Some(f64::from(sorted[place]) / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_a_hundred_is_the_fiftieth() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.per_mille(500), None);
        for millis in (1..=100).rev() {
            latencies.add(Duration::from_millis(millis));
        }
        assert_eq!(latencies.per_mille(500), Some(50.0));
        assert_eq!(latencies.per_mille(990), Some(99.0));
        assert_eq!(latencies.per_mille(1_000), Some(100.0));
    }
}
