//! The pure models of blocks and the database's conditional writes agree on every history, for every kind of block.

mod rides;
mod seats;
mod tickets;

use std::collections::BTreeMap;

use domain::{
    block::Token,
    id::{Id as _, OrderId},
    inventory::{Block, Change, Refused},
    pool::{BlockAddress, PoolKey},
    rail::row as coach,
    row,
};
use fastrand::Rng;
use store::Changed;

use crate::database::Database;

/// Histories of each kind, and steps of each. Together 1 500 conditional writes.
const HISTORIES: u64 = 5;
const STEPS: usize = 300;

/// A history of one block that makes up its own changes.
trait History {
    /// What the answers begin with that have to come up.
    const WORDS: &'static [&'static str];

    /// An empty block.
    fn begin(rng: Rng) -> Self;

    /// The next change, sensible or not.
    fn change(&mut self) -> Change;

    /// The block as it is.
    fn block(&self) -> Block;

    /// Takes the block as the model says that it is now.
    fn learn(&mut self, block: Block);
}

/// What the model says that the database should say.
fn expected(block: &mut Block, change: &Change) -> Result<(), Refused> {
    let before = block.clone();
    // What was decided on another row than this is not written, whatever the row would say.
    if let (Block::Coach(row), Change::Coach(decided)) = (&before, change)
        && decided.change.takes()
        && decided.revision != Some(row.revision())
    {
        let refused = before.clone().apply(change).err().unwrap_or(coach::Refused::Changed.into());
        return if before.shows(change) { Ok(()) } else { Err(refused) };
    }
    match block.apply(change) {
        // A writer that finds its own effect takes it for its own earlier try.
        Err(_) if before.shows(change) => Ok(()),
        other => other,
    }
}

async fn compare<H: History>() {
    let database = Database::open().await;
    let tenant = database.tenant();
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut answers: BTreeMap<String, u32> = BTreeMap::new();
    for number in 0..HISTORIES {
        let mut rng = Rng::with_seed(seed.wrapping_add(number));
        let mut hash = [0; 32];
        rng.fill(&mut hash);
        let address = BlockAddress { pool: PoolKey::from_hash(&hash), number: 0 };
        let mut history = H::begin(rng);
        tenant.inventory().create(address, &history.block()).await.unwrap();
        for step in 0..STEPS {
            let (change, before) = (history.change(), history.block());
            let mut block = before.clone();
            let expected = expected(&mut block, &change);
            let found = tenant.inventory().change(address, change.clone()).await;
            let at = format!("seed {seed}, history {number}, step {step}: {change:?} on {before:?}");
            match (&expected, found.unwrap_or_else(|error| panic!("{at}: {error:?}"))) {
                (Ok(()), Changed::Done) => {}
                (Err(expected), Changed::Refused { why, block }) => {
                    assert_eq!((*expected, &before), (why, &block), "{at}");
                }
                (expected, found) => panic!("{at}: the model says {expected:?}, the database {found:?}"),
            }
            assert_eq!(tenant.inventory().block(address).await.unwrap().as_ref(), Some(&block), "{at}");
            let word = expected.map_or_else(|why| format!("{why:?}"), |()| "done".to_owned());
            *answers.entry(word).or_default() += 1;
            history.learn(block);
        }
    }
    println!("{answers:?}");
    for word in H::WORDS {
        let count: u32 = answers.iter().filter(|(answer, _)| answer.starts_with(word)).map(|(_, count)| count).sum();
        assert!(count > 2, "hardly ever {word}: {answers:?}");
    }
}

#[tokio::test]
async fn random_histories_through_the_model_and_through_the_database_agree() {
    compare::<tickets::Tickets>().await;
}

#[tokio::test]
async fn random_histories_of_seats_through_the_model_and_through_the_database_agree() {
    compare::<seats::Seats>().await;
}

#[tokio::test]
async fn random_histories_of_rides_through_the_model_and_through_the_database_agree() {
    compare::<rides::Rides>().await;
}

#[tokio::test]
async fn a_block_that_is_not_there_is_missing() {
    let database = Database::open().await;
    let address = BlockAddress { pool: PoolKey::from_hash(&[9; 32]), number: 0 };
    let (order, token) = (OrderId::from_bytes([1; 16]), Token([1; 6]));
    let entry = row::Entry { order, until: None, token };
    let seats = row::Change::Hold { places: row::Places::first(2), entry, evict: Vec::new() };
    let ride = coach::Decided::blind(coach::Change::Confirm { order, token });
    for change in [Change::from(seats), Change::from(ride)] {
        let changed = database.tenant().inventory().change(address, change).await.unwrap();
        assert_eq!(changed, Changed::Missing);
    }
}
