//! A function's environments, and the workers of a queue.

use std::collections::VecDeque;

use crate::{
    Micros,
    bucket::Bucket,
    limits::{
        ACCOUNT_ENVIRONMENTS, BATCH, ENVIRONMENTS_PER_10_SECS, POLLERS_AT_FIRST, POLLERS_MAX, POLLERS_PER_MINUTE,
        SECOND,
    },
};

/// The environments of the function that answers buyers.
#[derive(Debug)]
pub(crate) struct Environments {
    free: Vec<u32>,
    made: u32,
    growth: Bucket,
}

/// An environment that was given a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) number: u32,
    pub(crate) is_new: bool,
}

impl Environments {
    pub(crate) fn new() -> Self {
        Self { free: Vec::new(), made: 0, growth: Bucket::new(ENVIRONMENTS_PER_10_SECS / 10, ENVIRONMENTS_PER_10_SECS) }
    }

    /// An environment for a request: one that is free, the last used first, or a new one. `beside` are those that other
    /// functions of the account use.
    pub(crate) fn take(&mut self, beside: u32, now: Micros) -> Option<Given> {
        if let Some(number) = self.free.pop() {
            return Some(Given { number, is_new: false });
        }
        if self.made + beside >= ACCOUNT_ENVIRONMENTS || !self.growth.take(1, now) {
            return None;
        }
        self.made += 1;
        Some(Given { number: self.made - 1, is_new: true })
    }

    pub(crate) fn give_back(&mut self, number: u32) {
        self.free.push(number);
    }

    /// How many there ever were at once.
    pub(crate) const fn made(&self) -> u32 {
        self.made
    }
}

/// A queue with the function that works on it. Messages are the times at which their sender began.
#[derive(Debug, Default)]
pub(crate) struct Workers {
    messages: VecDeque<Micros>,
    busy: u32,
    since: Option<Micros>,
}

impl Workers {
    pub(crate) fn send(&mut self, message: Micros) {
        self.messages.push_back(message);
    }

    /// A batch to work on, where there is one and a poller for it.
    pub(crate) fn receive(&mut self, now: Micros) -> Option<Vec<Micros>> {
        if self.messages.is_empty() || self.busy >= self.pollers(now) {
            return None;
        }
        self.busy += 1;
        let count = self.messages.len().min(BATCH);
        Some(self.messages.drain(..count).collect())
    }

    pub(crate) const fn done(&mut self) {
        self.busy -= 1;
    }

    pub(crate) const fn busy(&self) -> u32 {
        self.busy
    }

    /// How many batches may be under way: more for as long as there are messages.
    fn pollers(&mut self, now: Micros) -> u32 {
        let since = *self.since.get_or_insert(now);
        let more = (now - since) * u64::from(POLLERS_PER_MINUTE) / (60 * SECOND);
        POLLERS_MAX.min(POLLERS_AT_FIRST.saturating_add(u32::try_from(more).unwrap_or(u32::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_are_limited_by_the_account_and_by_their_growth() {
        let mut environments = Environments::new();
        assert_eq!((0..5_000).filter(|_| environments.take(100, 0).is_some()).count(), 900);
        environments.give_back(3);
        assert_eq!(environments.take(100, SECOND), Some(Given { number: 3, is_new: false }));
        assert_eq!(environments.take(100, SECOND), None);
        assert_eq!((0..500).filter(|_| environments.take(0, SECOND).is_some()).count(), 100, "the account's rest");
    }

    #[test]
    fn five_batches_at_first_and_five_more_each_second() {
        let mut workers = Workers::default();
        (0..1_000).for_each(|message| workers.send(message));
        let mut begun = |now| std::iter::from_fn(|| workers.receive(now)).count();
        assert_eq!(begun(0), 5);
        assert_eq!(begun(2 * SECOND), 10);
    }
}
