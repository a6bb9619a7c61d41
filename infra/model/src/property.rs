//! What has to hold in every state, and in every state in which nothing is left to be done.

use crate::{
    sale::{Sale, Steps},
    small::{BLOCKS, EVERY_ORDER, EVERY_PAYMENT, EVERY_TICKET, PAYMENTS, Small, Stand},
    world::{Flaw, Left, Paper, Record, Standing, World},
};

/// A property by its name.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// Whether a state keeps it.
    pub holds: fn(&Sale, &World) -> bool,
}

/// What has to hold.
pub const RULES: [Rule; 11] = [
    Rule { name: "owns what it lists", holds: owns_what_it_lists },
    Rule { name: "within capacity", holds: within_capacity },
    Rule { name: "nothing goes but by name", holds: |_, world| world.flaw != Some(Flaw::Stray) },
    Rule { name: "never backwards", holds: |_, world| world.flaw != Some(Flaw::Backwards) },
    Rule { name: "one key, one order", holds: one_key_one_order },
    Rule { name: "paid or refunded, not both", holds: paid_or_refunded },
    Rule { name: "tickets go with money", holds: tickets_go_with_money },
    Rule { name: "admitted once", holds: |_, world| world.flaw != Some(Flaw::AdmittedTwice) },
    Rule { name: "money ends", holds: money_ends },
    Rule { name: "stock returns", holds: stock_returns },
    Rule { name: "all ends once faults stop", holds: comes_to_rest },
];

/// What has to be seen somewhere, so that a setting that keeps every rule does not do so because nothing happens in it.
pub const SIGHTS: [Rule; 9] = [
    Rule { name: "a paid order", holds: |_, world| any(world, |small| matches!(small.stand, Stand::Paid { .. })) },
    Rule {
        name: "a ticketed order",
        holds: |_, world| any(world, |small| matches!(small.stand, Stand::Ticketed { .. })),
    },
    Rule { name: "a used order", holds: |_, world| any(world, |small| matches!(small.stand, Stand::Used { .. })) },
    Rule {
        name: "a cancelled order",
        holds: |_, world| any(world, |small| matches!(small.stand, Stand::Cancelled(_))),
    },
    Rule { name: "a lapsed order", holds: |_, world| any(world, |small| matches!(small.stand, Stand::Lapsed(_))) },
    Rule {
        name: "a refunded order",
        holds: |_, world| any(world, |small| matches!(small.stand, Stand::Refunded { .. })),
    },
    Rule {
        name: "a partial refund",
        holds: |_, world| any(world, |small| is_paid(&small.stand) && small.returned != 0),
    },
    Rule { name: "a tombstone", holds: |_, world| world.records.contains(&Record::Tombstone) },
    Rule { name: "two captures", holds: |_, world| world.payments.contains(&[Standing::Captured; PAYMENTS]) },
];

fn any(world: &World, is: fn(&Small) -> bool) -> bool {
    EVERY_ORDER.into_iter().any(|order| world.small(order).is_some_and(is))
}

/// An order that is reserved, paid or ticketed has an entry for all that it lists and has not given back.
fn owns_what_it_lists(sale: &Sale, world: &World) -> bool {
    EVERY_ORDER.into_iter().all(|order| {
        let Some(small) = world.small(order).filter(|small| is_alive(&small.stand)) else { return true };
        let owner = small.order(order, sale.quantity(order));
        owner.owns().all(|(held, owned)| {
            let slot = world.shelves[usize::from(held.block.number)].slots[usize::from(order)];
            owned == 0 || slot.is_some_and(|slot| slot.count >= owned)
        })
    })
}

const fn is_alive(stand: &Stand) -> bool {
    matches!(stand, Stand::Reserved { .. }) || is_paid(stand)
}

const fn is_paid(stand: &Stand) -> bool {
    matches!(stand, Stand::Paid { .. } | Stand::Ticketed { .. } | Stand::Used { .. })
}

/// Free tickets and entries make the capacity of every block.
fn within_capacity(sale: &Sale, world: &World) -> bool {
    world.shelves.iter().zip(sale.setting.capacities).all(|(shelf, capacity)| shelf.block(capacity).is_some())
}

/// A buyer's idempotency key leads to one order at most, however often it was used.
fn one_key_one_order(sale: &Sale, world: &World) -> bool {
    sale.setting.ids.iter().all(|ids| {
        let written = ids.iter().filter(|id| matches!(world.records[usize::from(**id)], Record::Order(_)));
        written.count() <= 1
    })
}

/// Nobody gets more back than was taken, and whoever has a paid order has not got all of it back.
fn paid_or_refunded(sale: &Sale, world: &World) -> bool {
    EVERY_ORDER.into_iter().all(|order| {
        let total = sale.quantity(order);
        let back = |payment| -> u8 {
            let refunds = world.refunds[usize::from(order)].iter().flatten();
            refunds.filter(|refund| refund.sent && refund.payment == payment).map(|refund| refund.amount).sum()
        };
        let paid = world.small(order).and_then(|small| match small.stand {
            Stand::Paid { paid } | Stand::Ticketed { paid } | Stand::Used { paid } => Some(paid),
            _ => None,
        });
        EVERY_PAYMENT.into_iter().all(|payment| back(payment) <= total) && paid.is_none_or(|paid| back(paid) < total)
    })
}

