//! What this process read lately. A rush asks for the same event thousands of times a second.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::Timestamp;
use futures_util::lock::Mutex as Turn;

use crate::Failed;

/// A value with the application time at which reading it began; nothing before the first read.
type Slot<V> = Arc<Turn<Option<(Timestamp, V)>>>;

/// At most `MOST` values by key, each read by one caller at a time while the others wait for the same answer, and answered
/// from memory for `FRESH_MS` milliseconds.
#[derive(Debug)]
pub(crate) struct Lately<K, V, const MOST: usize, const FRESH_MS: i64 = 2_000>(Mutex<HashMap<K, Slot<V>>>);

impl<K, V, const MOST: usize, const FRESH_MS: i64> Default for Lately<K, V, MOST, FRESH_MS> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone, const MOST: usize, const FRESH_MS: i64> Lately<K, V, MOST, FRESH_MS> {
    /// The value of a key, from memory if it is fresh at `now`, else by reading it.
    pub(crate) async fn get(
        &self,
        key: K,
        now: Timestamp,
        read: impl Future<Output = Result<V, Failed>>,
    ) -> Result<V, Failed> {
        let slot = self.slot(key, now);
        let mut kept = slot.lock().await;
        if let Some((since, value)) = &*kept
            && is_fresh(*since, now, FRESH_MS)
        {
            return Ok(value.clone());
        }
        let value = read.await?;
        *kept = Some((now, value.clone()));
        Ok(value)
    }

    /// Forgets a key. A read under way fills a slot that nobody finds any more, so a later caller sees what was written.
    pub(crate) fn forget(&self, key: &K) {
        self.slots().remove(key);
    }

    fn slot(&self, key: K, now: Timestamp) -> Slot<V> {
        let mut slots = self.slots();
        if slots.len() >= MOST && !slots.contains_key(&key) {
            slots.retain(|_, slot| {
                slot.try_lock().is_none_or(|kept| kept.as_ref().is_some_and(|(at, _)| is_fresh(*at, now, FRESH_MS)))
            });
            if slots.len() >= MOST {
                slots.clear();
            }
        }
        Arc::clone(slots.entry(key).or_default())
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<K, Slot<V>>> {
        // Every change of the map is one call, so a panic elsewhere cannot have left it half made.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A value from the future is not fresh: the clock of a test may be set back.
pub(crate) fn is_fresh(since: Timestamp, now: Timestamp, fresh_ms: i64) -> bool {
    (0..fresh_ms).contains(&(now.as_millisecond() - since.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_util::FutureExt as _;

    use super::*;

    /// A cache of two whose reads count themselves.
    #[derive(Default)]
    struct Counted {
        lately: Lately<u8, u32, 2>,
        reads: Cell<u32>,
    }

    impl Counted {
        fn get(&self, key: u8, millis: i64) -> u32 {
            let now = Timestamp::from_millisecond(millis).unwrap();
            let read = async {
                self.reads.set(self.reads.get() + 1);
                Ok(self.reads.get())
            };
            self.lately.get(key, now, read).now_or_never().unwrap().unwrap()
        }
    }

    #[test]
    fn a_value_is_answered_from_memory_for_two_seconds() {
        let cache = Counted::default();
        for (now, read) in [(0, 1), (1_999, 1), (2_000, 2), (3_999, 2), (1_000, 3)] {
            assert_eq!(cache.get(1, now), read, "{now}");
        }
    }

    #[test]
    fn what_is_forgotten_is_read_again() {
        let cache = Counted::default();
        assert_eq!(cache.get(1, 0), 1);
        cache.lately.forget(&1);
        assert_eq!(cache.get(1, 0), 2);
    }

    #[test]
    fn no_more_than_the_bound_is_kept() {
        let cache = Counted::default();
        for key in 0..100 {
            cache.get(key, 0);
            assert!(cache.lately.slots().len() <= 2);
        }
        cache.get(100, 5_000);
        assert!(cache.lately.slots().len() <= 2);
    }

    #[test]
    fn a_failed_read_is_not_kept() {
        let cache = Counted::default();
        let failed = cache.lately.get(1, Timestamp::UNIX_EPOCH, async { Err(Failed::Throttled) });
        assert!(failed.now_or_never().unwrap().is_err());
        assert_eq!(cache.get(1, 0), 1);
    }
}
