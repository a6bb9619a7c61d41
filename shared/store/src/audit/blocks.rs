//! Blocks and their entries: what is held, sold and free makes what there is, and belongs to orders that say so too.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{block, id::OrderId, inventory::Examined, order::State, pool::BlockAddress};

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
        let entries = match read_block(block, &item, &mut look) {
            Ok(entries) => entries,
            Err(why) => {
                look.wrong(NOTHING, unreadable(Table::Inventory, &key, &why));
                return Ok(look);
            }
        };
        // The orders are read after the block: an entry belongs to what its order was afterwards, never before.
        let ids: BTreeSet<OrderId> = entries.iter().map(Examined::order).collect();
        let mut orders = self.orders_of(ids.iter()).await?;
        let referred: BTreeMap<OrderId, Referred> =
            ids.into_iter().map(|order| (order, Referred::of(orders.remove(&order)))).collect();
        for examined in &entries {
            if let Some(referred) = referred.get(&examined.order()) {
                self.check_entry(block, examined, referred, &mut look);
            }
        }
        Ok(look)
    }

    async fn orders_of(&self, ids: impl Iterator<Item = &OrderId>) -> Result<HashMap<OrderId, Item>, Failed> {
        let keys = ids.map(|id| keys::order(&self.tenant.id, *id)).collect();
        let items = self.tenant.store.tables.batch_get(Table::Orders, keys, Read::Consistent).await?;
        let named = |item: Item| keys::parse_order(partition_of(&item)).map(|(_, order)| (order, item));
        Ok(items.into_iter().filter_map(named).collect())
    }

    fn check_entry(&self, block: BlockAddress, entry: &Examined, referred: &Referred, look: &mut Look) {
        let (order, until, count) = (entry.order(), entry.until(), entry.count());
        let (state, seen) = (referred.word(), (referred.version(), entry.token().0));
        let is_due = until.is_some_and(|until| until <= self.now);
        let due = |until| Unfinished::EntryDue { block, order, state, until };
        let nobody = || Violation::EntryOfNobody { block, order, count, state };
        let stored = match referred {
            Referred::Order(stored) => stored,
            Referred::Unreadable => return,
            Referred::Tombstone | Referred::Nothing => {
                match until {
                    None => look.wrong(seen, nobody()),
                    Some(until) if is_due => look.open(seen, due(until)),
                    Some(_) => {}
                }
                return;
            }
        };
        let stake = stored.stake(block, entry);
        if stake.listed > 0 && count > stake.listed {
            look.wrong(seen, Violation::EntryTooLarge { block, order, count, listed: stake.listed });
        }
        let owned = if owns(&stored.state) { stake.kept } else { 0 };
        let surplus = Unfinished::Surplus { block, order, state, count, owns: owned };
        let is_ticketed = matches!(stored.state, State::Ticketed(_) | State::Used(_));
        match until {
            // A refund that is under way gives it back; it finds it through the order, not by its time.
            None if matches!(stored.state, State::Refunding { .. }) => look.open(seen, surplus),
            None if is_ticketed && owned > 0 => {
                if count > owned {
                    look.open(seen, surplus);
                }
            }
            None if is_ticketed && stake.listed > 0 => look.open(seen, surplus),
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

/// The entries of a block, with what was counted in it. Tickets without numbers are counted as they are written, whether
/// or not that makes sense; of the other kinds a block that makes none cannot be read.
fn read_block(block: BlockAddress, item: &Item, look: &mut Look) -> Result<Vec<Examined>, Failed> {
    if inventory::is_stock(item) {
        let written = inventory::written(item)?;
        add_up(block, &written, look);
        let entries = written.entries.into_iter();
        return Ok(entries.map(|(order, entry)| Examined::Stock(block::Examined { order, entry })).collect());
    }
    let found = inventory::decode(item)?;
    let entries = found.entries();
    let count = |is_sold: bool| {
        let counted = entries.iter().filter(|examined| examined.until().is_none() == is_sold);
        counted.map(|examined| i64::from(examined.count())).sum()
    };
    // The weeks of persons have nothing to sell.
    if found.capacity() > 0 {
        look.counted.blocks = 1;
        look.counted.free = found.available().into();
        (look.counted.sold, look.counted.held) = (count(true), count(false));
    }
    Ok(entries)
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