/// A ticket that admits or has admitted belongs to a paid order, which has not given it back; and a ticketed order has all
/// of its tickets.
fn tickets_go_with_money(sale: &Sale, world: &World) -> bool {
    EVERY_ORDER.into_iter().all(|order| {
        let papers = world.tickets[usize::from(order)];
        let small = world.small(order);
        EVERY_TICKET.into_iter().all(|number| {
            let is_good = matches!(papers[usize::from(number)], Paper::Valid | Paper::Used);
            let is_kept = |small: &Small| number < sale.quantity(order) && small.returned & (1 << number) == 0;
            let is_due = small.is_some_and(|small| {
                is_kept(small) && matches!(small.stand, Stand::Ticketed { .. } | Stand::Used { .. })
            });
            if is_good { small.is_some_and(|small| is_paid(&small.stand) && is_kept(small)) } else { !is_due }
        })
    })
}

/// Whether nothing is left to be done: no flow, no duty, and no deadline to come.
fn is_at_rest(sale: &Sale, world: &World) -> bool {
    let deadlines = world.shelves.iter().flat_map(|shelf| shelf.slots).flatten().any(|slot| slot.until.is_some());
    let unpaid = EVERY_ORDER.into_iter().any(|order| {
        let stand = world.small(order).map(|small| small.stand);
        matches!(stand, Some(Stand::Reserved { .. } | Stand::Reviving { .. }))
    });
    let (mut out, world) = (Vec::new(), world);
    world.is_quiet() && !deadlines && !unpaid && Steps { sale, world, out: &mut out }.duties().is_empty()
}

/// Where nothing is left to be done, every captured payment has become tickets or has gone back.
fn money_ends(sale: &Sale, world: &World) -> bool {
    let mut captured = EVERY_ORDER.into_iter().flat_map(|order| {
        let standings = (0_u8..).zip(world.payments[usize::from(order)]);
        standings.filter(|(_, standing)| *standing == Standing::Captured).map(move |(payment, _)| (order, payment))
    });
    !captured.any(|(order, payment)| !has_ended(world, order, payment)) || !is_at_rest(sale, world)
}

fn has_ended(world: &World, order: u8, payment: u8) -> bool {
    let refund = world.refund(order, payment).is_some_and(|refund| refund.sent && refund.done);
    let sold = world.small(order).is_some_and(|small| match small.stand {
        Stand::Ticketed { paid } | Stand::Used { paid } | Stand::Refunded { paid } => paid == payment,
        _ => false,
    });
    refund || sold
}

/// Where nothing is left to be done, blocks hold what ticketed orders own, and nothing else.
fn stock_returns(sale: &Sale, world: &World) -> bool {
    let owned = |order: u8, block: usize| -> u8 {
        let small = world.small(order).filter(|small| is_paid(&small.stand));
        let owner = small.map(|small| small.order(order, sale.quantity(order)));
        owner.map_or(0, |owner| {
            owner.owns().filter(|(held, _)| usize::from(held.block.number) == block).map(|(_, count)| count).sum()
        })
    };
    let is_right = (0..BLOCKS).all(|block| {
        let slots = (0_u8..).zip(world.shelves[block].slots);
        slots.into_iter().all(|(order, slot)| slot.map_or(0, |slot| slot.count) == owned(order, block))
    });
    is_right || !is_at_rest(sale, world)
}

/// Rounds in which the reconcilers have to be done: each takes up one thing and carries it to its end.
const ROUNDS: usize = 48;

/// From a state in which no flow is under way, at the last moment: if nothing more comes from outside, nobody dies, and time
/// goes on, then the reconcilers come to rest, and there money and stock are where they belong. Every state leads to such
/// a one, by the death of its flows and the passing of time.
fn comes_to_rest(sale: &Sale, world: &World) -> bool {
    if !world.is_quiet() || world.now < sale.setting.end {
        return true;
    }
    let mut world = World { left: Left::default(), ..*world };
    let mut out = Vec::new();
    for round in 0..ROUNDS {
        if is_at_rest(sale, &world) {
            return money_ends(sale, &world) && stock_returns(sale, &world);
        }
        out.clear();
        Steps { sale, world: &world, out: &mut out }.resume(round);
        if let Some(step) = out.pop() {
            world = step.next;
        }
        while !world.is_quiet() {
            out.clear();
            Steps { sale, world: &world, out: &mut out }.carry_on();
            let Some(step) = out.pop() else { return false };
            world = step.next;
        }
        // Deadlines that are still to come, come.
        world.now = world.now.saturating_add(1).min(MOST);
    }
    false
}

/// The last moment that a time can be put to.
const MOST: u8 = 60;
