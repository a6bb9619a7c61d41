//! One request while a function works on it.

use crate::{Micros, limits};

/// What the function does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Decides from memory.
    Begin,
    /// Reads whether an attempt before was luckier: a pool that is known to be sold out costs no write.
    Recall,
    /// Notes the idempotency key.
    Remember,
    /// A blind try, the `n`th.
    Probe(u8),
    /// Reads the marker.
    Marker,
    /// Reads the summaries.
    Summaries,
    /// Reads the `n`th shard in which there may be something.
    Shard(u8),
    /// Tries the best block of that shard.
    Take(u8, u16),
    /// Takes what it can get of the `n`th block that had something.
    Gather(u8),
    /// Gives back what a gathering held that did not get enough.
    Abandon,
    /// Forgets the idempotency key and answers.
    Forget(Answer),
    /// Sends the order to its queue.
    Send,
    /// Takes from a counter, the `n`th try.
    Count(u8),
    /// Takes from a counter and writes the order in one transaction, the `n`th try.
    Transact(u8),
}

/// What a buyer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Won,
    SoldOut,
    /// So many may still be had.
    TooFewLeft(u8),
    Busy,
    /// The database was too busy.
    Unavailable,
}

/// What comes after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The next call takes effect after so long.
    After(Micros, Stage),
    Answer(Answer),
}

/// One request while a function works on it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) buyer: u32,
    pub(crate) environment: u32,
    pub(crate) quantity: u8,
    pub(crate) stage: Stage,
    /// How often the SDK has tried this call.
    pub(crate) tries: u8,
    /// Write units so far, and those of writes that were refused.
    pub(crate) spent: u32,
    pub(crate) refused: u32,
    pub(crate) held: Vec<(u16, u8)>,
    pub(crate) tried: Vec<u16>,
    /// Shards in which something may be had.
    pub(crate) hopeful: Vec<u16>,
    /// Blocks that had something when they were read.
    pub(crate) seen: Vec<(u16, u8)>,
}

impl Request {
    pub(crate) const fn new(buyer: u32, environment: u32, quantity: u8) -> Self {
        Self {
            buyer,
            environment,
            quantity,
            stage: Stage::Begin,
            tries: 0,
            spent: 0,
            refused: 0,
            held: Vec::new(),
            tried: Vec::new(),
            hopeful: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// What is still to be held.
    pub(crate) fn missing(&self) -> u8 {
        self.quantity - self.held.iter().map(|(_, count)| count).sum::<u8>()
    }

    /// Notes a write that was made.
    pub(crate) const fn made(&mut self, units: u32) {
        self.spent += units;
    }

    /// Notes a write that a condition or another transaction refused, and that is billed all the same.
    pub(crate) const fn was_refused(&mut self, units: u32) {
        self.spent += units;
        self.refused += units;
    }
}

/// How long a call takes.
pub(crate) const fn takes(stage: Stage) -> Micros {
    match stage {
        Stage::Begin => 0,
        Stage::Recall | Stage::Marker => limits::READ,
        Stage::Remember | Stage::Probe(_) | Stage::Take(..) | Stage::Gather(_) | Stage::Abandon | Stage::Forget(_) => {
            limits::WRITE
        }
        Stage::Count(_) => limits::WRITE,
        Stage::Summaries | Stage::Shard(_) => limits::QUERY,
        Stage::Send => limits::SEND,
        Stage::Transact(_) => limits::TRANSACT,
    }
}
