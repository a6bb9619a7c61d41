//! Holding numbered seats: one blind write for each block, all of them or none.

use domain::{
    Timestamp,
    id::OrderId,
    inventory::{Block, Examined},
    order::Held,
    pool::BlockAddress,
    row::{self, Change, Entry, Places, RowBlock},
};

use super::token;
use crate::{Changed, Failed, Tenant};

/// How often one block is tried when entries past their time are in the way.
const ROUNDS: usize = 3;

/// The seats that a buyer is to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatClaim {
    /// For which order.
    pub order: OrderId,
    /// Which seats, block by block.
    pub seats: Vec<(BlockAddress, Places)>,
    /// Until when, in whole seconds.
    pub until: Timestamp,
}

/// What became of a claim on seats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeatHold {
    /// All of them are held.
    Held(Vec<Held>),
    /// Somebody has some of them.
    Taken {
        /// Where.
        block: BlockAddress,
        /// Which; those that are no seats any more are among them.
        places: Places,
        /// All of the block that are not free, `places` among them.
        gone: Places,
        /// What was held before that, to be abandoned.
        held: Vec<Held>,
    },
}

/// What a try on one block gave.
enum Tried {
    Held(Held),
    /// Which of those wanted, and which of the block, are not free.
    Taken(Places, Places),
}

impl Tenant {
    /// Holds seats, all of them or none.
    ///
    /// # Errors
    /// Where the database fails in the middle, what was held, or may have been, comes along: the caller abandons it.
    pub async fn hold_seats(&self, claim: &SeatClaim, now: Timestamp) -> Result<SeatHold, (Failed, Vec<Held>)> {
        let mut held = Vec::with_capacity(claim.seats.len());
        for (block, places) in claim.seats.iter().copied() {
            match self.hold_row(claim, block, places, now).await {
                Ok(Tried::Held(one)) => held.push(one),
                Ok(Tried::Taken(places, gone)) => return Ok(SeatHold::Taken { block, places, gone, held }),
                Err((failed, unknown)) => {
                    held.extend(unknown);
                    return Err((failed, held));
                }
            }
        }
        Ok(SeatHold::Held(held))
    }

    async fn hold_row(
        &self,
        claim: &SeatClaim,
        block: BlockAddress,
        places: Places,
        now: Timestamp,
    ) -> Result<Tried, (Failed, Vec<Held>)> {
        let mut evict = Vec::new();
        for _ in 0..ROUNDS {
            let held = Held::seats(block, places, token());
            let entry = Entry { order: claim.order, until: Some(claim.until), token: held.token };
            let change = Change::Hold { places, entry, evict };
            let found = match self.inventory().change(block, change).await {
                Ok(Changed::Done) => return Ok(Tried::Held(held)),
                Ok(Changed::Missing) => return Ok(Tried::Taken(places, places)),
                Ok(Changed::Refused { block: Block::Row(found), .. }) => found,
                Ok(Changed::Refused { .. }) => {
                    return Err((Failed::corrupt("seats in a pool of another kind"), Vec::new()));
                }
                // Whether it was made is not known. What is abandoned is removed by its token, if it is there.
                Err(failed) => return Err((failed, vec![held])),
            };
            evict = self.in_the_way(block, &found, places, now).await.map_err(|failed| (failed, Vec::new()))?;
            let freed: Places = evict.iter().map(|one| one.place).collect();
            let left = places.without(found.free().with(freed));
            if !left.is_none() {
                return Ok(Tried::Taken(left, Places::first(found.size()).without(found.free())));
            }
        }
        Ok(Tried::Taken(places, places))
    }

    /// The entries on some seats that may be replaced.
    async fn in_the_way(
        &self,
        at: BlockAddress,
        found: &RowBlock,
        places: Places,
        now: Timestamp,
    ) -> Result<Vec<row::Examined>, Failed> {
        let there = found.all().filter(|one| places.contains(one.place)).map(Examined::Seat).collect();
        let seats = self.replaceable(at, there, now).await?.into_iter();
        Ok(seats
            .filter_map(|examined| match examined {
                Examined::Seat(seat) => Some(seat),
                Examined::Stock(_) | Examined::Ride(_) => None,
            })
            .collect())
    }
}
