//! The model as the checker sees it: what may happen next in a state, and the atomic writes that steps are made of.

use domain::{
    block::{Change, Refused, StockBlock},
    order::{Order, Settlement},
};

use crate::{
    broken::Broken,
    setting::Setting,
    small::{DEAD, Slot, Small, Stand, Tick, at, order_id, order_of, token},
    world::{Act, Flaw, Job, Proc, Record, Search, Searching, World, may_follow},
};

/// One setting, whole or broken in one place.
#[derive(Clone, Copy, Debug)]
pub struct Sale {
    /// Who buys what.
    pub setting: Setting,
    /// The rule that is dropped.
    pub broken: Option<Broken>,
}

/// One thing that happens, with the state that it leads to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// What it is.
    pub label: Label,
    /// What is then.
    pub next: World,
}

/// What a step is, for people who read a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Which flow.
    pub who: &'static str,
    /// What it does.
    pub what: &'static str,
    /// For which order.
    pub order: u8,
}

/// The steps of one state, as they are found.
#[derive(Debug)]
pub struct Steps<'s> {
    /// The model.
    pub sale: &'s Sale,
    /// The state.
    pub world: &'s World,
    /// What was found.
    pub out: &'s mut Vec<Step>,
}

/// What became of a write on a block.
#[derive(Debug)]
pub(crate) enum Wrote {
    /// It is made.
    Done,
    /// It was refused; the block as it is.
    Refused(Refused, StockBlock),
}

/// What was found behind an entry.
#[derive(Debug)]
pub(crate) enum Found {
    /// Its order has ended, or never will be.
    Over,
    /// Its order is paid, or in time.
    Alive(Box<Order>),
}

impl Sale {
    /// Whether that rule is dropped.
    pub fn lacks(&self, rule: Broken) -> bool {
        self.broken == Some(rule)
    }

    /// How many tickets an order is for.
    pub const fn quantity(&self, order: u8) -> u8 {
        self.setting.quantities[order as usize]
    }

    /// The order under an id.
    pub fn order(&self, world: &World, order: u8) -> Option<Order> {
        world.order(order, self.quantity(order))
    }

    /// One conditional write on one block, as `store::Inventory::change` makes it: a refusal that shows our own effect is
    /// none.
    pub(crate) fn change(&self, world: &mut World, block: u8, change: &Change) -> Wrote {
        let shelf = &mut world.shelves[usize::from(block)];
        let capacity = self.setting.capacities[usize::from(block)];
        let Some(before) = shelf.block(capacity) else {
            return Wrote::Refused(Refused::Changed, StockBlock::empty(capacity));
        };
        let relaxed = if self.lacks(Broken::NoVersion) { relax(change, &before) } else { change.clone() };
        let mut after = before.clone();
        match after.apply(&relaxed) {
            Ok(()) => {
                if strays(&relaxed, &before, &after) {
                    world.flaw = Some(Flaw::Stray);
                }
                *shelf = crate::small::Shelf::of(&after);
                Wrote::Done
            }
            Err(_) if before.shows(change) => Wrote::Done,
            Err(Refused::Full) if self.lacks(Broken::Oversell) => {
                if let Change::Hold { order, entry, .. } = change {
                    shelf.slots[usize::from(order_of(*order))] = Some(Slot::of(*entry));
                    shelf.available = shelf.available.saturating_sub(entry.count);
                }
                Wrote::Done
            }
            Err(Refused::Full) if self.lacks(Broken::EvictsBlindly) => {
                Self::evict_blindly(world, block, change, before)
            }
            Err(why) => Wrote::Refused(why, before),
        }
    }

    fn evict_blindly(world: &mut World, block: u8, change: &Change, before: StockBlock) -> Wrote {
        let Change::Hold { order, entry, .. } = change else { return Wrote::Refused(Refused::Full, before) };
        let evict: Vec<_> = before.due(at(world.now)).collect();
        let blind = Change::Hold { order: *order, entry: *entry, evict };
        let mut after = before.clone();
        if after.apply(&blind).is_err() {
            return Wrote::Refused(Refused::Full, before);
        }
        if strays(change, &before, &after) {
            world.flaw = Some(Flaw::Stray);
        }
        world.shelves[usize::from(block)] = crate::small::Shelf::of(&after);
        Wrote::Done
    }

    /// A token that nothing has.
    pub(crate) fn token(&self, world: &World) -> u8 {
        if self.lacks(Broken::NoToken) { 1 } else { world.unused_token() }
    }

    /// One conditional write on one order. Whoever has read the version before finds that out when it writes.
    pub(crate) fn write(world: &mut World, id: u8, order: &Order) {
        debug_assert_eq!(order.version, Small::VERSION + 1, "a decision counts its change");
        Self::put(world, id, Small::of(order));
    }

    /// Puts an order, and makes older readings of it stale.
    pub(crate) fn put(world: &mut World, id: u8, small: Small) {
        if let Record::Order(before) = &world.records[usize::from(id)]
            && !may_follow(&before.stand, &small.stand)
        {
            world.flaw = Some(Flaw::Backwards);
        }
        let begins = matches!(small.stand, Stand::Reviving { .. });
        world.records[usize::from(id)] = Record::Order(small);
        for proc in world.procs.iter_mut().flatten().filter(|proc| proc.job.order() == id) {
            proc.fresh = false;
            if let Job::Search(search) = &mut proc.job
                && begins
                && let Some(token) = search.revival()
            {
                *token = 0;
            }
        }
    }

