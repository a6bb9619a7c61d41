//! What this process read lately. A rush asks for the same event thousands of times a second.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use domain::Timestamp;
use futures_util::lock::Mutex as Turn;
use tokio::task::yield_now;

use crate::Failed;

/// A value that is read by one caller at a time while the others wait for the same answer.
#[derive(Debug)]
pub(crate) struct Single<V> {
    /// How many reads have begun.
    begun: AtomicU64,
    /// What was read last, with the number of that read.
    kept: Turn<Option<(u64, V)>>,
}

/// A moment between the reads of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(u64);

impl<V> Default for Single<V> {
    fn default() -> Self {
        Self { begun: AtomicU64::new(0), kept: Turn::new(None) }
    }
}

impl<V: Clone> Single<V> {
    /// This moment, of which can be said later whether a read began after it.
    pub(crate) fn moment(&self) -> Moment {
        Moment(self.begun.load(Ordering::Acquire))
    }

    /// What is kept, if that `fits`; else what `keep` makes of what is read and what was kept before. `fits` is also told
    /// whether the read began after the caller `asked`: such a value is as good as any that they could read, though the time
    /// of whoever read it is another. Else those of a crowd whose times are a little older would each read once more.
    pub(crate) async fn get<R>(
        &self,
        asked: Moment,
        fits: impl FnOnce(&V, bool) -> bool,
        read: impl Future<Output = Result<R, Failed>>,
        keep: impl FnOnce(R, Option<&V>) -> V,
    ) -> Result<V, Failed> {
        let mut kept = self.kept.lock().await;
        if let Some((number, value)) = &*kept
            && fits(value, *number > asked.0)
        {
            return Ok(value.clone());
        }
        // Whoever is about to ask is answered by the same read.
        yield_now().await;
        let number = self.begun.fetch_add(1, Ordering::AcqRel) + 1;
        let found = read.await?;
        let value = keep(found, kept.as_ref().map(|(_, value)| value));
        *kept = Some((number, value.clone()));
        Ok(value)
    }

    /// Whether what is kept `fits`; so does what is being read at this moment.
    fn is_worth_keeping(&self, fits: impl FnOnce(&V) -> bool) -> bool {
        self.kept.try_lock().is_none_or(|kept| kept.as_ref().is_some_and(|(_, value)| fits(value)))
    }
}

/// A value with the application time at which reading it began.
type Slot<V> = Arc<Single<(Timestamp, V)>>;

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
        let fits = |(since, _): &(Timestamp, V), was_read: bool| was_read || is_fresh(*since, now, FRESH_MS);
        slot.get(slot.moment(), fits, Box::pin(read), |value, _| (now, value)).await.map(|(_, value)| value)
    }

    /// Forgets a key. A read under way fills a slot that nobody finds any more, so a later caller sees what was written.
    pub(crate) fn forget(&self, key: &K) {
        self.slots().remove(key);
    }

    fn slot(&self, key: K, now: Timestamp) -> Slot<V> {
        let mut slots = self.slots();
        if slots.len() >= MOST && !slots.contains_key(&key) {
            slots.retain(|_, slot| slot.is_worth_keeping(|(since, _)| is_fresh(*since, now, FRESH_MS)));
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

/// What a future gives that waits for nothing but its turn.
#[cfg(test)]
pub(crate) fn soon<T>(future: impl Future<Output = T>) -> T {
    use futures_util::FutureExt as _;

    let mut future = std::pin::pin!(future);
    (0..9).find_map(|_| future.as_mut().now_or_never()).unwrap()
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, pin::pin};

    use futures_util::{FutureExt as _, future::join_all};

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    /// A cache of two whose reads count themselves.
    #[derive(Default)]
    struct Counted {
        lately: Lately<u8, u32, 2>,
        reads: Cell<u32>,
    }

    impl Counted {
        fn get(&self, key: u8, millis: i64) -> u32 {
            soon(self.lately.get(key, at(millis), async { Ok(self.count()) })).unwrap()
        }

        fn count(&self) -> u32 {
            self.reads.set(self.reads.get() + 1);
            self.reads.get()
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
    fn whoever_asks_before_a_read_begins_is_answered_by_it() {
        let cache = Counted::default();
        let gate = Turn::new(());
        let shut = gate.try_lock().unwrap();
        let mut reading = pin!(cache.lately.get(1, at(10), async {
            gate.lock().await;
            Ok(cache.count())
        }));
        let ask = |times: [i64; 2]| {
            let asked = times.map(|millis| cache.lately.get(1, at(millis), async { Ok(cache.count()) }));
            join_all(asked).map(|found| found.into_iter().map(Result::unwrap).collect::<Vec<_>>())
        };
        // Their times are older and much newer than the reader's.
        let (mut early, mut late) = (pin!(ask([9, 9_000])), pin!(ask([9_000, 8])));
        assert!(reading.as_mut().now_or_never().is_none());
        assert!(early.as_mut().now_or_never().is_none());
        assert!(reading.as_mut().now_or_never().is_none());
        // The read has begun: what is written after that may not be in it.
        assert!(late.as_mut().now_or_never().is_none());
        drop(shut);
        assert_eq!(soon(reading).unwrap(), 1);
        assert_eq!(soon(early), [1, 1]);
        assert_eq!(soon(late), [2, 2]);
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
        assert!(soon(failed).is_err());
        assert_eq!(cache.get(1, 0), 1);
    }
}
