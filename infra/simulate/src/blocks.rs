//! The product's search for a block, as `store::protocol` does it.

use crate::{
    request::{Answer, Next, Request, Stage},
    stock::Blocks,
    table::{Throttled, spread},
    world::{Stock, World},
};

/// Blind tries, and shards that are read, as in the product.
const PROBES: u8 = 4;
const SHARDS: usize = 4;

impl World {
    /// What is known from memory: a pool that is marked costs no write, only a look whether an earlier attempt won.
    pub(crate) fn begin(&mut self, request: &Request) -> Next {
        let is_marked = self.memories[request.environment as usize].marker(self.now) == Some(true);
        match &self.stock {
            Stock::Blocks(_) if is_marked => self.then(Stage::Recall),
            Stock::Counters(_) if is_marked => Next::Answer(Answer::SoldOut),
            _ if self.is_transaction() => self.then(Stage::Transact(0)),
            _ => self.then(Stage::Remember),
        }
    }

    /// The calls of a search.
    pub(crate) fn search(&mut self, request: &mut Request, stage: Stage) -> Result<Next, Throttled> {
        match stage {
            Stage::Probe(tried) => self.probe(request, tried),
            Stage::Marker => self.read_marker(request),
            Stage::Summaries => self.read_summaries(request),
            Stage::Shard(number) => self.read_shard(request, number),
            Stage::Take(number, block) => self.take_best(request, number, block),
            Stage::Gather(number) => self.gather(request, number),
            _ => self.abandon(request),
        }
    }

    fn blocks(&mut self) -> &mut Blocks {
        match &mut self.stock {
            Stock::Blocks(blocks) => blocks,
            Stock::Counters(_) => unreachable!("counters are not searched"),
        }
    }

    fn probe(&mut self, request: &mut Request, tried: u8) -> Result<Next, Throttled> {
        let shards = self.blocks().layout.shards();
        let shard = if tried == 0 && request.tries == 0 {
            u16::try_from(spread(u64::from(request.buyer)) % u64::from(shards)).unwrap_or_default()
        } else {
            self.chance.u16(..shards)
        };
        if let Some(block) = self.pick(request, shard)
            && self.attempt(request, block, request.quantity)?
        {
            return Ok(self.then(Stage::Send));
        }
        if tried + 1 < PROBES {
            return Ok(self.then(Stage::Probe(tried + 1)));
        }
        Ok(match self.memories[request.environment as usize].marker(self.now) {
            None => self.then(Stage::Marker),
            Some(true) => self.then(Stage::Forget(Answer::SoldOut)),
            Some(false) => self.look(request),
        })
    }

    /// A random block of the shard that was not tried and is not known to be too full.
    fn pick(&mut self, request: &Request, shard: u16) -> Option<u16> {
        let now = self.now;
        let range = self.blocks().layout.blocks_of(shard);
        let memory = &self.memories[request.environment as usize];
        let worth = |block: &u16| !request.tried.contains(block) && memory.may_have(*block, request.quantity, now);
        let worth: Vec<u16> = range.filter(worth).collect();
        self.chance.choice(worth)
    }

    /// One blind write on one block.
    fn attempt(&mut self, request: &mut Request, block: u16, count: u8) -> Result<bool, Throttled> {
        self.tables.inventory.write(u64::from(block / 16), 1, self.now)?;
        request.tried.push(block);
        match self.blocks().take(block, count) {
            Ok(()) => {
                request.made(1);
                request.held.push((block, count));
                Ok(true)
            }
            Err(free) => {
                request.was_refused(1);
                self.memories[request.environment as usize].refused(block, free, self.now);
                Ok(false)
            }
        }
    }

    fn read_marker(&mut self, request: &mut Request) -> Result<Next, Throttled> {
        // One item for the whole pool, under a key that no shard has.
        self.tables.catalogue.read(u64::MAX, 1, self.now)?;
        let is_marked = self.blocks().marked;
        self.memories[request.environment as usize].learn_marker(is_marked, self.now);
        Ok(if is_marked { self.then(Stage::Forget(Answer::SoldOut)) } else { self.look(request) })
    }

