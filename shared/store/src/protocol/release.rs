//! Giving back what ended orders hold, and tidying up entries past their time.

use domain::{
    Timestamp,
    block::{Change, Entry, Examined, StockBlock},
    id::OrderId,
    order::{Held, Order, Settlement, State},
    pool::{BlockAddress, PoolKey},
};

use super::{
    Settled,
    settle::{Verdict, moved, whole},
    token,
};
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
            self.give_back(id, *held, NOTHING).await?;
        }
        Ok(())
    }

    /// Gives back what an order no longer owns: everything where it has ended, and what stands for returned tickets where it
    /// has not. Safe to repeat; does nothing for an order that owns all it lists.
    pub async fn release(&self, order: &Order, now: Timestamp) -> Result<(), Failed> {
        let over = matches!(order.clone().settle(now), Settlement::Over);
        for (held, owned) in order.owns() {
            // What stays for a paid order that waits for its tickets stays on the list of unfinished work.
            let until = matches!(order.state, State::Paid(_)).then_some(whole(now));
            let keep = if over { NOTHING } else { Keep { count: owned, until } };
            if keep.count < held.count {
                self.give_back(order.id, held, keep).await?;
            }
        }
        Ok(())
    }

    /// Removes exactly what the order is known to have put there, or reduces it to what it keeps. What the order lists was
    /// written before it ended, so its token counts as examined before the settling. Where another token is found (a
    /// revival rewrote the entry, a partial release did), the order is looked at again before anything is removed.
    async fn give_back(&self, order: OrderId, held: Held, keep: Keep) -> Result<(), Failed> {
        let entry = Entry { count: held.count, until: None, token: held.token };
        let mut examined = Examined { order, entry };
        for _ in 0..ROUNDS {
            let change = reduce(examined, keep);
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
        let settled = match now_stored.clone().settle(Timestamp::MIN) {
            Settlement::Over => Settled::Over(None),
            Settlement::AwaitsTickets => Settled::AwaitsTickets(Box::new(now_stored)),
            Settlement::Owned => Settled::Owned(Box::new(now_stored)),
            Settlement::InTime { .. } | Settlement::Expire(_) => return Ok(None),
        };
        let still = match settled.verdict(address, &examined) {
            Verdict::Evict => keep == 0,
            Verdict::Shrink(count) => count == keep,
            Verdict::Keep | Verdict::Move(_) | Verdict::Confirm => false,
        };
        Ok(still.then_some(examined))
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
        let Some(order) = self.orders().load(id).await?.filter(is_ticketed) else {
            return Ok(());
        };
        let change = match Settled::Owned(Box::new(order)).verdict(address, &examined) {
            Verdict::Confirm => Change::Confirm { order: id, token: examined.entry.token },
            Verdict::Shrink(count) => reduce(examined, Keep { count, until: None }),
            Verdict::Evict => reduce(examined, NOTHING),
            Verdict::Keep | Verdict::Move(_) => return Ok(()),
        };
        let changed = self.inventory().change(address, &change).await?;
        if changed == Changed::Done && gives_back(&change) {
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
                let awaits = matches!(settled, Settled::AwaitsTickets(_));
                let change = match settled.verdict(address, &examined) {
                    Verdict::Evict => reduce(examined, NOTHING),
                    Verdict::Shrink(count) if awaits => reduce(examined, Keep { count, until: examined.entry.until }),
                    Verdict::Shrink(count) => reduce(examined, Keep { count, until: None }),
                    Verdict::Move(until) => Change::Rewrite { examined, entry: moved(examined.entry, until) },
                    Verdict::Confirm => Change::Confirm { order: examined.order, token: examined.entry.token },
                    Verdict::Keep => {
                        tidied.awaiting.push(examined.order);
                        continue;
                    }
                };
                if self.inventory().change(address, &change).await? == Changed::Done {
                    tidied.changed += 1;
                    if gives_back(&change) {
                        self.stock().reopen(pool).await?;
                    }
                }
            }
        }
        Ok(tidied)
    }
}

/// What stays of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Keep {
    count: u8,
    until: Option<Timestamp>,
}

const NOTHING: Keep = Keep { count: 0, until: None };

fn reduce(examined: Examined, keep: Keep) -> Change {
    if keep.count == 0 {
        return Change::Release { examined };
    }
    let Keep { count, until } = keep;
    Change::Rewrite { examined, entry: Entry { count, until, token: token() } }
}

/// Whether a change makes tickets free.
const fn gives_back(change: &Change) -> bool {
    match change {
        Change::Release { .. } => true,
        Change::Rewrite { examined, entry } => entry.count < examined.entry.count,
        Change::Hold { .. } | Change::Confirm { .. } => false,
    }
}

const fn is_ticketed(order: &Order) -> bool {
    matches!(order.state, State::Ticketed(_) | State::Used(_))
}
