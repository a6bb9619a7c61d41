//! Giving back what ended orders hold, and tidying up entries past their time.

use domain::{
    Timestamp,
    block::{Change, Entry, Examined, Keep, StockBlock},
    id::OrderId,
    order::{Held, Order},
    pool::{BlockAddress, PoolKey},
};

use super::{Settled, token};
use crate::{Changed, Failed, Tenant};

/// How often a removal is tried anew when the entry changes under it.
const ROUNDS: usize = 4;

/// What a walk over a shard found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Entries that were removed, moved, shrunk or confirmed.
    pub changed: usize,
    /// Paid orders that still wait for their tickets: the issuer has to be woken.
    pub awaiting: Vec<OrderId>,
}

impl Tenant {
    /// Gives up a try before its order was written: a tombstone first, then what it held. If the order was written after
    /// all (the send was only thought to have failed), nothing is given back.
    pub async fn abandon(&self, id: OrderId, held: &[Held], now: Timestamp) -> Result<(), Failed> {
        let Settled::Over(_) = self.settle(id, now).await? else {
            return Ok(());
        };
        for held in held {
            self.give_back(id, *held, Keep::NOTHING).await?;
        }
        Ok(())
    }

    /// Gives back what an order no longer owns: everything where it has ended, and what stands for returned tickets where it
    /// has not. Safe to repeat; does nothing for an order that owns all it lists.
    pub async fn release(&self, order: &Order, now: Timestamp) -> Result<(), Failed> {
        for (held, keep) in order.surplus(now) {
            self.give_back(order.id, held, keep).await?;
        }
        Ok(())
    }

    /// Removes exactly what the order is known to have put there, or reduces it to what it keeps. What the order lists was
    /// written before it ended, so its token counts as examined before the settling. Where another token is found (a
    /// revival rewrote the entry, a partial release did), the order is looked at again before anything is removed.
    async fn give_back(&self, order: OrderId, held: Held, keep: Keep) -> Result<(), Failed> {
        let entry = Entry { count: held.count(), until: None, token: held.token };
        let mut examined = Examined { order, entry };
        for _ in 0..ROUNDS {
            let change = Change::reduce(examined, keep, token());
            match self.inventory().change(held.block, &change).await? {
                Changed::Done => return self.stock().reopen(held.block.pool).await,
                Changed::Missing => return Ok(()),
                Changed::Refused { block, .. } => {
                    match self.still_to_reduce(order, held.block, &block, keep.count).await? {
                        Some(found) => examined = found,
                        None => return Ok(()),
                    }
                }
            }
        }
        Err(Failed::Throttled)
    }

    /// Examine, *then* see the order again: what may be removed now.
    async fn still_to_reduce(
        &self,
        order: OrderId,
        address: BlockAddress,
        block: &StockBlock,
        keep: u8,
    ) -> Result<Option<Examined>, Failed> {
        let Some(examined) = block.examine(order).filter(|examined| examined.entry.count > keep) else {
            return Ok(None);
        };
        let Some(now_stored) = self.orders().load(order).await? else {
            return Ok(Some(examined));
        };
        Ok(now_stored.may_reduce(address, &examined, keep).then_some(examined))
    }

    /// Takes the time limit off everything that a ticketed order owns. One write unit for each block.
    pub async fn confirm(&self, order: &Order) -> Result<(), Failed> {
        for (held, owned) in order.owns() {
            if owned == 0 {
                continue;
            }
            let change = Change::Confirm { order: order.id, token: held.token };
            match self.inventory().change(held.block, &change).await? {
                Changed::Done => {}
                Changed::Missing => return Err(Failed::corrupt("a sold block is missing")),
                Changed::Refused { block, .. } => self.confirm_found(order.id, held.block, &block).await?,
            }
        }
        Ok(())
    }

    /// The entry has another token than the order lists: confirmed all the same, while the order is ticketed.
    async fn confirm_found(&self, id: OrderId, address: BlockAddress, block: &StockBlock) -> Result<(), Failed> {
        let Some(examined) = block.examine(id).filter(|examined| examined.entry.until.is_some()) else {
            return Ok(());
        };
        let order = self.orders().load(id).await?;
        let Some(change) = order.and_then(|order| order.confirming(address, examined, token())) else {
            return Ok(());
        };
        let changed = self.inventory().change(address, &change).await?;
        if changed == Changed::Done && change.gives_back() {
            self.stock().reopen(address.pool).await?;
        }
        Ok(())
    }

    /// Deals with every entry of a shard that is past its time: this is the one list of unfinished work.
    pub async fn tidy(&self, pool: PoolKey, shard: u16, now: Timestamp) -> Result<Tidied, Failed> {
        let mut tidied = Tidied::default();
        for (address, block) in self.inventory().shard(pool, shard).await? {
            for examined in block.due(now) {
                let settled = self.settle(examined.order, now).await?;
                let Some(change) = settled.verdict(address, &examined).tidying(examined, token()) else {
                    tidied.awaiting.push(examined.order);
                    continue;
                };
                if self.inventory().change(address, &change).await? == Changed::Done {
                    tidied.changed += 1;
                    if change.gives_back() {
                        self.stock().reopen(pool).await?;
                    }
                }
            }
        }
        Ok(tidied)
    }
}
