//! Time passes: events in order, each of which changes something and makes others.

use std::{cmp::Reverse, collections::BinaryHeap};

use domain::pool::Layout;
use fastrand::Rng;

use crate::{
    Micros, Outcome, Scenario, Strategy,
    bucket::Bucket,
    lambda::{Environments, Workers},
    limits::{
        COLD_START, GATEWAY_BURST, GATEWAY_RATE, MILLI, POLL, QUERY, SDK_TRIES, SECOND, SUMMARY_EVERY, WAY, WRITE,
    },
    outcome::Tally,
    request::{Answer, Next, Request, Stage, takes},
    stock::{Blocks, Counters, Memory},
    table::{Table, Throttled},
};

/// The most that one buyer wants.
const MOST: u8 = 4;
/// The longest that a buyer waits between two tries, in seconds.
const PATIENCE_SECS: u64 = 16;
/// Shards that are read at the same time when a pool is marked, as in the product.
const READ_AT_ONCE: u64 = 16;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A buyer asks.
    Knock(u32),
    /// A call of a request takes effect.
    Step(u32),
    /// A batch of orders is written.
    Worked(u32),
    /// The changes of a window are summarised.
    Summarise,
    /// All shards were read.
    Mark,
}

/// Somebody who wants tickets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buyer {
    pub(crate) came: Micros,
    pub(crate) wants: u8,
    tries: u8,
}

/// Stock, as the strategy keeps it.
#[derive(Clone, Debug)]
pub(crate) enum Stock {
    Blocks(Blocks),
    Counters(Counters),
}

/// The tables that a sale writes.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    pub(crate) activity: Table,
    pub(crate) inventory: Table,
    pub(crate) orders: Table,
    pub(crate) catalogue: Table,
}

/// Everything.
#[derive(Debug)]
pub(crate) struct World {
    scenario: Scenario,
    pub(crate) now: Micros,
    events: BinaryHeap<Reverse<(Micros, u64, Event)>>,
    count: u64,
    pub(crate) chance: Rng,
    pub(crate) buyers: Vec<Buyer>,
    /// Buyers in the order in which they come; only the next of them is among the events.
    next: u32,
    gateway: Bucket,
    environments: Environments,
    pub(crate) memories: Vec<Memory>,
    requests: Vec<Option<Request>>,
    workers: Workers,
    batches: Vec<Vec<Micros>>,
    pub(crate) tables: Tables,
    pub(crate) stock: Stock,
    pub(crate) tally: Tally,
}

