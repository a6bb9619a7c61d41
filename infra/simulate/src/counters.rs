//! What others do: one counter, several counters, and the order in one transaction with the counter.

use crate::{
    Strategy,
    limits::{MILLI, TRANSACT, TRANSACTION_FACTOR},
    request::{Answer, Next, Request, Stage},
    stock::Counters,
    table::Throttled,
    world::{Stock, World},
};

/// Counters that a request tries before it calls the pool sold out.
const TRIES: u8 = 4;
/// How often a transaction that met another is tried, and the pause after the first time.
const TRANSACTIONS: u8 = 3;
const PAUSE: u64 = 50 * MILLI;

impl World {
    pub(crate) const fn is_transaction(&self) -> bool {
        matches!(self.strategy(), Strategy::Transactions(_))
    }

    fn counters(&mut self) -> &mut Counters {
        match &mut self.stock {
            Stock::Counters(counters) => counters,
            Stock::Blocks(_) => unreachable!("blocks are not counted"),
        }
    }

    /// A counter that this request has not tried.
    fn counter(&mut self, request: &Request) -> Option<u16> {
        let count = u16::try_from(self.counters().free.len()).unwrap_or(u16::MAX);
        let left: Vec<u16> = (0..count).filter(|counter| !request.tried.contains(counter)).collect();
        self.chance.choice(left)
    }

    /// Takes from a counter, if it has as many.
    pub(crate) fn take_of_counter(&mut self, request: &mut Request, tried: u8) -> Result<Next, Throttled> {
        let Some(counter) = self.counter(request) else { return Ok(self.refuse(request)) };
        self.tables.inventory.write(u64::from(counter), 1, self.now)?;
        request.tried.push(counter);
        let free = &mut self.counters().free[usize::from(counter)];
        if let Some(left) = free.checked_sub(u32::from(request.quantity)) {
            *free = left;
            request.made(1);
            return Ok(self.then(Stage::Send));
        }
        let left = *free;
        request.was_refused(1);
        self.learn(request, counter, left);
        Ok(if tried + 1 < TRIES { self.then(Stage::Count(tried + 1)) } else { self.refuse(request) })
    }

    /// Takes from a counter and writes the order, both or neither. Of two transactions that meet in one item the second is
    /// refused, whatever the first comes to.
    pub(crate) fn transact(&mut self, request: &mut Request, tried: u8) -> Result<Next, Throttled> {
        let Some(counter) = self.counter(request) else { return Ok(Self::refuse_at_once(request)) };
        let (now, place) = (self.now, usize::from(counter));
        self.tables.inventory.write_all(&[u64::from(counter)], TRANSACTION_FACTOR, now)?;
        if now < self.counters().locked[place] {
            request.was_refused(TRANSACTION_FACTOR);
            self.tally.conflicts += 1;
            if tried + 1 >= TRANSACTIONS {
                return Ok(Next::Answer(Answer::Busy));
            }
            let pause = self.chance.u64(0..PAUSE << tried);
            return Ok(Next::After(TRANSACT + pause, Stage::Transact(tried + 1)));
        }
        let free = self.counters().free[place];
        let Some(left) = free.checked_sub(u32::from(request.quantity)) else {
            request.was_refused(TRANSACTION_FACTOR);
            request.tried.push(counter);
            self.learn(request, counter, free);
            let is_last = request.tried.len() >= usize::from(TRIES);
            return Ok(if is_last { Self::refuse_at_once(request) } else { self.then(Stage::Transact(0)) });
        };
        // The order with its entry in the index, which is not written twice.
        self.tables.orders.write(self.chance.u64(..), TRANSACTION_FACTOR + 1, now)?;
        let counters = self.counters();
        counters.free[place] = left;
        counters.locked[place] = now + TRANSACT / 2;
        request.made(2 * TRANSACTION_FACTOR + 1);
        Ok(Next::Answer(Answer::Won))
    }

    /// Who keeps one counter knows from one refusal that nothing is left.
    fn learn(&mut self, request: &mut Request, counter: u16, left: u32) {
        request.seen.push((counter, u8::try_from(left).unwrap_or(u8::MAX)));
        if left == 0 && self.counters().free.len() == 1 {
            let now = self.now;
            self.memories[request.environment as usize].learn_marker(true, now);
        }
    }

    fn refusal(request: &Request) -> Answer {
        match request.seen.iter().map(|(_, free)| *free).max() {
            Some(free) if free > 0 => Answer::TooFewLeft(free),
            _ => Answer::SoldOut,
        }
    }

    fn refuse(&mut self, request: &Request) -> Next {
        self.then(Stage::Forget(Self::refusal(request)))
    }

    /// Nothing was noted that had to be forgotten.
    fn refuse_at_once(request: &Request) -> Next {
        Next::Answer(Self::refusal(request))
    }
}
