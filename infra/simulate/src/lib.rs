//! Simulates an on-sale by discrete events: many buyers, a function, tables and queues with Amazon's published limits, and
//! the product's blocks beside what others do.
//!
//! What is simulated is where limits bind: units of partitions, environments, pollers, the gateway. Latencies are assumed
//! and the same for all. The same seed gives the same result on every machine.
//!
//! **Invariant:** a ticket is sold when, and only when, a write takes it from what is free; whoever asks is told from the
//! same state. So overselling would be seen, and is looked for.

mod blocks;
mod bucket;
mod counters;
mod lambda;
pub mod limits;
mod outcome;
mod plot;
mod request;
mod stock;
mod table;
#[cfg(test)]
mod tests;
mod world;

pub use outcome::Outcome;
pub use plot::{Curve, plot};

/// A moment or a time, in millionths of a second.
pub type Micros = u64;

/// How stock is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// As the product does: blocks of 16 in shards of 16, summaries, and a marker.
    Blocks,
    /// So many counters, each one item; a request tries four of them at most.
    Counters(u32),
    /// The same, with the order in one transaction.
    Transactions(u32),
}

/// An on-sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// How stock is kept.
    pub strategy: Strategy,
    /// How many tickets there are.
    pub tickets: u32,
    /// How many buyers come, of whom each wants one to four.
    pub buyers: u32,
    /// After how long half of them, about, have come: the rate falls off by half in every such time.
    pub half_after: Micros,
    /// Write units in a second of each table.
    pub table_writes: u32,
    /// When it is given up.
    pub until: Micros,
    /// What chance is made of.
    pub seed: u64,
}

/// Lets an on-sale happen.
///
/// # Panics
/// Never for a number of tickets that the product takes.
pub fn simulate(scenario: &Scenario) -> Outcome {
    world::World::new(scenario).run()
}
