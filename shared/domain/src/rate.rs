//! Token buckets that many processes share and seldom ask.
//!
//! The shared part of a bucket is one number: the time at which it is full again (the *theoretical arrival time* of the
//! generic cell rate algorithm, ITU-T I.371). Taking a token moves it forward; it may lie so far ahead as the bucket is deep.
//! A process takes tokens in lots and gives them out from memory. Two things keep it from asking for each request of
//! somebody whom it sees seldom: some requests in each window are free, and while a bucket is known to be empty everybody is
//! refused from memory.
//!
//! **What that costs in exactness:** a process lets through at most `free` requests in a window, and one on credit, beyond
//! what the bucket holds. Tokens of a lot that are not used within the window are lost.

/// Milliseconds for which free requests and the tokens of a lot are counted.
pub const WINDOW_MS: i64 = 10_000;

/// How fast somebody may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Tokens that a bucket gains in a minute; not 0.
    pub per_minute: u32,
    /// Tokens that it holds: at least twice the lot.
    pub burst: u32,
    /// Tokens that a process takes at once.
    pub lot: u32,
    /// Requests in a window that a process lets through without asking.
    pub free: u32,
}

impl Rate {
    /// Microseconds in which a bucket gains a token.
    const fn token_us(&self) -> i64 {
        60_000_000 / self.per_minute as i64
    }

    /// The same, so many hundredths as fast and as deep.
    #[must_use]
    pub fn scaled(self, percent: u32) -> Self {
        let scale = |count: u32| u32::try_from(u64::from(count) * u64::from(percent) / 100).unwrap_or(u32::MAX);
        let burst = scale(self.burst).max(2);
        Self {
            per_minute: scale(self.per_minute).clamp(1, 60_000_000),
            burst,
            lot: self.lot.min(burst / 2),
            free: scale(self.free),
        }
    }
}

/// What a process knows of a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// When the shared bucket is full again, as last seen, in microseconds since 1970.
    full_at: i64,
    /// Tokens left of the lot.
    left: u32,
    /// Until when they count, in milliseconds since 1970.
    left_until: i64,
    /// Requests that were let through and not paid for.
    owed: u32,
    /// Free requests of this window.
    free: u32,
    free_until: i64,
    /// Until when the bucket is known to be empty.
    empty_until: i64,
    /// Whether a lot is being taken.
    asking: bool,
}

/// Whether a request may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// It may.
    Go,
    /// It may not, for so many seconds.
    Wait(u32),
    /// A lot has to be taken first; [`Bucket::answered`] is told what came of it.
    Ask(Lease),
}

/// Whether whoever asks may take a lot: a request takes one at most, of whichever bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// It may.
    Allowed,
    /// It took one already.
    Spent,
}

/// A lot to be taken from the shared bucket, in one conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Now, in microseconds since 1970.
    pub now: i64,
    /// What the tokens cost, in microseconds.
    pub cost: i64,
    /// The furthest that the bucket's time may lie ahead before the tokens are taken.
    pub most: i64,
    /// Whether the bucket is thought not to be full, so that its time is moved; else it is set anew.
    pub is_running: bool,
    owed: u32,
}

/// What the shared bucket said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The tokens were taken.
    Granted,
    /// They were not: the bucket's time is this.
    Refused(i64),
    /// Nobody answered, and requests go on all the same.
    Silence,
}

impl Bucket {
    /// Takes a token for a request.
    pub fn take(&mut self, rate: &Rate, now_ms: i64, asking: Asking) -> Take {
        if now_ms < self.empty_until {
            return Take::Wait(seconds(self.empty_until - now_ms));
        }
        if self.left > 0 && now_ms < self.left_until {
            self.left -= 1;
            return Take::Go;
        }
        if now_ms >= self.free_until || self.free_until > now_ms + WINDOW_MS {
            (self.free, self.free_until) = (rate.free, now_ms + WINDOW_MS);
        }
        if self.free > 0 {
            self.free -= 1;
            return Take::Go;
        }
        if self.owed < rate.lot && (self.asking || asking == Asking::Spent) {
            self.owed += 1;
            return Take::Go;
        }
        self.asking = true;
        Take::Ask(self.lease(rate, now_ms))
    }

