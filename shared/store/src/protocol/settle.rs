//! Bringing an unpaid order that is past due to its end, and what an entry means once that is done.

use domain::{
    Timestamp,
    block::{Entry, Examined},
    id::OrderId,
    order::{Order, Settlement, State},
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

/// What is to be done with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is surplus: it may go.
    Evict,
    /// It stays as it is.
    Keep,
    /// Its order has more time: it follows.
    Move(Timestamp),
    /// Its order is ticketed: its time limit goes.
    Confirm,
    /// Some of its tickets were given back.
    Shrink(u8),
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
    /// What an entry of this order means in the block where it was found. The order lists a block at most once; an entry in
    /// a block that it does not list is surplus, except while a revival is choosing its blocks.
    pub(super) fn verdict(&self, block: BlockAddress, examined: &Examined) -> Verdict {
        match self {
            Self::Over(_) => Verdict::Evict,
            Self::InTime(order, until) => {
                let choosing = matches!(order.state, State::Reviving { .. });
                if choosing || owned_in(order, block).is_some() { Verdict::Move(*until) } else { Verdict::Evict }
            }
            Self::AwaitsTickets(order) => match owned_in(order, block) {
                None | Some(0) => Verdict::Evict,
                Some(count) if count < examined.entry.count => Verdict::Shrink(count),
                Some(_) => Verdict::Keep,
            },
            Self::Owned(order) => match owned_in(order, block) {
                None | Some(0) => Verdict::Evict,
                Some(count) if count < examined.entry.count => Verdict::Shrink(count),
                Some(_) => Verdict::Confirm,
            },
        }
    }
}

/// How many tickets an order still owns in a block; nothing where it does not list the block.
fn owned_in(order: &Order, block: BlockAddress) -> Option<u8> {
    order.owns().find(|(held, _)| held.block == block).map(|(_, count)| count)
}

/// The entry with another deadline: no new hold, so it keeps its token.
pub(super) fn moved(entry: Entry, until: Timestamp) -> Entry {
    Entry { until: Some(whole(until)), ..entry }
}

/// Entries count in whole seconds: what is written reads back as it was.
pub(super) fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}
