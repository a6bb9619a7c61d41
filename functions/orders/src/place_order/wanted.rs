//! What is wanted, once it is known to exist and to be for sale.

use app::{App, Code, Error};
use domain::{
    Timestamp,
    event::later,
    id::{OrderId, UserId},
    inventory::Block,
    money::Money,
    order::{Contact, Draft, Held, Purchase, Quantity, Replaces, Subject},
    pool::{Layout, PoolKey},
    tenant::HoldTime,
};
use store::{
    Failed, Reach, Tenant,
    protocol::{Claim, Hold},
};

use super::{
    ride,
    seats::{self, By},
};
use crate::view::Placed;

/// What is wanted.
pub(crate) struct Wanted {
    pub(crate) tenant: Tenant,
    pub(crate) user: UserId,
    pub(crate) subject: Subject,
    pub(crate) quantity: Quantity,
    pub(crate) total: Money,
    /// What each ticket costs, where that differs.
    pub(crate) each: Vec<u64>,
    pub(crate) hold: HoldTime,
    pub(crate) contact: Reach,
    pub(crate) now: Timestamp,
    pub(crate) wish: Wish,
    /// The tickets whose place it takes, and whether what was paid for them is enough.
    pub(crate) replaces: Option<(Replaces, Paying)>,
}

/// How tickets are paid that take the place of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paying {
    /// By what was paid for the others.
    Carried {
        /// How much is kept of a difference in the buyer's favour, in percent.
        fee_percent: u8,
    },
    /// By a payment of their own: they cost more.
    Anew,
}

/// What is to be held for it.
pub(crate) enum Wish {
    /// Tickets of a pool.
    Tickets { pool: PoolKey, layout: Layout },
    /// Numbered seats.
    Seats(Box<seats::Wish>),
    /// Seats of a train.
    Ride(Box<ride::Wish>),
}

/// What became of a try.
pub(crate) enum Outcome {
    /// Everything is held; what is printed on each ticket about its seat.
    Held { held: Vec<Held>, seats: Vec<String> },
    /// It is not.
    Refused(Refused),
}

/// Why a try came to nothing.
pub(crate) struct Refused {
    /// What the buyer is told if there is no other try.
    pub(crate) error: Error,
    /// What was held in passing.
    pub(crate) held: Vec<Held>,
    /// Whether another try may do better.
    pub(crate) again: bool,
}

impl Refused {
    /// For good, with nothing held.
    pub(crate) fn plainly(error: impl Into<Error>) -> Outcome {
        Outcome::Refused(Self { error: error.into(), held: Vec::new(), again: false })
    }

    /// Because so many are left.
    pub(crate) fn for_want(left: u32) -> Outcome {
        Self::plainly(for_want(left))
    }

    /// Others were quicker.
    pub(crate) fn busy(held: Vec<Held>) -> Outcome {
        Outcome::Refused(Self { error: Code::Busy.into(), held, again: true })
    }
}

impl Wanted {
    /// Holds what is wanted for an order id; `round` counts the tries from 1.
    ///
    /// # Errors
    /// Where the database fails in the middle, with what was held, or may have been.
    pub(crate) async fn hold(&self, id: OrderId, round: usize, app: &App) -> Result<Outcome, (Failed, Vec<Held>)> {
        match &self.wish {
            Wish::Tickets { pool, layout } => self.hold_tickets(id, *pool, *layout).await,
            Wish::Seats(wish) => seats::hold(self, wish, id, round, app).await,
            Wish::Ride(wish) => ride::hold(self, wish, id).await,
        }
    }

    /// The pools that it may come from.
    pub(crate) fn pools(&self) -> Vec<PoolKey> {
        match &self.wish {
            Wish::Tickets { pool, .. } => vec![*pool],
            Wish::Seats(wish) => wish.pools(&self.tenant),
            Wish::Ride(wish) => vec![wish.pool(&self.tenant)],
        }
    }

    /// When something of it comes free by time alone, without a write that anybody could be woken by.
    pub(crate) fn next_release(&self, now: Timestamp) -> Option<Timestamp> {
        match &self.wish {
            Wish::Tickets { .. } => None,
            Wish::Seats(wish) => wish.next_release(now),
            Wish::Ride(wish) => wish.next_release(now),
        }
    }

    /// Whether what there is goes to those first who wait for it.
    pub(crate) async fn is_for_those_who_wait(&self) -> Result<bool, Failed> {
        if let Wish::Seats(wish) = &self.wish
            && wish.by == By::Organiser
        {
            return Ok(false);
        }
        self.tenant.stock().is_any_shut(&self.pools(), self.now).await
    }

    /// Whether the whole party could have it now, by what is stored. A hold may still be refused.
    pub(crate) async fn could_be_had(&self, app: &App) -> Result<bool, Failed> {
        match &self.wish {
            Wish::Tickets { pool, .. } => {
                let blocks = self.tenant.inventory().all(*pool).await?;
                let due = |block: &Block| block.due(self.now).iter().map(|it| u64::from(it.count())).sum::<u64>();
                let left: u64 = blocks.iter().map(|(_, block)| u64::from(block.available()) + due(block)).sum();
                Ok(u64::from(self.quantity.get()) <= left)
            }
            Wish::Seats(wish) => seats::could_be_had(self, wish, app).await,
            Wish::Ride(wish) => ride::could_be_had(self, wish).await,
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
    pub(crate) fn is_known_sold_out(&self) -> bool {
        match &self.wish {
            Wish::Tickets { pool, .. } => self.tenant.stock().is_known_sold_out(*pool, self.now),
            Wish::Seats(wish) => wish.is_known_sold_out(&self.tenant, self.now),
            Wish::Ride(wish) => wish.is_known_sold_out(&self.tenant, self.now),
        }
    }

    /// When a hold that began then ends. Entries count in whole seconds; the hold is never shorter than promised.
    pub(crate) fn until(&self, began: Timestamp) -> Timestamp {
        let until = later(began, self.hold.as_secs() + 1);
        Timestamp::from_second(until.as_second()).unwrap_or(until)
    }

    /// What is known of the order before it is written.
    pub(crate) fn draft(&self, id: OrderId, (held, seats): (Vec<Held>, Vec<String>), contact: Contact) -> Draft {
        Draft {
            id,
            user: self.user,
            purchase: Purchase {
                subject: self.subject.clone(),
                quantity: self.quantity,
                total: self.total,
                each: self.each.clone(),
                seats,
            },
            contact,
            held,
            hold: self.hold,
            expires: self.until(self.now),
            created: self.now,
            replaces: self.replaces.map(|(replaces, _)| replaces),
        }
    }

    pub(crate) fn placed(&self, order: OrderId, expires: Timestamp) -> Placed {
        Placed::pending(order, expires, self.total)
    }
}

/// What is told where so many are left, which are not enough.
pub(crate) fn for_want(left: u32) -> Error {
    match left {
        0 => Code::SoldOut.into(),
        left => too_few(left.into()),
    }
}

/// Fewer are left than wanted.
fn too_few(remaining: u64) -> Error {
    Error::new(Code::TooFewLeft).with("remaining", remaining)
}