    const fn lease(&self, rate: &Rate, now_ms: i64) -> Lease {
        let (now, token) = (now_ms * 1_000, rate.token_us());
        let cost = token * (rate.lot as i64 + self.owed as i64);
        let most = now + token * rate.burst as i64 - cost;
        Lease { now, cost, most, is_running: self.full_at > now, owed: self.owed }
    }

    /// Notes what came of a lease. Whether the request that asked may go on.
    pub fn answered(&mut self, rate: &Rate, lease: Lease, answer: Answer) -> Take {
        self.asking = false;
        let now_ms = lease.now / 1_000;
        match answer {
            Answer::Granted => {
                self.full_at = self.full_at.max(lease.now) + lease.cost;
                self.stock(rate, lease, now_ms)
            }
            Answer::Silence => self.stock(rate, lease, now_ms),
            Answer::Refused(full_at) if full_at > lease.most => {
                self.full_at = full_at;
                // Rounded up: a moment too early would be refused again.
                self.empty_until = now_ms + (full_at - lease.most).div_euclid(1_000) + 1;
                Take::Wait(seconds(self.empty_until - now_ms))
            }
            // It was thought to be full and is not, or the other way round. There is enough in it; the next one pays.
            Answer::Refused(full_at) => {
                self.full_at = full_at;
                self.owed += 1;
                Take::Go
            }
        }
    }

    /// The lot is there, one token of which goes to the request that asked.
    const fn stock(&mut self, rate: &Rate, lease: Lease, now_ms: i64) -> Take {
        self.owed = self.owed.saturating_sub(lease.owed);
        self.left = rate.lot - 1;
        self.left_until = now_ms + WINDOW_MS;
        Take::Go
    }

    /// Whether nothing is lost by forgetting it.
    pub const fn is_idle(&self, now_ms: i64) -> bool {
        self.owed == 0 && self.full_at <= now_ms * 1_000 && now_ms >= self.left_until && now_ms >= self.free_until
    }
}

/// Milliseconds as whole seconds, rounded up.
fn seconds(millis: i64) -> u32 {
    u32::try_from((millis + 999) / 1_000).unwrap_or(u32::MAX).max(1)
}

