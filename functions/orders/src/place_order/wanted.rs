//! What is wanted, once it is known to exist and to be for sale.

use app::{App, Code, Error};
use domain::{
    Timestamp,
    event::later,
    id::{OrderId, UserId},
    money::Money,
    order::{Held, Quantity, Replaces, Subject},
    pool::{Layout, PoolKey},
    tenant::HoldTime,
};
use store::{
    Failed, Reach, Tenant,
    protocol::{Claim, Hold},
};

use super::{ride, seats};
use crate::view::Placed;

/// What is wanted.
pub(super) struct Wanted {
    pub(super) tenant: Tenant,
    pub(super) user: UserId,
    pub(super) subject: Subject,
    pub(super) quantity: Quantity,
    pub(super) total: Money,
    /// What each ticket costs, where that differs.
    pub(super) each: Vec<u64>,
    pub(super) hold: HoldTime,
    pub(super) contact: Reach,
    pub(super) now: Timestamp,
    pub(super) wish: Wish,
    /// The tickets whose place it takes.
    pub(super) replaces: Option<Replaces>,
}

/// What is to be held for it.
pub(super) enum Wish {
    /// Tickets of a pool.
    Tickets { pool: PoolKey, layout: Layout },
    /// Numbered seats.
    Seats(Box<seats::Wish>),
    /// Seats of a train.
    Ride(Box<ride::Wish>),
}

/// What became of a try.
pub(super) enum Outcome {
    /// Everything is held; what is printed on each ticket about its seat.
    Held { held: Vec<Held>, seats: Vec<String> },
    /// It is not.
    Refused(Refused),
}

/// Why a try came to nothing.
pub(super) struct Refused {
    /// What the buyer is told if there is no other try.
    pub(super) error: Error,
    /// What was held in passing.
    pub(super) held: Vec<Held>,
    /// Whether another try may do better.
    pub(super) again: bool,
}

impl Refused {
    /// For good, with nothing held.
    pub(super) fn plainly(error: impl Into<Error>) -> Outcome {
        Outcome::Refused(Self { error: error.into(), held: Vec::new(), again: false })
    }

    /// Others were quicker.
    pub(super) fn busy(held: Vec<Held>) -> Outcome {
        Outcome::Refused(Self { error: Code::Busy.into(), held, again: true })
    }
}

impl Wanted {
    /// Holds what is wanted for an order id; `round` counts the tries from 1.
    ///
    /// # Errors
    /// Where the database fails in the middle, with what was held, or may have been.
    pub(super) async fn hold(&self, id: OrderId, round: usize, app: &App) -> Result<Outcome, (Failed, Vec<Held>)> {
        match &self.wish {
            Wish::Tickets { pool, layout } => self.hold_tickets(id, *pool, *layout).await,
            Wish::Seats(wish) => seats::hold(self, wish, id, round, app).await,
            Wish::Ride(wish) => ride::hold(self, wish, id).await,
        }
    }

    async fn hold_tickets(&self, id: OrderId, pool: PoolKey, layout: Layout) -> Result<Outcome, (Failed, Vec<Held>)> {
        let until = self.until(self.now);
        let claim = Claim { order: id, user: self.user, pool, layout, quantity: self.quantity, until };
        Ok(match self.tenant.hold(&claim, self.now).await? {
            Hold::Held(held) => Outcome::Held { held, seats: Vec::new() },
            Hold::SoldOut => Refused::plainly(Code::SoldOut),
            Hold::TooFewLeft { remaining } => Refused::plainly(too_few(remaining)),
            Hold::Busy { held } => Outcome::Refused(Refused { error: Code::Busy.into(), held, again: false }),
        })
    }

    /// Whether this process remembers that there is nothing left.
    pub(super) fn is_known_sold_out(&self) -> bool {
        match &self.wish {
            Wish::Tickets { pool, .. } => self.tenant.stock().is_known_sold_out(*pool, self.now),
            Wish::Seats(_) | Wish::Ride(_) => false,
        }
    }

    /// When a hold that began then ends. Entries count in whole seconds; the hold is never shorter than promised.
    pub(super) fn until(&self, began: Timestamp) -> Timestamp {
        let until = later(began, self.hold.as_secs() + 1);
        Timestamp::from_second(until.as_second()).unwrap_or(until)
    }

    pub(super) fn placed(&self, order: OrderId, expires: Timestamp) -> Placed {
        Placed::pending(order, expires, self.total)
    }
}

/// Fewer are left than wanted.
pub(super) fn too_few(remaining: u64) -> Error {
    Error::new(Code::TooFewLeft).with("remaining", remaining)
}