impl World {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let mut chance = Rng::with_seed(scenario.seed);
        let buyers = arrivals(scenario, &mut chance);
        let table = Table::new(scenario.table_writes);
        let stock = match scenario.strategy {
            Strategy::Blocks => Stock::Blocks(Blocks::new(layout(scenario.tickets))),
            Strategy::Counters(count) | Strategy::Transactions(count) => {
                Stock::Counters(Counters::new(count.max(1), scenario.tickets))
            }
        };
        Self {
            scenario: *scenario,
            now: 0,
            events: BinaryHeap::new(),
            count: 0,
            chance,
            buyers,
            next: 0,
            gateway: Bucket::new(GATEWAY_RATE, GATEWAY_BURST),
            environments: Environments::new(),
            memories: Vec::new(),
            requests: Vec::new(),
            workers: Workers::default(),
            batches: Vec::new(),
            tables: Tables {
                activity: table.clone(),
                inventory: table.clone(),
                orders: table.clone(),
                catalogue: table,
            },
            stock,
            tally: Tally::default(),
        }
    }

    pub(crate) const fn strategy(&self) -> Strategy {
        self.scenario.strategy
    }

    /// Lets everything happen.
    pub(crate) fn run(mut self) -> Outcome {
        self.come();
        if matches!(self.stock, Stock::Blocks(_)) {
            self.later(SUMMARY_EVERY, Event::Summarise);
        }
        while let Some(Reverse((now, _, event))) = self.events.pop() {
            if now > self.scenario.until {
                break;
            }
            self.now = now;
            match event {
                Event::Knock(buyer) => self.knock(buyer),
                Event::Step(place) => self.step(place),
                Event::Worked(batch) => self.worked(batch),
                Event::Summarise => self.summarise(),
                Event::Mark => self.mark(),
            }
        }
        let environments = self.environments.made();
        self.tally.outcome(&self.tables, self.scenario.tickets, environments)
    }

    fn later(&mut self, after: Micros, event: Event) {
        // The number keeps what happens at the same time in the order in which it was caused.
        self.count += 1;
        self.events.push(Reverse((self.now + after, self.count, event)));
    }

    /// Anything between half and one and a half times a latency.
    fn about(&mut self, latency: Micros) -> Micros {
        latency / 2 + self.chance.u64(0..=latency)
    }

    /// Lets the next buyer come in time.
    fn come(&mut self) {
        if let Some(buyer) = self.buyers.get(self.next as usize) {
            let after = buyer.came - self.now;
            self.later(after, Event::Knock(self.next));
            self.next += 1;
        }
    }

    fn knock(&mut self, buyer: u32) {
        if self.buyers[buyer as usize].tries == 0 && buyer + 1 == self.next {
            self.come();
        }
        self.tally.asked += 1;
        if !self.gateway.take(1, self.now) {
            self.tally.turned_away += 1;
            return self.come_back(buyer, None);
        }
        let Some(given) = self.environments.take(self.workers.busy(), self.now) else {
            self.tally.turned_away += 1;
            return self.come_back(buyer, None);
        };
        let place = given.number as usize;
        if place >= self.requests.len() {
            self.requests.resize(place + 1, None);
            self.memories.resize(place + 1, Memory::default());
        }
        self.requests[place] = Some(Request::new(buyer, given.number, self.buyers[buyer as usize].wants));
        let way = self.about(WAY);
        self.later(way + if given.is_new { COLD_START } else { 0 }, Event::Step(given.number));
    }

    /// A buyer asks again, after a second if told to, else after twice as long each time.
    fn come_back(&mut self, buyer: u32, told: Option<Micros>) {
        let tries = &mut self.buyers[buyer as usize].tries;
        *tries = tries.saturating_add(1);
        let wait = told.unwrap_or_else(|| SECOND * (1_u64 << (*tries).min(10)).min(PATIENCE_SECS));
        let wait = WAY + self.about(wait);
        self.later(wait, Event::Knock(buyer));
    }

    /// A call takes effect.
    fn step(&mut self, place: u32) {
        let Some(mut request) = self.requests[place as usize].take() else { return };
        let next = match self.call(&mut request) {
            Ok(next) => {
                request.tries = 0;
                next
            }
            Err(Throttled) => self.throttled(&mut request),
        };
        match next {
            Next::After(after, stage) => {
                request.stage = stage;
                self.requests[place as usize] = Some(request);
                self.later(after, Event::Step(place));
            }
            Next::Answer(answer) => self.answer(&request, answer),
        }
    }

    /// The SDK tries again, after any time up to a second, then up to two; then the request gives up.
    fn throttled(&mut self, request: &mut Request) -> Next {
        request.tries += 1;
        if request.tries < SDK_TRIES {
            let pause = self.chance.u64(0..SECOND << (request.tries - 1));
            return Next::After(pause, request.stage);
        }
        request.tries = 0;
        match request.stage {
            // What is held must come back; the product leaves it to the reconciler, which takes no longer.
            _ if !request.held.is_empty() => Next::After(SECOND, Stage::Abandon),
            _ => Next::Answer(Answer::Unavailable),
        }
    }

    fn call(&mut self, request: &mut Request) -> Result<Next, Throttled> {
        match request.stage {
            Stage::Begin => Ok(self.begin(request)),
            Stage::Recall => {
                self.tables.activity.read(self.chance.u64(..), 1, self.now)?;
                Ok(Next::Answer(Answer::SoldOut))
            }
            Stage::Remember => {
                self.tables.activity.write(self.chance.u64(..), 1, self.now)?;
                request.made(1);
                Ok(self.then(match self.scenario.strategy {
                    Strategy::Blocks => Stage::Probe(0),
                    _ => Stage::Count(0),
                }))
            }
            Stage::Forget(answer) => {
                self.tables.activity.write(self.chance.u64(..), 1, self.now)?;
                request.made(1);
                Ok(Next::Answer(answer))
            }
            Stage::Send => {
                self.workers.send(self.buyers[request.buyer as usize].came);
                self.receive();
                Ok(Next::Answer(Answer::Won))
            }
            Stage::Count(tried) => self.take_of_counter(request, tried),
            Stage::Transact(tried) => self.transact(request, tried),
            stage => self.search(request, stage),
        }
    }

    /// The next call, when it takes effect.
    pub(crate) fn then(&mut self, stage: Stage) -> Next {
        let after = self.about(takes(stage));
        Next::After(after, stage)
    }

    fn answer(&mut self, request: &Request, answer: Answer) {
        self.environments.give_back(request.environment);
        let (buyer, came) = (request.buyer, self.buyers[request.buyer as usize].came);
        self.tally.units(request, answer);
        match answer {
            Answer::Won => {
                self.tally.won(request.quantity, self.now, self.now + WAY - came);
                if matches!(self.scenario.strategy, Strategy::Transactions(_)) {
                    self.tally.written(self.now - came);
                }
            }
            Answer::SoldOut => {
                let left = self.left();
                self.tally.told_sold_out(left);
            }
            Answer::TooFewLeft(left) => {
                self.buyers[buyer as usize].wants = left.clamp(1, request.quantity.max(2) - 1);
                self.come_back(buyer, Some(100 * MILLI));
            }
            Answer::Busy => {
                self.tally.busy += 1;
                self.come_back(buyer, Some(SECOND));
            }
            Answer::Unavailable => {
                self.tally.unavailable += 1;
                self.come_back(buyer, None);
            }
        }
    }

    /// Tickets that nobody holds.
    fn left(&self) -> u32 {
        match &self.stock {
            Stock::Blocks(blocks) => blocks.free.iter().map(|free| u32::from(*free)).sum(),
            Stock::Counters(counters) => counters.free.iter().sum(),
        }
    }

    /// Lets a poller take a batch, where there is one.
    fn receive(&mut self) {
        while let Some(batch) = self.workers.receive(self.now) {
            let number = u32::try_from(self.batches.len()).unwrap_or(u32::MAX);
            self.batches.push(batch);
            let after = self.about(POLL + WRITE);
            self.later(after, Event::Worked(number));
        }
    }

    /// Orders are written, each with its entry in the index of the buyer's orders; what was throttled comes again.
    fn worked(&mut self, batch: u32) {
        self.workers.done();
        for came in std::mem::take(&mut self.batches[batch as usize]) {
            match self.tables.orders.write(self.chance.u64(..), 2, self.now) {
                Ok(()) => self.tally.written(self.now - came),
                Err(Throttled) => self.workers.send(came),
            }
        }
        self.receive();
    }

    /// Summarises the shards that have changed. Where nothing is left in any, all are read to mark the pool.
    fn summarise(&mut self) {
        let Stock::Blocks(blocks) = &mut self.stock else { return };
        let counted = blocks.count();
        for (shard, (now, before)) in (0..).zip(counted.iter().zip(&blocks.summaries)) {
            // A summary that is throttled is written with the next change; nobody believes summaries.
            if now != before && self.tables.catalogue.write(shard, 1, self.now).is_ok() {
                self.tally.summaries += 1;
            }
        }
        let (is_empty, shards) = (counted.iter().sum::<u32>() == 0, counted.len() as u64);
        let is_marked = blocks.marked;
        blocks.summaries = counted;
        if is_empty && !is_marked {
            self.later(shards.div_ceil(READ_AT_ONCE) * QUERY, Event::Mark);
        }
        if !self.events.is_empty() {
            self.later(SUMMARY_EVERY, Event::Summarise);
        }
    }

    fn mark(&mut self) {
        let Stock::Blocks(blocks) = &mut self.stock else { return };
        blocks.marked = blocks.free.iter().all(|free| *free == 0);
    }
}

/// Who comes when: the rate is largest at first and falls off by half in every `half_after`.
fn arrivals(scenario: &Scenario, chance: &mut Rng) -> Vec<Buyer> {
    let mut buyers: Vec<Buyer> = (0..scenario.buyers)
        .map(|_| Buyer { came: after(scenario.half_after, chance), wants: chance.u8(1..=MOST), tries: 0 })
        .collect();
    buyers.sort_by_key(|buyer| buyer.came);
    buyers
}

/// An exponentially distributed time of that median, without floating point: the number of heads in a row says how many
/// halves are over, and within a half it is taken to be uniform.
fn after(half: Micros, chance: &mut Rng) -> Micros {
    let halves = u64::from(chance.u64(..).trailing_ones());
    halves * half + chance.u64(0..half.max(1))
}

/// More tickets than the product takes are as many as it takes.
fn layout(tickets: u32) -> Layout {
    let most = Layout::MAX_CAPACITY;
    Layout::of(tickets.min(most)).unwrap_or_else(|_| unreachable!("{most} tickets are a pool"))
}
