//! The protocol of holds: the order item is the only arbiter, block entries point at it.
//!
//! 1. **Settle before reclaim.** Nothing leaves a block before the order behind it is known to have ended.
//! 2. **Only what was examined is removed.** Every removal names the entry's token.
//! 3. **Tombstones.** A try that is given up writes one, so that a late worker cannot create the order.
//! 4. **An order that is reserved, paid or ticketed owns all that it lists, at every instant.**
//!
//! Each step is one conditional write that can be repeated after any crash; there is no transaction on this path. (Paying
//! for tickets that take the place of others is one: see `exchange`.)

mod exchange;
mod hold;
mod reclaim;
mod release;
mod revive;
mod rides;
mod seats;
mod settle;

use domain::{
    Timestamp,
    block::Token,
    id::{OrderId, UserId},
    order::{Held, Quantity},
    pool::{Layout, PoolKey},
};

pub use exchange::Exchanged;
pub use release::Tidied;
pub use revive::Revived;
pub use rides::{PersonHold, RideClaim, RideHold};
pub use seats::{SeatClaim, SeatHold};
pub use settle::Settled;

/// What a buyer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// For which order.
    pub order: OrderId,
    /// For whom; only says where the search begins.
    pub user: UserId,
    /// Of what.
    pub pool: PoolKey,
    /// How the pool is cut.
    pub layout: Layout,
    /// How many.
    pub quantity: Quantity,
    /// Until when, in whole seconds.
    pub until: Timestamp,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// All of it is held.
    Held(Vec<Held>),
    /// The pool is marked sold out. Nothing is held.
    SoldOut,
    /// Fewer tickets are left. Nothing is held.
    TooFewLeft {
        /// How many.
        remaining: u64,
    },
    /// Nothing was found at once. What was held in passing has to be abandoned.
    Busy {
        /// What was held in passing.
        held: Vec<Held>,
    },
}

/// A token that no other write of an entry has: 48 bits drawn anew. It need not be secret.
fn token() -> Token {
    let mut bytes = [0; 6];
    bytes.copy_from_slice(&fastrand::u64(..).to_be_bytes()[..6]);
    Token(bytes)
}
