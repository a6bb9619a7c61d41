//! The clock: the system's, or one that tests move by hand.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Instant,
};

use domain::Timestamp;

/// Where the time comes from. Clones of a test clock move together.
#[derive(Clone)]
pub enum Clock {
    /// The system.
    System,
    /// A number of milliseconds since 1970 that stands still until it is moved.
    Test(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `start`.
    pub fn test(start: Timestamp) -> Self {
        Self::Test(Arc::new(AtomicI64::new(start.as_millisecond())))
    }

    /// Moves a test clock. The system's clock moves by itself.
    pub fn advance(&self, seconds: i64) {
        if let Self::Test(millis) = self {
            millis.fetch_add(seconds.saturating_mul(1_000), Ordering::SeqCst);
        }
    }

    /// Whether it is moved by hand.
    pub const fn is_test(&self) -> bool {
        matches!(self, Self::Test(_))
    }

    /// The time, to the millisecond.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => system_now(),
            Self::Test(millis) => Timestamp::from_millisecond(millis.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that asks the clock")]
fn system_now() -> Timestamp {
    let now = Timestamp::now();
    // What is stored and what is sent has milliseconds: a time must compare equal after it went there and back.
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_test() { "Test" } else { "System" })
    }
}

/// Measures how long something takes; for logs alone.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts.
    #[expect(clippy::disallowed_methods, reason = "measures for the log; nothing is decided by it")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since the start, with their fraction.
    pub fn elapsed_ms(self) -> f64 {
        self.0.elapsed().as_secs_f64() * 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_clock_moves_with_its_clones_only_when_told() {
        let clock = Clock::test(Timestamp::from_second(1_000).unwrap());
        let other = clock.clone();
        other.advance(60);
        assert_eq!(clock.now().as_second(), 1_060);
        assert_eq!(clock.now(), clock.now());
        assert!(clock.is_test() && !Clock::System.is_test());
    }

    #[test]
    fn the_system_clock_has_whole_milliseconds() {
        assert_eq!(Clock::System.now().subsec_nanosecond() % 1_000_000, 0);
    }
}
