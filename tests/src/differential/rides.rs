//! Histories of seats that are sold for stretches.

use std::collections::BTreeMap;

use domain::{
    Timestamp,
    block::Token,
    id::{Id as _, OrderId},
    inventory::{self, Block},
    rail::{
        row::{Change, Decided, Entry, Examined, Kind, Place, Places, Row},
        stretch::Stretch,
    },
};
use fastrand::Rng;

use super::History;

/// Few orders, seats, stops and tokens, so that histories meet themselves; some places are beyond the end.
const ORDERS: u8 = 4;
const TOKENS: u8 = 4;
const SEATS: u8 = 3;
const POINTS: u16 = 6;

/// A coach row and its past.
pub(super) struct Rides {
    rng: Rng,
    row: Row,
    /// The row as it was a few changes ago: what was decided on it then is written now.
    before: Vec<Row>,
    /// Everything that was ever examined, to be used when it is outdated.
    examined: Vec<Examined>,
}

impl Rides {
    fn order(&mut self) -> OrderId {
        OrderId::from_bytes([self.rng.u8(..ORDERS); 16])
    }

    fn places(&mut self) -> Places {
        let count = self.rng.u8(1..=2);
        let all = (0..count).map(|_| {
            let from = self.rng.u16(..POINTS - 1);
            // Rarely beyond the last stop or the last seat.
            let (last, wide) = (self.rng.u8(..12) == 0, self.rng.u8(..12) == 0);
            let to = self.rng.u16(from + 1..POINTS + u16::from(last));
            let seat = self.rng.u8(..SEATS + u8::from(wide));
            Place { seat, stretch: Stretch::new(from, to).unwrap() }
        });
        let all: Vec<_> = all.collect();
        Places::new(all.clone()).unwrap_or_else(|_| Places::one(all[0]))
    }

    fn entry(&mut self) -> Entry {
        let until = self.rng.bool().then(|| Timestamp::from_second(self.rng.i64(1_000..2_000)).unwrap());
        Entry { places: self.places(), until, token: Token([self.rng.u8(..TOKENS); 6]), instead_of: None }
    }

    /// Mostly what is there; sometimes what was there once; sometimes what never was.
    fn one_examined(&mut self) -> Examined {
        let picked = match self.rng.u8(..10) {
            0 => None,
            1 | 2 => self.rng.choice(self.examined.clone()),
            _ => self.rng.choice(self.row.all().collect::<Vec<_>>()),
        };
        picked.unwrap_or_else(|| Examined { order: self.order(), entry: self.entry() })
    }

    fn next(&mut self) -> Change {
        match self.rng.u8(..10) {
            0..=4 => {
                let order = self.order();
                let evicted = self.rng.choice([0, 0, 0, 1, 2]).unwrap_or(0);
                let evict: BTreeMap<_, _> =
                    (0..evicted).map(|_| self.one_examined()).map(|examined| (examined.order, examined)).collect();
                // Nobody evicts an entry of their own: the order would have to be settled and live at once.
                let evict = evict.into_values().filter(|examined| examined.order != order).collect();
                Change::Hold { order, entry: self.entry(), evict }
            }
            5 => {
                let examined = self.one_examined();
                Change::Confirm { order: examined.order, token: examined.entry.token }
            }
            6 => {
                let examined = self.one_examined();
                let entry = Entry { places: examined.entry.places.clone(), ..self.entry() };
                Change::Rewrite { examined, entry }
            }
            7 => Change::Rewrite { examined: self.one_examined(), entry: self.entry() },
            _ => Change::Release { examined: self.one_examined() },
        }
    }
}

impl History for Rides {
    const WORDS: &'static [&'static str] = &["done", "Coach(Taken)", "Coach(Held)", "Coach(Changed)"];

    fn begin(rng: Rng) -> Self {
        let row = Row::empty(Kind::Coach, SEATS, POINTS);
        Self { rng, before: vec![row.clone()], row, examined: Vec::new() }
    }

    fn change(&mut self) -> inventory::Change {
        loop {
            let change = self.next();
            if !change.takes() {
                return Decided::blind(change).into();
            }
            // What is not right on the row that was read is never written; it may have been right on the one before.
            let of = if self.rng.bool() { self.rng.choice(self.before.clone()) } else { None };
            if let Ok(decided) = of.unwrap_or_else(|| self.row.clone()).decide(change) {
                return decided.into();
            }
        }
    }

    fn block(&self) -> Block {
        Block::Coach(self.row.clone())
    }

    fn learn(&mut self, block: Block) {
        let Block::Coach(row) = block else { panic!("{block:?}") };
        self.examined.extend(row.all());
        let surplus = self.examined.len().saturating_sub(40);
        self.examined.drain(..surplus);
        self.before.push(row.clone());
        let surplus = self.before.len().saturating_sub(4);
        self.before.drain(..surplus);
        self.row = row;
    }
}
