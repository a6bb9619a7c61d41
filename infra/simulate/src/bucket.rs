//! A token bucket: so much in a second, and no more than so much at once.

use crate::{Micros, limits::SECOND};

/// A token bucket. Tokens are counted in millionths, so that nothing is rounded.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    rate: u64,
    most: u64,
    left: u64,
    at: Micros,
}

impl Bucket {
    /// A full bucket of `burst` that fills by `rate` in a second.
    pub(crate) fn new(rate: u32, burst: u32) -> Self {
        let most = u64::from(burst) * SECOND;
        Self { rate: u64::from(rate), most, left: most, at: 0 }
    }

    /// Takes so many, if there are. Time never goes back.
    pub(crate) fn take(&mut self, count: u32, now: Micros) -> bool {
        self.fill(now);
        let wanted = u64::from(count) * SECOND;
        let has = self.left >= wanted;
        if has {
            self.left -= wanted;
        }
        has
    }

    /// Whether there are so many.
    pub(crate) fn has(&mut self, count: u32, now: Micros) -> bool {
        self.fill(now);
        self.left >= u64::from(count) * SECOND
    }

    fn fill(&mut self, now: Micros) {
        self.left = self.most.min(self.left + (now - self.at) * self.rate);
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut bucket = Bucket::new(1_000, 50);
        assert_eq!((0..100).filter(|_| bucket.take(1, 0)).count(), 50);
        assert_eq!((0..10_000).filter(|step| bucket.take(1, step * 1_000)).count(), 9_999);
        assert!(!bucket.has(51, 100 * SECOND) && bucket.has(50, 100 * SECOND), "nothing is saved beyond the burst");
    }
}
