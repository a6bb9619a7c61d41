//! What begins: requests, messages, what reconcilers find, and the passing of time.

use domain::order::{Due, Order, Settlement};

use crate::{
    broken::Broken,
    sale::{Sale, Steps},
    small::{
        EVERY_BLOCK, EVERY_ORDER, EVERY_PAYMENT, EVERY_REFUND, PAYMENTS, Slot, Small, Stand, Tick, at, begun, capture,
    },
    steps::tickets::admits,
    world::{Admitting, BUYERS, Capturing, Job, Left, Owing, Record, Search, Sending, Standing, Then, World},
};

/// Work that a reconciler, or a message that is delivered again, finds in the state itself. None of it needs a budget: what
/// is found is done sooner or later, however often whoever does it dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// An entry past its time.
    Tidy { order: u8, block: u8, slot: Slot },
    /// A paid order without tickets.
    Issue { order: u8 },
    /// A captured payment of which neither the order nor a refund tells.
    Notice { order: u8, payment: u8 },
    /// An ended order that owes money, or does not know how its payments ended.
    Due { order: u8 },
    /// A refund whose money is not back.
    Send { order: u8, refund: u8 },
}

impl Steps<'_> {
    pub(crate) fn begin(&mut self) {
        let world = self.world;
        if world.now < self.sale.setting.end {
            self.emit("time", "passes", 0, World { now: world.now + 1, ..*world });
        }
        for buyer in 0..BUYERS {
            if world.left.tries[buyer] > 0 {
                self.request(buyer);
            }
        }
        for order in EVERY_ORDER {
            if matches!(world.records[usize::from(order)], Record::Order(_)) {
                self.about_order(order);
            } else if world.messages[usize::from(order)].is_some() && world.left.deliveries[usize::from(order)] > 0 {
                let mut next = self.world();
                next.left.deliveries[usize::from(order)] -= 1;
                self.start("is delivered", next, Job::Create { order }, false);
            }
        }
        let is_quiet = world.is_quiet();
        for duty in self.duties() {
            let mut next = self.world();
            if is_quiet || allowance(&mut next.left, duty) {
                self.take_up(duty, &next);
            }
        }
    }

    /// A buyer asks, for the first time or again with the same key.
    fn request(&mut self, buyer: usize) {
        let mut next = self.world();
        next.left.tries[buyer] -= 1;
        let Some(new) = self.sale.setting.ids[buyer].iter().copied().find(|id| next.given & (1 << id) == 0) else {
            return;
        };
        let Some(known) = next.keys[buyer] else {
            next.keys[buyer] = Some(new);
            next.given |= 1 << new;
            let job = Job::Search(Search::place(new, self.sale.quantity(new), next.now));
            return self.start("claims the key", next, job, false);
        };
        if self.sale.lacks(Broken::RepeatsBlindly) {
            return self.start("repeats", next, Job::Swap { order: known, to: new }, false);
        }
        if matches!(next.records[usize::from(known)], Record::Order(_)) {
            return;
        }
        // Nothing there, or a tombstone: settled, it never will be.
        let now = next.now;
        self.sale.settle(&mut next, known, now);
        self.start("settles the attempt before", next, Job::Swap { order: known, to: new }, false);
    }

    /// What may happen to an order that stands.
    fn about_order(&mut self, order: u8) {
        let (world, place) = (self.world, usize::from(order));
        let Some(stored) = self.sale.order(world, order) else { return };
        let now = at(world.now);
        for clock in [world.now, world.now.saturating_sub(1)] {
            self.begin_payment(order, &stored, clock);
        }
        for payment in 0..PAYMENTS {
            if world.payments[place][payment] == Standing::Open {
                let mut next = self.world();
                next.payments[place][payment] = Standing::Captured;
                self.emit("provider", "captures", order, next);
            }
        }
        if world.left.expiries[place] > 0
            && let Settlement::Expire(change) = stored.clone().settle(now)
        {
            let mut next = self.world();
            next.left.expiries[place] -= 1;
            Sale::write(&mut next, order, &change.order);
            self.emit("expire", "ends the hold", order, next);
        }
        if world.left.cancels[place] > 0
            && let Ok(change) = stored.clone().cancel(now)
        {
            let mut next = self.world();
            next.left.cancels[place] -= 1;
            Sale::write(&mut next, order, &change.order);
            self.emit("buyer", "cancels", order, next);
        }
        self.about_parts(order, &stored);
    }

    /// The buyer begins a payment, by a clock that was perhaps looked at a while ago.
    fn begin_payment(&mut self, order: u8, stored: &Order, clock: Tick) {
        let place = usize::from(order);
        if self.world.left.payments[place] > 0
            && let Some(number) = EVERY_PAYMENT.get(stored.begun.len()).copied()
            && let Ok(started) = stored.clone().start_payment(begun(number), at(clock))
            && let Some(change) = started.change
        {
            let mut next = self.world();
            next.left.payments[place] -= 1;
            next.payments[place][usize::from(number)] = Standing::Open;
            Sale::write(&mut next, order, &change.order);
            self.emit("buyer", "begins a payment", order, next);
        }
    }

    fn about_parts(&mut self, order: u8, stored: &Order) {
        let (world, place) = (self.world, usize::from(order));
        let small = Small::of(stored);
        if world.left.releases[place] > 0
            && matches!(small.stand, Stand::Cancelled(_) | Stand::Expired(_) | Stand::Lapsed(_))
        {
            let mut next = self.world();
            next.left.releases[place] -= 1;
            let pieces = self.surplus(stored);
            let job = Job::Give { order, pieces, found: None, then: Then::End };
            self.start("is told that it ended", next, job, false);
        }
        if world.left.refunds[place] > 0 {
            let kept: Vec<u8> = stored.kept().collect();
            self.enter_refund(order, &kept);
            if kept.len() > 1 {
                for number in kept {
                    self.enter_refund(order, &[number]);
                }
            }
        }
        for ticket in 0..self.sale.quantity(order) {
            if world.left.scans[place] > 0 && admits(world.tickets[place][usize::from(ticket)]) {
                let mut next = self.world();
                next.left.scans[place] -= 1;
                self.start("reads a ticket", next, Job::Door { order, ticket, at: Admitting::Write }, false);
            }
        }
    }

    /// What is left to be done, as the reconcilers find it.
    pub(crate) fn duties(&self) -> Vec<Duty> {
        let world = self.world;
        let mut duties = Vec::new();
        for block in EVERY_BLOCK {
            for (order, slot) in (0_u8..).zip(world.shelves[usize::from(block)].slots) {
                if let Some(slot) = slot.filter(|slot| slot.until.is_some_and(|until| until <= world.now)) {
                    duties.push(Duty::Tidy { order, block, slot });
                }
            }
        }
        for order in EVERY_ORDER {
            let Some(stored) = self.sale.order(world, order) else { continue };
            if matches!(stored.state, domain::order::State::Paid(_)) {
                duties.push(Duty::Issue { order });
            }
            if stored.due().is_some() {
                duties.push(Duty::Due { order });
            }
            let quantity = self.sale.quantity(order);
            for payment in EVERY_PAYMENT {
                let is_captured = world.payments[usize::from(order)][usize::from(payment)] == Standing::Captured;
                let is_known = stored.shows(&capture(payment, quantity)) || world.refund(order, payment).is_some();
                let is_known = is_known || stored.is_over() && self.sale.lacks(Broken::DebtForgotten);
                if is_captured && !is_known {
                    duties.push(Duty::Notice { order, payment });
                }
            }
            for refund in EVERY_REFUND {
                if world.refund(order, refund).is_some_and(|refund| !refund.done) {
                    duties.push(Duty::Send { order, refund });
                }
            }
        }
        duties
    }

    pub(crate) fn take_up(&mut self, duty: Duty, next: &World) {
        let next = *next;
        match duty {
            Duty::Tidy { order, block, slot } => {
                self.start("meets an entry", next, Job::Tidy { order, block, slot, act: None }, false);
            }
            Duty::Issue { order } => {
                if let Some(job) = self.issuing(&next, order) {
                    self.start("reads the order", next, job, true);
                }
            }
            Duty::Notice { order, payment } => {
                let job = Job::Capture { order, payment, at: Capturing::Decide };
                self.start("hears of a capture", next, job, false);
            }
            Duty::Due { order } => {
                let stored = self.sale.order(&next, order);
                let owed = next.small(order).and_then(|small| owed(&small.stand));
                match (stored.and_then(|stored| stored.due()), owed) {
                    (Some(Due::Refund), Some(payment)) => {
                        self.start("is owed", next, Job::Debt { order, payment, at: Owing::Refund }, true);
                    }
                    (Some(Due::AskPayment), _) => self.start("asks", next, Job::Ask { order, payment: 0 }, true),
                    _ => {}
                }
            }
            Duty::Send { order, refund } => {
                let gives_up_tickets = next.refund(order, refund).is_some_and(|refund| refund.tickets != 0);
                let gives_up_tickets = gives_up_tickets && !self.sale.lacks(Broken::RefundKeepsStock);
                let pieces = self.sale.order(&next, order).map(|stored| self.surplus(&stored));
                let job = match pieces.filter(|pieces| gives_up_tickets && pieces.iter().any(Option::is_some)) {
                    Some(pieces) => Job::Give { order, pieces, found: None, then: Then::Provider(refund) },
                    None => Job::Send { order, refund, at: Sending::Provider },
                };
                self.start("sends a refund", next, job, false);
            }
        }
    }
}

const fn owed(stand: &Stand) -> Option<u8> {
    match stand {
        Stand::Cancelled(end) | Stand::Expired(end) | Stand::Lapsed(end) => end.owed,
        _ => None,
    }
}

/// Takes one from what may be done while others are at work.
const fn allowance(left: &mut Left, duty: Duty) -> bool {
    let (budget, order) = match duty {
        Duty::Tidy { order, .. } => (&mut left.tidies, order),
        Duty::Issue { order } => (&mut left.issues, order),
        Duty::Notice { order, .. } => (&mut left.notices, order),
        Duty::Due { order } | Duty::Send { order, .. } => (&mut left.sends, order),
    };
    let budget = &mut budget[order as usize];
    if *budget == 0 {
        return false;
    }
    *budget -= 1;
    true
}