/// What a shared bucket does with a lease, as the database's condition says it: the new time, or the old one.
///
/// # Errors
/// With the bucket's time where the tokens are not taken.
pub const fn settle(full_at: i64, lease: &Lease) -> Result<i64, i64> {
    if lease.is_running && full_at > lease.now && full_at <= lease.most {
        return Ok(full_at + lease.cost);
    }
    if !lease.is_running && full_at <= lease.now {
        return Ok(lease.now + lease.cost);
    }
    Err(full_at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: Rate = Rate { per_minute: 600, burst: 100, lot: 10, free: 3 };

    /// A shared bucket and the processes that use it.
    struct World {
        full_at: i64,
        processes: Vec<Bucket>,
        writes: u32,
    }

    impl World {
        fn of(processes: usize) -> Self {
            Self { full_at: 0, processes: vec![Bucket::default(); processes], writes: 0 }
        }

        /// One request; whether it was let through.
        fn ask(&mut self, process: usize, now_ms: i64) -> bool {
            let bucket = &mut self.processes[process];
            let taken = match bucket.take(&RATE, now_ms, Asking::Allowed) {
                Take::Ask(lease) => {
                    self.writes += 1;
                    let answer = match settle(self.full_at, &lease) {
                        Ok(full_at) => {
                            self.full_at = full_at;
                            Answer::Granted
                        }
                        Err(full_at) => Answer::Refused(full_at),
                    };
                    bucket.answered(&RATE, lease, answer)
                }
                told => told,
            };
            taken == Take::Go
        }
    }

    #[test]
    fn a_lot_is_one_write_and_an_empty_bucket_none() {
        let mut world = World::of(1);
        assert!((0..3).all(|_| world.ask(0, 0)) && world.writes == 0, "the first ones are free");
        assert!((0..100).all(|_| world.ask(0, 0)) && world.writes == 10);
        assert!(!world.ask(0, 0) && world.writes == 11, "whoever comes next learns that it is empty");
        assert!((0..100).all(|_| !world.ask(0, 0)) && world.writes == 11);
        assert!(!world.ask(0, 1_000) && world.writes == 11, "ten tokens take a second and a bit");
        assert!(world.ask(0, 1_001) && world.writes == 12);
    }

    #[test]
    fn a_refusal_says_when_to_come_again() {
        let mut bucket = Bucket { full_at: 20_000_000, ..Bucket::default() };
        let Take::Ask(lease) = Bucket { free_until: 5, ..bucket }.take(&RATE, 0, Asking::Allowed) else { panic!() };
        // Full in 20 s, 10 s deep: ten tokens are there in 11 s.
        assert_eq!(bucket.answered(&RATE, lease, Answer::Refused(20_000_000)), Take::Wait(12));
        assert_eq!(bucket.take(&RATE, 11_000, Asking::Allowed), Take::Wait(1));
    }

    #[test]
    fn whoever_spent_its_write_goes_on_credit_and_the_next_pays() {
        let mut bucket = Bucket { free_until: 5, ..Bucket::default() };
        assert!((0..10).all(|_| bucket.take(&RATE, 0, Asking::Spent) == Take::Go));
        let Take::Ask(lease) = bucket.take(&RATE, 0, Asking::Spent) else { panic!("credit is no more than a lot") };
        assert_eq!(lease.cost, 20 * RATE.token_us());
        assert_eq!(bucket.answered(&RATE, lease, Answer::Granted), Take::Go);
        assert_eq!((bucket.owed, bucket.left), (0, 9));
    }

    #[test]
    fn while_one_asks_the_others_go_on_credit() {
        let mut bucket = Bucket { free_until: 5, ..Bucket::default() };
        let Take::Ask(lease) = bucket.take(&RATE, 0, Asking::Allowed) else { panic!() };
        assert_eq!(bucket.take(&RATE, 0, Asking::Allowed), Take::Go);
        bucket.answered(&RATE, lease, Answer::Granted);
        assert_eq!(bucket.owed, 1, "who came meanwhile is not paid for by what was asked before");
    }

    #[test]
    fn without_an_answer_requests_go_on() {
        let mut bucket = Bucket { free_until: 5, ..Bucket::default() };
        let Take::Ask(lease) = bucket.take(&RATE, 0, Asking::Allowed) else { panic!() };
        assert_eq!(bucket.answered(&RATE, lease, Answer::Silence), Take::Go);
        assert_eq!(bucket.left, 9, "and it is asked again after a lot");
    }

    #[test]
    fn a_rate_is_scaled_and_stays_one() {
        assert_eq!(RATE.scaled(200), Rate { per_minute: 1_200, burst: 200, lot: 10, free: 6 });
        let tiny = RATE.scaled(1);
        assert_eq!((tiny.per_minute, tiny.burst, tiny.lot), (6, 2, 1));
        assert_eq!(Rate { per_minute: 1, ..RATE }.scaled(1).per_minute, 1);
    }

    proptest! {
        /// However many processes there are and however requests fall on them, no more are let through than the bucket
        /// gives, what is free, and one on credit for each process and window.
        #[test]
        fn no_more_is_let_through_than_there_is(
            requests in prop::collection::vec((0_usize..4, 0_i64..300), 1..2_000),
        ) {
            let mut world = World::of(4);
            let (mut now, mut passed) = (0, 0_i64);
            for (process, later) in requests {
                now += later;
                passed += i64::from(world.ask(process, now));
            }
            let windows = now / WINDOW_MS + 1;
            let gained = now * 1_000 / RATE.token_us();
            let most = i64::from(RATE.burst) + gained + 4 * windows * (i64::from(RATE.free) + 1);
            prop_assert!(passed <= most, "{passed} of {most}");
        }
    }
}
