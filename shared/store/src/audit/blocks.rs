//! Blocks and their entries: what is held, sold and free makes what there is, and belongs to orders that say so too.

use std::collections::HashMap;

use domain::{block::Entry, id::OrderId, order::State, pool::BlockAddress};

use super::{Audit, Look, Referred, Seen, Unfinished, Violation, owns, partition_of, unreadable};
use crate::{
    Failed, Table,
    client::{Item, Read},
    inventory::{self, Written},
    keys,
};

impl Audit<'_> {
    pub(super) async fn look_at_block(&self, block: BlockAddress) -> Result<Look, Failed> {
        let mut look = Look::default();
        let key = keys::block(&self.tenant.id, block);
        let item = self.tenant.store.tables.get(Table::Inventory, key.clone(), Read::Consistent).await?;
        let Some(item) = item else { return Ok(look) };
        let written = match inventory::written(&item) {
            Ok(written) => written,
            Err(why) => {
                look.wrong(NOTHING, unreadable(Table::Inventory, &key, &why));
                return Ok(look);
            }
        };
        add_up(block, &written, &mut look);
        // The orders are read after the block: an entry belongs to what its order was afterwards, never before.
        let mut orders = self.orders_of(written.entries.keys()).await?;
        for (order, entry) in &written.entries {
            let referred = Referred::of(orders.remove(order));
            self.check_entry(block, *order, entry, &referred, &mut look);
        }
        Ok(look)
    }

    async fn orders_of(&self, ids: impl Iterator<Item = &OrderId>) -> Result<HashMap<OrderId, Item>, Failed> {
        let keys = ids.map(|id| keys::order(&self.tenant.id, *id)).collect();
        let items = self.tenant.store.tables.batch_get(Table::Orders, keys, Read::Consistent).await?;
        let named = |item: Item| keys::parse_order(partition_of(&item)).map(|(_, order)| (order, item));
        Ok(items.into_iter().filter_map(named).collect())
    }

    fn check_entry(&self, block: BlockAddress, order: OrderId, entry: &Entry, referred: &Referred, look: &mut Look) {
        let (state, seen) = (referred.word(), (referred.version(), entry.token.0));
        let is_due = entry.is_due(self.now);
        let due = |until| Unfinished::EntryDue { block, order, state, until };
        let nobody = || Violation::EntryOfNobody { block, order, count: entry.count, state };
        let stored = match referred {
            Referred::Order(stored) => stored,
            Referred::Unreadable => return,
            Referred::Tombstone | Referred::Nothing => {
                match entry.until {
                    None => look.wrong(seen, nobody()),
                    Some(until) if is_due => look.open(seen, due(until)),
                    Some(_) => {}
                }
                return;
            }
        };
        let listed = stored.owns().find(|(held, _)| held.block == block);
        if let Some((held, _)) = listed
            && entry.count > held.count()
        {
            look.wrong(seen, Violation::EntryTooLarge { block, order, count: entry.count, listed: held.count() });
        }
        let owned = listed.filter(|_| owns(&stored.state)).map_or(0, |(_, owned)| owned);
        let surplus = Unfinished::Surplus { block, order, state, count: entry.count, owns: owned };
        let is_ticketed = matches!(stored.state, State::Ticketed(_) | State::Used(_));
        match entry.until {
            // A refund that is under way gives it back; it finds it through the order, not by its time.
            None if matches!(stored.state, State::Refunding { .. }) => look.open(seen, surplus),
            None if is_ticketed && owned > 0 => {
                if entry.count > owned {
                    look.open(seen, surplus);
                }
            }
            None if is_ticketed && listed.is_some() => look.open(seen, surplus),
            None => look.wrong(seen, nobody()),
            // A revival is choosing its blocks.
            Some(_) if matches!(stored.state, State::Reviving { .. }) && !is_due => {}
            Some(until) if is_due => look.open(seen, due(until)),
            Some(_) if is_ticketed && owned > 0 => look.open(seen, Unfinished::NotConfirmed { block, order }),
            Some(_) if !owns(&stored.state) => look.open(seen, surplus),
            Some(_) => {}
        }
    }
}

/// For what no order or entry was compared.
const NOTHING: Seen = (0, [0; 6]);

fn add_up(block: BlockAddress, written: &Written, look: &mut Look) {
    let Written { capacity, available, .. } = *written;
    let count = |is_sold: bool| {
        let entries = written.entries.values().filter(|entry| entry.until.is_none() == is_sold);
        entries.map(|entry| i64::from(entry.count)).sum::<i64>()
    };
    let (sold, on_hold) = (count(true), count(false));
    let held = sold + on_hold;
    look.counted.blocks = 1;
    look.counted.free = available;
    look.counted.sold = sold;
    look.counted.held = on_hold;
    if held > capacity {
        look.wrong(NOTHING, Violation::Oversold { block, capacity, held });
    } else if available + held != capacity {
        look.wrong(NOTHING, Violation::DoesNotAddUp { block, capacity, available, held });
    }
}
