//! Bringing an unpaid order that is past due to its end, and what an entry means once that is done.

use domain::{
    Timestamp,
    block::{self, Token},
    id::OrderId,
    inventory::{Change, Examined},
    order::{Order, Settlement, Verdict},
    pool::BlockAddress,
};

use crate::{Applied, Failed, Stored, Tenant};

/// How often a decision is made anew when the order changes under it. Orders change a handful of times in their life.
const ROUNDS: usize = 8;

/// What an order's entries mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The order has ended: whatever it has in a block is surplus.
    Over(Option<Box<Order>>),
    /// It still has time.
    InTime(Box<Order>, Timestamp),
    /// It is paid and waits for its tickets.
    AwaitsTickets(Box<Order>),
    /// It is ticketed.
    Owned(Box<Order>),
}

impl Tenant {
    /// Brings an unpaid order that is past due to `EXPIRED`; where nothing stands under the id, writes a tombstone. Paid
    /// orders and orders in time are left alone.
    pub async fn settle(&self, id: OrderId, now: Timestamp) -> Result<Settled, Failed> {
        let mut found = self.orders().find(id).await?;
        for _ in 0..ROUNDS {
            let applied = match found {
                None => self.orders().bury(id, now).await?,
                Some(Stored::Tombstone) => return Ok(Settled::Over(None)),
                Some(Stored::Order(order)) => match order.clone().settle(now) {
                    Settlement::Expire(change) => match self.orders().apply(&change).await? {
                        Applied::Done => return Ok(Settled::Over(Some(Box::new(change.order)))),
                        conflict @ Applied::Conflict(_) => conflict,
                    },
                    Settlement::Over => return Ok(Settled::Over(Some(order))),
                    Settlement::InTime { until } => return Ok(Settled::InTime(order, until)),
                    Settlement::AwaitsTickets => return Ok(Settled::AwaitsTickets(order)),
                    Settlement::Owned => return Ok(Settled::Owned(order)),
                },
            };
            match applied {
                Applied::Done => return Ok(Settled::Over(None)),
                Applied::Conflict(other) => found = other,
            }
        }
        Err(Failed::Throttled)
    }
}

impl Settled {
    /// The order, where it has not ended.
    pub(super) fn alive(&self) -> Option<&Order> {
        match self {
            Self::Over(_) => None,
            Self::InTime(order, _) | Self::AwaitsTickets(order) | Self::Owned(order) => Some(order),
        }
    }

    /// What an entry of this order means in the stock block where it was found.
    pub(super) fn verdict(&self, block: BlockAddress, examined: &block::Examined) -> Verdict {
        self.alive().map_or(Verdict::Evict, |order| order.verdict(block, examined))
    }

    /// What is written about an entry of this order that is past its time, whatever its kind; nothing where the issuer of its
    /// tickets has to be woken instead.
    pub(super) fn tidying(&self, at: BlockAddress, examined: Examined, token: Token) -> Option<Change> {
        match self.alive() {
            Some(order) => order.tidying(at, examined, token),
            None => Some(examined.released()),
        }
    }
}
