//! Histories of tickets without numbers.

use std::collections::BTreeMap;

use domain::{
    Timestamp,
    block::{Change, Entry, Examined, StockBlock, Token},
    id::{Id as _, OrderId},
    inventory::{self, Block},
};
use fastrand::Rng;

use super::History;

/// Few orders and few tokens, so that histories meet themselves.
const ORDERS: u8 = 6;
const TOKENS: u8 = 5;

/// Tickets in the block.
const SIZE: u8 = 16;

/// What a history remembers beside the block: everything that was ever examined, to be used when it is outdated.
pub(super) struct Tickets {
    rng: Rng,
    block: StockBlock,
    examined: Vec<Examined>,
}

impl Tickets {
    fn order(&mut self) -> OrderId {
        OrderId::from_bytes([self.rng.u8(..ORDERS); 16])
    }

    fn entry(&mut self) -> Entry {
        let until = self.rng.bool().then(|| Timestamp::from_second(self.rng.i64(1_000..2_000)).unwrap());
        Entry { count: self.rng.u8(1..=8), until, token: Token([self.rng.u8(..TOKENS); 6]) }
    }

    /// Mostly what is there; sometimes what was there once; sometimes what never was.
    fn some_examined(&mut self) -> Examined {
        let there: Vec<_> = self.block.entries().keys().filter_map(|order| self.block.examine(*order)).collect();
        let picked = match self.rng.u8(..10) {
            0 => None,
            1..=3 => self.rng.choice(self.examined.clone()),
            _ => self.rng.choice(there),
        };
        picked.unwrap_or_else(|| Examined { order: self.order(), entry: self.entry() })
    }

    fn next(&mut self) -> Change {
        match self.rng.u8(..10) {
            0..=4 => {
                let order = self.order();
                // Mostly blind, as holds are: then the block fills up, and refuses.
                let evicted = self.rng.choice([0, 0, 0, 1, 2]).unwrap_or(0);
                let evict: BTreeMap<_, _> =
                    (0..evicted).map(|_| self.some_examined()).map(|examined| (examined.order, examined)).collect();
                // Nobody evicts an entry of their own: the order would have to be settled and live at once.
                let evict = evict.into_values().filter(|examined| examined.order != order).collect();
                Change::Hold { order, entry: self.entry(), evict }
            }
            5 => {
                let examined = self.some_examined();
                Change::Confirm { order: examined.order, token: examined.entry.token }
            }
            6 | 7 => Change::Rewrite { examined: self.some_examined(), entry: self.entry() },
            _ => Change::Release { examined: self.some_examined() },
        }
    }
}

impl History for Tickets {
    const WORDS: &'static [&'static str] = &["done", "Stock(Full)", "Stock(Held)", "Stock(Changed)"];

    fn begin(rng: Rng) -> Self {
        Self { rng, block: StockBlock::empty(SIZE), examined: Vec::new() }
    }

    fn change(&mut self) -> inventory::Change {
        self.next().into()
    }

    fn block(&self) -> Block {
        Block::Stock(self.block.clone())
    }

    fn learn(&mut self, block: Block) {
        let Block::Stock(block) = block else { panic!("{block:?}") };
        self.examined.extend(block.all());
        let surplus = self.examined.len().saturating_sub(40);
        self.examined.drain(..surplus);
        self.block = block;
    }
}