    /// `store::Tenant::settle`: the reading and the write that is conditional on its version, which together are one step.
    pub(crate) fn settle(&self, world: &mut World, id: u8, now: Tick) -> Found {
        let Some(order) = self.order(world, id) else {
            if !self.lacks(Broken::NoTombstone) {
                world.records[usize::from(id)] = Record::Tombstone;
            }
            return Found::Over;
        };
        match order.clone().settle(at(now)) {
            Settlement::Expire(change) => {
                Self::write(world, id, &change.order);
                Found::Over
            }
            Settlement::Over => Found::Over,
            Settlement::InTime { .. } | Settlement::AwaitsTickets | Settlement::Owned => Found::Alive(Box::new(order)),
        }
    }

    /// Gives equal states one form: flows in order, tokens numbered as they are met, and one number for tokens that are in
    /// no block any more.
    fn canonical(&self, world: &mut World) {
        if self.lacks(Broken::NoToken) {
            world.procs.sort_unstable_by(|one, other| other.cmp(one));
            return;
        }
        rename(world);
        world.procs.sort_unstable_by(|one, other| other.cmp(one));
        rename(world);
    }
}

impl Steps<'_> {
    /// Something that happens.
    pub(crate) fn emit(&mut self, who: &'static str, what: &'static str, order: u8, mut next: World) {
        self.sale.canonical(&mut next);
        self.out.push(Step { label: Label { who, what, order }, next });
    }

    /// A flow goes on with something else.
    pub(crate) fn go(&mut self, place: usize, what: &'static str, mut next: World, proc: Proc) {
        let who = self.world.procs[place].map_or("", |before| before.job.word());
        next.procs[place] = Some(proc);
        self.emit(who, what, proc.job.order(), next);
    }

    /// A flow ends.
    pub(crate) fn end(&mut self, place: usize, what: &'static str, mut next: World) {
        let (who, order) = self.world.procs[place].map_or(("", 0), |proc| (proc.job.word(), proc.job.order()));
        next.procs[place] = None;
        self.emit(who, what, order, next);
    }

    /// A flow begins, if there is a place.
    pub(crate) fn start(&mut self, what: &'static str, mut next: World, job: Job, fresh: bool) {
        let limit = self.sale.setting.procs;
        if let Some(free) = next.procs.iter_mut().take(limit).find(|place| place.is_none()) {
            *free = Some(Proc { job, now: next.now, fresh });
            self.emit(job.word(), what, job.order(), next);
        }
    }
}

fn rename(world: &mut World) {
    let mut live = [0_u8; 32];
    let mut count = 0_u8;
    let mut name = |token: u8| {
        let place = &mut live[usize::from(token) % 32];
        if token != DEAD && *place == 0 {
            count += 1;
            *place = count;
        }
    };
    for slot in world.shelves.iter().flat_map(|shelf| shelf.slots.iter()).flatten() {
        name(slot.token);
    }
    for proc in world.procs.iter().flatten() {
        // A write that is sent once more brings its own token back.
        if let Job::Search(Search { at: Searching::Repeat { token, .. }, .. }) = proc.job {
            name(token);
        }
    }
    world.each_token(|token| {
        *token = match *token {
            DEAD => DEAD,
            known => match live[usize::from(known) % 32] {
                0 => DEAD,
                number => number,
            },
        }
    });
}

/// Without rule two, what is removed is whatever the order has there now.
fn relax(change: &Change, block: &StockBlock) -> Change {
    let now = |examined: &domain::block::Examined| block.examine(examined.order).unwrap_or(*examined);
    match change {
        Change::Release { examined } => Change::Release { examined: now(examined) },
        Change::Rewrite { examined, entry } => Change::Rewrite { examined: now(examined), entry: *entry },
        Change::Hold { order, entry, evict } => {
            Change::Hold { order: *order, entry: *entry, evict: evict.iter().map(now).collect() }
        }
        Change::Confirm { .. } => change.clone(),
    }
}

/// Whether entries changed that the change does not name.
fn strays(change: &Change, before: &StockBlock, after: &StockBlock) -> bool {
    let named = |id| match change {
        Change::Hold { order, evict, .. } => *order == id || evict.iter().any(|examined| examined.order == id),
        Change::Confirm { order, .. } => *order == id,
        Change::Rewrite { examined, .. } | Change::Release { examined } => examined.order == id,
    };
    let changed = before.entries().iter().any(|(id, entry)| !named(*id) && after.entries().get(id) != Some(entry));
    changed || after.entries().keys().any(|id| !named(*id) && !before.entries().contains_key(id))
}

impl Act {
    /// The compact form of a change of an examined entry.
    pub(crate) fn of(change: &Change) -> Self {
        match change {
            Change::Release { .. } => Self::Release,
            Change::Confirm { .. } => Self::Confirm,
            Change::Rewrite { examined, entry } => {
                let Slot { count, until, .. } = Slot::of(*entry);
                Self::Rewrite { count, until, renew: entry.token != examined.entry.token }
            }
            Change::Hold { .. } => unreachable!("nothing is held where something was examined"),
        }
    }

    /// The change, under a token that is drawn for it.
    pub(crate) fn change(self, order: u8, slot: Slot, fresh: u8) -> Change {
        let examined = slot.examined(order);
        match self {
            Self::Release => Change::Release { examined },
            Self::Confirm => Change::Confirm { order: order_id(order), token: token(slot.token) },
            Self::Rewrite { count, until, renew } => {
                let token = if renew { fresh } else { slot.token };
                Change::Rewrite { examined, entry: Slot { count, until, token }.entry() }
            }
        }
    }
}
