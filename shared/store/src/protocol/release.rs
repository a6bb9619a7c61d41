//! Giving back what ended orders hold, and tidying up entries past their time. The same for blocks of every kind.

use domain::{
    Timestamp,
    id::OrderId,
    inventory::{Block, Change},
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
            if let Some(change) = held.leaving(id) {
                self.give_back(id, held.block, change).await?;
            }
        }
        Ok(())
    }

    /// Gives back what an order no longer owns: everything where it has ended, and what stands for returned tickets where it
    /// has not. Safe to repeat; does nothing for an order that owns all it lists.
    pub async fn release(&self, order: &Order, now: Timestamp) -> Result<(), Failed> {
        for (block, change) in order.giving_back(now, token) {
            self.give_back(order.id, block, change).await?;
        }
        Ok(())
    }

    /// Removes exactly what the order is known to have put there, or reduces it to what it keeps. What the order lists was
    /// written before it ended, so its token counts as examined before the settling. Where another token is found (a
    /// revival rewrote the entry, a partial release did), the order is looked at again before anything is removed.
    async fn give_back(&self, order: OrderId, block: BlockAddress, change: Change) -> Result<(), Failed> {
        let mut left = vec![change];
        for _ in 0..ROUNDS {
            let Some(found) = self.write_all(block, &left).await? else { return Ok(()) };
            left = self.still_to_give_back(order, block, &found).await?;
            if left.is_empty() {
                return Ok(());
            }
        }
        Err(Failed::Throttled)
    }

    /// Examine, *then* see the order again: what may be removed now.
    async fn still_to_give_back(&self, id: OrderId, at: BlockAddress, found: &Block) -> Result<Vec<Change>, Failed> {
        if found.of(id).is_empty() {
            return Ok(Vec::new());
        }
        Ok(match self.orders().load(id).await? {
            Some(order) => order.still_giving_back(at, found, token),
            None => found.evicting(id),
        })
    }

    /// Writes changes to one block, and lets buyers know where something became free. Where one is refused, the block as it
    /// is; nothing where all are made, or there is no such block.
    async fn write_all(&self, at: BlockAddress, changes: &[Change]) -> Result<Option<Block>, Failed> {
        for change in changes {
            match self.inventory().change(at, change.clone()).await? {
                Changed::Done if change.gives_back() => self.stock().reopen(at.pool).await?,
                Changed::Done => {}
                Changed::Missing => return Ok(None),
                Changed::Refused { block, .. } => return Ok(Some(block)),
            }
        }
        Ok(None)
    }

    /// Takes the time limit off everything that a ticketed order owns. One write unit for each block.
    pub async fn confirm(&self, order: &Order) -> Result<(), Failed> {
        for (block, change) in order.confirmations() {
            match self.inventory().change(block, change).await? {
                Changed::Done => {}
                Changed::Missing => return Err(Failed::corrupt("a sold block is missing")),
                Changed::Refused { block: found, .. } => self.confirm_found(order.id, block, &found).await?,
            }
        }
        Ok(())
    }

    /// The entries have other tokens than the order lists: confirmed all the same, while the order is ticketed.
    async fn confirm_found(&self, id: OrderId, at: BlockAddress, found: &Block) -> Result<(), Failed> {
        if found.of(id).iter().all(|examined| examined.until().is_none()) {
            return Ok(());
        }
        let Some(order) = self.orders().load(id).await? else { return Ok(()) };
        // What is refused now is confirmed by the walk over unfinished work.
        self.write_all(at, &order.still_confirming(at, found)).await.map(drop)
    }

    /// Deals with every entry of a shard that is past its time: this is the one list of unfinished work.
    pub async fn tidy(&self, pool: PoolKey, shard: u16, now: Timestamp) -> Result<Tidied, Failed> {
        let mut tidied = Tidied::default();
        for (address, block) in self.inventory().shard(pool, shard).await? {
            for examined in block.due(now) {
                let order = examined.order();
                let settled = self.settle(order, now).await?;
                let Some(change) = settled.tidying(address, examined, token()) else {
                    if !tidied.awaiting.contains(&order) {
                        tidied.awaiting.push(order);
                    }
                    continue;
                };
                if self.inventory().change(address, change.clone()).await? == Changed::Done {
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
