//! `functions/payments`: captures, debts, payments that are closed, refunds.

use domain::{
    order::{Arrived, Change},
    refund::{Reason, Refund, State},
};

use crate::{
    broken::Broken,
    sale::{Sale, Steps},
    small::{Small, Tick, at, capture, order_of, payment_of, refund_id, tick, token, total},
    world::{Capturing, Job, Owing, Paper, Proc, Repay, Search, Sending, Standing, World},
};

impl Steps<'_> {
    /// `capture::apply`. Reading the order and writing what was decided, under the condition that its version is still the
    /// same, is one step; where another read lies between the two, they are two.
    pub(crate) fn capture(&mut self, place: usize, proc: Proc, order: u8, payment: u8, stage: Capturing) {
        let mut next = self.world();
        // The clock was looked at before: by now it may be later.
        let now = proc.now;
        let Some(small) = next.small(order).copied() else { return self.end(place, "finds no order", next) };
        let quantity = self.sale.quantity(order);
        let go = |job, fresh| Proc { job, now, fresh };
        let at_stage = |at| Job::Capture { order, payment, at };
        if stage == Capturing::Look {
            if next.refund(order, payment).is_some() {
                return self.end(place, "finds a refund", next);
            }
            return self.go(place, "finds no refund", next, go(at_stage(Capturing::Owe), proc.fresh));
        }
        if stage == Capturing::Owe && !proc.fresh {
            let again = Proc { now: next.now, ..go(at_stage(Capturing::Decide), false) };
            return self.go(place, "finds the order changed", next, again);
        }
        match small.order(order, quantity).capture(capture(payment, quantity), token(1), at(now)) {
            // No order of the model takes the place of others.
            Arrived::Pays(change) | Arrived::Exchanges(change) => {
                Sale::write(&mut next, order, &change.order);
                self.end(place, "pays", next);
            }
            Arrived::ExpireFirst(change) => {
                Sale::write(&mut next, order, &change.order);
                let again = Proc { now: next.now, ..go(at_stage(Capturing::Decide), false) };
                self.go(place, "expires first", next, again);
            }
            Arrived::Revives(change) => self.revives(place, now, &small, &change),
            Arrived::Owes(_) if stage == Capturing::Decide => {
                self.go(place, "would be owed", next, go(at_stage(Capturing::Look), true));
            }
            Arrived::Owes(change) => {
                Sale::write(&mut next, order, &change.order);
                self.end(place, "is owed", next);
            }
            Arrived::Duplicate => {
                let job = Job::Debt { order, payment, at: Owing::Duplicate };
                self.go(place, "is a duplicate", next, go(job, false));
            }
            Arrived::Known => self.end(place, "is known", next),
            Arrived::Wait => self.end(place, "waits", next),
            Arrived::Wrong => self.end(place, "is wrong", next),
        }
    }

    fn revives(&mut self, place: usize, now: Tick, before: &Small, change: &Change) {
        let mut next = self.world();
        let order = order_of(change.order.id);
        let until = change.order.expires().map_or(0, tick);
        let job = Job::Search(Search::revive(order, before, until));
        if !self.sale.lacks(Broken::ReviveInPlace) {
            Sale::write(&mut next, order, &change.order);
        }
        self.go(place, "revives", next, Proc { job, now, fresh: true });
    }

    /// A refund of the whole capture, once; then the order forgets what it owes.
    pub(crate) fn debt(&mut self, place: usize, proc: Proc, order: u8, payment: u8, stage: Owing) {
        let mut next = self.world();
        if stage == Owing::Order {
            let found = self.sale.order(&next, order).filter(|_| proc.fresh);
            if let Some(Ok(change)) = found.map(|order| order.debt_recorded(at(next.now))) {
                Sale::write(&mut next, order, &change.order);
            }
            return self.end(place, "is forgotten by the order", next);
        }
        let refund = &mut next.refunds[usize::from(order)][usize::from(payment)];
        if refund.is_none() {
            let amount = self.sale.quantity(order);
            *refund = Some(Repay { payment, amount, tickets: 0, sent: false, done: false });
        }
        if stage == Owing::Duplicate {
            return self.end(place, "has its refund", next);
        }
        let job = Job::Debt { order, payment, at: Owing::Order };
        self.go(place, "has its refund", next, Proc { job, ..proc });
    }

    /// Closes the payments of an ended order. What turns out to be captured is applied; the order stays due, so that the
    /// others are asked about again.
    pub(crate) fn ask(&mut self, place: usize, proc: Proc, order: u8, payment: u8) {
        let mut next = self.world();
        let Some(small) = next.small(order).copied() else { return self.end(place, "finds no order", next) };
        if payment == small.begun {
            let found = proc.fresh.then(|| small.order(order, self.sale.quantity(order)));
            if let Some(Ok(change)) = found.map(|order| order.payment_closed(at(next.now))) {
                Sale::write(&mut next, order, &change.order);
            }
            return self.end(place, "notes that all are closed", next);
        }
        let standing = &mut next.payments[usize::from(order)][usize::from(payment)];
        if *standing == Standing::Captured {
            let job = Job::Capture { order, payment, at: Capturing::Decide };
            let now = next.now;
            return self.go(place, "finds it captured", next, Proc { job, now, fresh: false });
        }
        *standing = Standing::Closed;
        let job = Job::Ask { order, payment: payment + 1 };
        self.go(place, "closes a payment", next, Proc { job, ..proc });
    }

    /// The provider gives the money back, the order ends with it, the refund is done. Each may be repeated.
    pub(crate) fn send(&mut self, place: usize, proc: Proc, order: u8, number: u8, stage: Sending) {
        let mut next = self.world();
        let Some(mut refund) = next.refund(order, number) else { return };
        let to = |at| Proc { job: Job::Send { order, refund: number, at }, ..proc };
        let stored = &mut next.refunds[usize::from(order)][usize::from(number)];
        match stage {
            Sending::Provider => {
                refund.sent = true;
                *stored = Some(refund);
                self.go(place, "gives the money back", next, to(Sending::Order));
            }
            Sending::Order => {
                let found = self.sale.order(&next, order);
                let ended = found.map(|order| order.refunded(refund_id(number), at(next.now)));
                if let Some(Ok(change)) = ended {
                    Sale::write(&mut next, order, &change.order);
                }
                self.go(place, "ends the order", next, to(Sending::Done));
            }
            Sending::Done => {
                refund.done =
                    refund.done || whole(order, self.sale.quantity(order), number, refund).done(at(0)).is_ok();
                *stored = Some(refund);
                self.end(place, "is done", next);
            }
        }
    }

    /// `giving_back::enter`: the one transaction. Order, refund and tickets, all or nothing.
    pub(crate) fn enter_refund(&mut self, order: u8, numbers: &[u8]) {
        let mut next: World = self.world();
        let Some(found) = self.sale.order(&next, order) else { return };
        let refunds = &next.refunds[usize::from(order)];
        let Some(free) = (crate::small::PAYMENTS..refunds.len()).find(|refund| refunds[*refund].is_none()) else {
            return;
        };
        let number = u8::try_from(free).unwrap_or(u8::MAX);
        let paid = found.paid().and_then(|paid| paid.capture.as_ref()).map_or(0, payment_of);
        let Ok(amount) = found.refundable(numbers) else { return };
        let Ok(change) = found.refund(numbers, refund_id(number), at(next.now)) else { return };
        let tickets = &mut next.tickets[usize::from(order)];
        if numbers.iter().any(|number| tickets[usize::from(*number)] == Paper::Used) {
            return;
        }
        if !self.sale.lacks(Broken::TicketNotVoided) {
            for number in numbers {
                tickets[usize::from(*number)] = Paper::Void;
            }
        }
        next.refunds[usize::from(order)][free] = Some(Repay {
            payment: paid,
            amount: u8::try_from(amount.minor).unwrap_or(u8::MAX),
            tickets: numbers.iter().fold(0, |bits, number| bits | 1 << number),
            sent: false,
            done: false,
        });
        next.left.refunds[usize::from(order)] -= 1;
        Sale::write(&mut next, order, &change.order);
        self.emit("refund", "is entered", order, next);
    }
}

/// The refund of the product.
fn whole(order: u8, quantity: u8, number: u8, refund: Repay) -> Refund {
    let amount = domain::money::Money { minor: refund.amount.into(), ..total(quantity) };
    Refund {
        id: refund_id(number),
        order: crate::small::order_id(order),
        capture: capture(refund.payment, quantity),
        amount,
        tickets: (0..8).filter(|bit| refund.tickets & (1 << bit) != 0).collect(),
        reason: Reason::Late,
        state: if refund.done { State::Done { at: at(0) } } else { State::Approved },
        created: at(0),
        version: 0,
    }
}
