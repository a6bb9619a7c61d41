//! The pure model of a stock block and the database's conditional writes agree on every history.

use std::collections::BTreeMap;

use domain::{
    Timestamp,
    block::{Change, Entry, Examined, Refused, StockBlock, Token},
    id::{Id as _, OrderId},
    pool::{BlockAddress, Layout, PoolKey},
};
use fastrand::Rng;
use store::Changed;

use crate::database::Database;

/// Histories, and steps of each. Together 1 500 conditional writes.
const HISTORIES: u64 = 5;
const STEPS: usize = 300;
/// Few orders and few tokens, so that histories meet themselves.
const ORDERS: u8 = 6;
const TOKENS: u8 = 5;

/// What a history remembers beside the block: everything that was ever examined, to be used when it is outdated.
struct History {
    rng: Rng,
    block: StockBlock,
    examined: Vec<Examined>,
}

impl History {
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

    fn change(&mut self) -> Change {
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

/// What the model says that the database should say.
fn expected(block: &mut StockBlock, change: &Change) -> Result<(), Refused> {
    let before = block.clone();
    match block.apply(change) {
        // A writer that finds its own effect takes it for its own earlier try.
        Err(_) if before.shows(change) => Ok(()),
        other => other,
    }
}

#[tokio::test]
async fn random_histories_through_the_model_and_through_the_database_agree() {
    let database = Database::open().await;
    let tenant = database.tenant();
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let layout = Layout::of(u32::from(Layout::TICKETS_PER_BLOCK)).unwrap();
    let mut refusals: BTreeMap<String, u32> = BTreeMap::new();
    for number in 0..HISTORIES {
        let mut rng = Rng::with_seed(seed.wrapping_add(number));
        let mut hash = [0; 32];
        rng.fill(&mut hash);
        let address = BlockAddress { pool: PoolKey::from_hash(&hash), number: 0 };
        tenant.inventory().open(address.pool, layout).await.unwrap();
        let block = StockBlock::empty(layout.capacity_of(0));
        let mut history = History { rng, block, examined: Vec::new() };
        for step in 0..STEPS {
            let change = history.change();
            let before = history.block.clone();
            let expected = expected(&mut history.block, &change);
            let found = tenant.inventory().change(address, &change).await;
            let at = format!("seed {seed}, history {number}, step {step}: {change:?} on {before:?}");
            match (&expected, found.unwrap_or_else(|error| panic!("{at}: {error:?}"))) {
                (Ok(()), Changed::Done) => {}
                (Err(expected), Changed::Refused { why, block }) => {
                    assert_eq!((*expected, &before), (why, &block), "{at}");
                }
                (expected, found) => panic!("{at}: the model says {expected:?}, the database {found:?}"),
            }
            let stored = tenant.inventory().block(address).await.unwrap().unwrap();
            assert_eq!(stored, history.block, "{at}");
            let word = expected.map_or_else(|why| format!("{why:?}"), |()| "done".to_owned());
            *refusals.entry(word).or_default() += 1;
            let there: Vec<_> = history.block.entries().keys().copied().collect();
            let there = there.into_iter().filter_map(|order| history.block.examine(order));
            history.examined.extend(there);
            let surplus = history.examined.len().saturating_sub(40);
            history.examined.drain(..surplus);
        }
    }
    println!("{refusals:?}");
    for word in ["done", "Full", "Held", "Changed"] {
        assert!(refusals.get(word).is_some_and(|count| *count > 10), "hardly ever {word}: {refusals:?}");
    }
}
