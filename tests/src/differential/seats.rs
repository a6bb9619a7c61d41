//! Histories of numbered seats.

use std::collections::BTreeMap;

use domain::{
    Timestamp,
    block::Token,
    id::{Id as _, OrderId},
    inventory::{self, Block},
    row::{Change, Entry, Examined, Place, Places, RowBlock},
};
use fastrand::Rng;

use super::History;

/// Few orders, seats and tokens, so that histories meet themselves; some places are beyond the end.
const ORDERS: u8 = 4;
const TOKENS: u8 = 4;
const SIZE: u8 = 10;
const BEYOND: u8 = 11;

/// A row and its past.
pub(super) struct Seats {
    rng: Rng,
    block: RowBlock,
    /// Everything that was ever examined, to be used when it is outdated.
    examined: Vec<Examined>,
}

impl Seats {
    fn entry(&mut self) -> Entry {
        let until = self.rng.bool().then(|| Timestamp::from_second(self.rng.i64(1_000..2_000)).unwrap());
        let order = OrderId::from_bytes([self.rng.u8(..ORDERS); 16]);
        Entry { order, until, token: Token([self.rng.u8(..TOKENS); 6]) }
    }

    fn places(&mut self) -> Places {
        let few = self.rng.u16(..) & self.rng.u16(..) & Places::first(BEYOND).bits();
        if few == 0 { Places::from_bits(1 << self.rng.u8(..BEYOND)) } else { Places::from_bits(few) }
    }

    /// Mostly what is there; sometimes what was there once; sometimes what never was.
    fn one_examined(&mut self) -> Examined {
        let there: Vec<_> = self.block.entries().keys().filter_map(|place| self.block.seat(*place)).collect();
        let picked = match self.rng.u8(..10) {
            0 => None,
            1 => self.rng.choice(self.examined.clone()),
            _ => self.rng.choice(there),
        };
        let place = Place::parse(self.rng.u64(..u64::from(BEYOND))).unwrap();
        picked.unwrap_or_else(|| Examined { place, entry: self.entry() })
    }

    /// A few, each seat once.
    fn some_examined(&mut self) -> Vec<Examined> {
        let count = self.rng.u8(1..=2);
        let picked: BTreeMap<Place, Examined> =
            (0..count).map(|_| self.one_examined()).map(|one| (one.place, one)).collect();
        picked.into_values().collect()
    }

    fn next(&mut self) -> Change {
        match self.rng.u8(..12) {
            0..=4 => {
                let (entry, evicts) = (self.entry(), self.rng.u8(..3) == 0);
                let evict = if evicts { self.some_examined() } else { Vec::new() };
                // Nobody evicts an entry of their own: the order would have to be settled and live at once.
                let evict: Vec<_> = evict.into_iter().filter(|one| one.entry.order != entry.order).collect();
                let evicted: Places = evict.iter().map(|one| one.place).collect();
                let places = if self.rng.bool() && !evicted.is_none() { evicted } else { self.places() };
                Change::Hold { places, entry, evict }
            }
            5 => {
                let one = self.one_examined();
                let same = self.block.examine(one.entry.order, Places::first(SIZE)).into_iter();
                let same: Places =
                    same.filter(|same| same.entry.token == one.entry.token).map(|same| same.place).collect();
                let places = if same.is_none() || self.rng.u8(..4) == 0 { Places::one(one.place) } else { same };
                Change::Confirm { order: one.entry.order, places, token: one.entry.token }
            }
            6 | 7 => {
                let Entry { until, token, .. } = self.entry();
                Change::Rewrite { examined: self.some_examined(), until, token }
            }
            8 => Change::Close { places: self.places() },
            9 => {
                let closed = self.block.closed();
                Change::Open { places: if self.rng.bool() && !closed.is_none() { closed } else { self.places() } }
            }
            _ => Change::Release { examined: self.some_examined() },
        }
    }
}

impl History for Seats {
    const WORDS: &'static [&'static str] = &["done", "Row(Taken", "Row(Held)", "Row(Changed)", "Row(NoSeat"];

    fn begin(rng: Rng) -> Self {
        Self { rng, block: RowBlock::empty(SIZE), examined: Vec::new() }
    }

    fn change(&mut self) -> inventory::Change {
        self.next().into()
    }

    fn block(&self) -> Block {
        Block::Row(self.block.clone())
    }

    fn learn(&mut self, block: Block) {
        let Block::Row(block) = block else { panic!("{block:?}") };
        self.examined.extend(block.all());
        let surplus = self.examined.len().saturating_sub(40);
        self.examined.drain(..surplus);
        self.block = block;
    }
}