    /// Begins to look where the summaries say that something is left.
    fn look(&mut self, request: &mut Request) -> Next {
        let known = self.memories[request.environment as usize].summaries(self.now);
        let Some(summaries) = known else { return self.then(Stage::Summaries) };
        request.hopeful = (0..).zip(summaries).filter(|(_, free)| **free > 0).map(|(shard, _)| shard).collect();
        self.chance.shuffle(&mut request.hopeful);
        if request.hopeful.is_empty() { self.then(Stage::Forget(Answer::Busy)) } else { self.then(Stage::Shard(0)) }
    }

    fn read_summaries(&mut self, request: &mut Request) -> Result<Next, Throttled> {
        let summaries = self.blocks().summaries.clone();
        // Eventually consistent, and about 60 bytes each: an eighth of a thousandth of a unit; one unit for each 8 KiB.
        let units = u32::try_from(summaries.len() * 60 / 8_192 + 1).unwrap_or(1);
        self.tables.catalogue.read(u64::MAX, units, self.now)?;
        let jitter = self.chance.u64(..);
        self.memories[request.environment as usize].learn_summaries(summaries, self.now, jitter);
        Ok(self.look(request))
    }

    fn read_shard(&mut self, request: &mut Request, number: u8) -> Result<Next, Throttled> {
        let shard = request.hopeful[usize::from(number)];
        // Sixteen blocks of up to 1 KiB, read consistently.
        self.tables.inventory.read(u64::from(shard), 4, self.now)?;
        let blocks = self.blocks();
        let free: Vec<(u16, u8)> =
            blocks.layout.blocks_of(shard).map(|it| (it, blocks.free[usize::from(it)])).collect();
        let fits = free.iter().filter(|(_, free)| *free >= request.quantity).map(|(block, free)| (*free, *block));
        if let Some((_, block)) = fits.min() {
            return Ok(self.then(Stage::Take(number, block)));
        }
        request.seen.extend(free.iter().filter(|(_, free)| *free > 0));
        Ok(self.after_shard(request, number))
    }

    fn take_best(&mut self, request: &mut Request, number: u8, block: u16) -> Result<Next, Throttled> {
        if self.attempt(request, block, request.quantity)? {
            return Ok(self.then(Stage::Send));
        }
        Ok(self.after_shard(request, number))
    }

    /// The next shard; or, after the last, what several blocks have together.
    fn after_shard(&mut self, request: &mut Request, number: u8) -> Next {
        let next = usize::from(number) + 1;
        if next < SHARDS.min(request.hopeful.len()) {
            return self.then(Stage::Shard(number + 1));
        }
        let remaining: u32 = request.seen.iter().map(|(_, free)| u32::from(*free)).sum();
        if remaining >= u32::from(request.quantity) {
            request.seen.sort_by_key(|(block, free)| (std::cmp::Reverse(*free), *block));
            return self.then(Stage::Gather(0));
        }
        let all_read = request.hopeful.len() <= SHARDS;
        match u8::try_from(remaining) {
            Ok(remaining) if remaining > 0 && all_read => self.then(Stage::Forget(Answer::TooFewLeft(remaining))),
            _ => self.then(Stage::Forget(Answer::Busy)),
        }
    }

    fn gather(&mut self, request: &mut Request, number: u8) -> Result<Next, Throttled> {
        let (block, free) = request.seen[usize::from(number)];
        let part = free.min(request.missing());
        self.attempt(request, block, part)?;
        if request.missing() == 0 {
            return Ok(self.then(Stage::Send));
        }
        if usize::from(number) + 1 < request.seen.len() {
            return Ok(self.then(Stage::Gather(number + 1)));
        }
        Ok(self.then(if request.held.is_empty() { Stage::Forget(Answer::Busy) } else { Stage::Abandon }))
    }

    /// Gives one block back; a marker that was set meanwhile is cleared.
    fn abandon(&mut self, request: &mut Request) -> Result<Next, Throttled> {
        if let Some((block, count)) = request.held.last().copied() {
            self.tables.inventory.write(u64::from(block / 16), 1, self.now)?;
            request.was_refused(1);
            request.held.pop();
            self.blocks().give_back(block, count);
        }
        Ok(self.then(if request.held.is_empty() { Stage::Forget(Answer::Busy) } else { Stage::Abandon }))
    }
}
