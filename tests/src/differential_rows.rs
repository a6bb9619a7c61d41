//! The pure model of a row block and the database's conditional writes agree on every history.

use std::collections::BTreeMap;

use domain::{
    Timestamp,
    block::Token,
    id::{Id as _, OrderId},
    pool::{BlockAddress, PoolKey},
    row::{Change, Entry, Examined, Place, Places, Refused, RowBlock},
};
use fastrand::Rng;
use store::RowChanged;

use crate::database::Database;

/// Histories, and steps of each. Together 1 500 conditional writes.
const HISTORIES: u64 = 5;
const STEPS: usize = 300;
/// Few orders, seats and tokens, so that histories meet themselves; some places are beyond the end.
const ORDERS: u8 = 4;
const TOKENS: u8 = 4;
const SIZE: u8 = 10;
const BEYOND: u8 = 11;

struct History {
    rng: Rng,
    block: RowBlock,
    /// Everything that was ever examined, to be used when it is outdated.
    examined: Vec<Examined>,
}

impl History {
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

    fn change(&mut self) -> Change {
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

/// What the model says that the database should say.
fn expected(block: &mut RowBlock, change: &Change) -> Result<(), Refused> {
    let before = block.clone();
    match block.apply(change) {
        // A writer that finds its own effect takes it for its own earlier try.
        Err(_) if before.shows(change) => Ok(()),
        other => other,
    }
}

#[tokio::test]
async fn random_histories_of_seats_through_the_model_and_through_the_database_agree() {
    let database = Database::open().await;
    let tenant = database.tenant();
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut refusals: BTreeMap<String, u32> = BTreeMap::new();
    for number in 0..HISTORIES {
        let mut rng = Rng::with_seed(seed.wrapping_add(number));
        let mut hash = [0; 32];
        rng.fill(&mut hash);
        let address = BlockAddress { pool: PoolKey::from_hash(&hash), number: 0 };
        let block = RowBlock::empty(SIZE);
        tenant.inventory().create_row(address, &block).await.unwrap();
        let mut history = History { rng, block, examined: Vec::new() };
        for step in 0..STEPS {
            let change = history.change();
            let before = history.block.clone();
            let expected = expected(&mut history.block, &change);
            let found = tenant.inventory().change_row(address, &change).await;
            let at = format!("seed {seed}, history {number}, step {step}: {change:?} on {before:?}");
            match (&expected, found.unwrap_or_else(|error| panic!("{at}: {error:?}"))) {
                (Ok(()), RowChanged::Done) => {}
                (Err(expected), RowChanged::Refused { why, block }) => {
                    assert_eq!((*expected, &before), (why, &block), "{at}");
                }
                (expected, found) => panic!("{at}: the model says {expected:?}, the database {found:?}"),
            }
            assert_eq!(tenant.inventory().row(address).await.unwrap().as_ref(), Some(&history.block), "{at}");
            let word = match expected {
                Ok(()) => "done",
                Err(Refused::Taken(_)) => "taken",
                Err(Refused::Held) => "held",
                Err(Refused::Changed) => "changed",
                Err(Refused::NoSeat(_)) => "no seat",
            };
            *refusals.entry(word.to_owned()).or_default() += 1;
            history.examined.extend(history.block.due(Timestamp::MAX));
            let surplus = history.examined.len().saturating_sub(40);
            history.examined.drain(..surplus);
        }
    }
    println!("{refusals:?}");
    for word in ["done", "taken", "held", "changed", "no seat"] {
        assert!(refusals.get(word).is_some_and(|count| *count > 10), "hardly ever {word}: {refusals:?}");
    }
}

#[tokio::test]
async fn a_block_that_is_not_there_is_missing() {
    let database = Database::open().await;
    let address = BlockAddress { pool: PoolKey::from_hash(&[9; 32]), number: 0 };
    let entry = Entry { order: OrderId::from_bytes([1; 16]), until: None, token: Token([1; 6]) };
    let hold = Change::Hold { places: Places::first(2), entry, evict: Vec::new() };
    assert_eq!(database.tenant().inventory().change_row(address, &hold).await.unwrap(), RowChanged::Missing);
}
