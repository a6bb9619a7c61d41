//! `issue-tickets`, `check-in`, and `Tenant::confirm`.

use domain::{
    Timestamp,
    block::Change,
    id::{Id as _, OrderId, TicketId, UserId},
    inventory,
    order::State,
    ticket::{Admission, Ticket, TicketState, Validity},
};

use crate::{
    broken::Broken,
    sale::{Sale, Steps, Wrote},
    small::{Slot, Small, at, block_of, order_id, subject},
    world::{Act, Admitting, Flaw, Issuing, Job, Paper, Proc, World},
};

impl Steps<'_> {
    /// What the issuer does first with an order that it has read; nothing where it has nothing to do.
    pub(crate) fn issuing(&self, world: &World, order: u8) -> Option<Job> {
        let seen = *world.small(order)?;
        let found = seen.order(order, self.sale.quantity(order));
        let at = match found.state {
            State::Paid(_) => found.kept().next().map_or(Issuing::Mark, Issuing::Ticket),
            State::Ticketed(_) | State::Used(_) => Issuing::Confirm(0),
            _ => return None,
        };
        Some(Job::Issue { order, seen, at })
    }

    pub(crate) fn issue(&mut self, place: usize, proc: Proc, order: u8, seen: Small, stage: Issuing) {
        match stage {
            Issuing::Ticket(number) => self.write_ticket(place, proc, order, seen, number),
            Issuing::Mark => self.mark(place, proc, order, seen),
            Issuing::Confirm(part) => self.confirm(place, proc, order, seen, part),
            Issuing::Found { part, slot } => self.confirm_found(place, proc, (order, seen), part, slot),
            Issuing::Write { part, slot, act } => {
                let mut next = self.world();
                let owner = seen.order(order, self.sale.quantity(order));
                if let Some((held, _)) = owner.owns().nth(part.into()) {
                    let change = act.change(order, slot, self.sale.token(&next));
                    self.sale.change(&mut next, block_of(held.block), &change);
                }
                self.next_part(place, "deals with an entry", &next, proc, (order, seen), part);
            }
        }
    }

    fn write_ticket(&mut self, place: usize, proc: Proc, order: u8, seen: Small, number: u8) {
        let mut next = self.world();
        let ticket = &mut next.tickets[usize::from(order)][usize::from(number)];
        if *ticket == Paper::Absent {
            *ticket = Paper::Valid;
        }
        let mut kept =
            seen.order(order, self.sale.quantity(order)).kept().skip_while(|kept| *kept <= number).collect::<Vec<_>>();
        kept.truncate(1);
        let at = kept.first().map_or(Issuing::Mark, |number| Issuing::Ticket(*number));
        self.go(place, "writes a ticket", next, Proc { job: Job::Issue { order, seen, at }, ..proc });
    }

    /// All tickets are there: the order becomes ticketed, if it still is what the tickets were written for.
    fn mark(&mut self, place: usize, proc: Proc, order: u8, seen: Small) {
        let mut next = self.world();
        if !proc.fresh && !self.sale.lacks(Broken::NoOrderVersion) {
            return match self.issuing(&next, order) {
                Some(job) => self.go(place, "reads the order again", next, Proc { job, fresh: true, ..proc }),
                None => self.end(place, "has nothing to issue", next),
            };
        }
        let Ok(change) = seen.order(order, self.sale.quantity(order)).ticketed(at(proc.now)) else { return };
        Sale::write(&mut next, order, &change.order);
        let job = Job::Issue { order, seen: Small::of(&change.order), at: Issuing::Confirm(0) };
        self.go(place, "marks the order", next, Proc { job, fresh: true, ..proc });
    }

    fn confirm(&mut self, place: usize, proc: Proc, order: u8, seen: Small, part: u8) {
        let mut next = self.world();
        let owner = seen.order(order, self.sale.quantity(order));
        let Some((held, owned)) = owner.owns().nth(part.into()) else { return self.end(place, "is done", next) };
        if owned == 0 {
            return self.next_part(place, "passes a part", &next, proc, (order, seen), part);
        }
        let change = Change::Confirm { order: order_id(order), token: held.token };
        match self.sale.change(&mut next, block_of(held.block), &change) {
            Wrote::Done => self.next_part(place, "confirms", &next, proc, (order, seen), part),
            Wrote::Refused(_, block) => {
                let examined = block.examine(order_id(order)).filter(|examined| examined.entry.until.is_some());
                match examined.map(|examined| Slot::of(examined.entry)) {
                    None => self.next_part(place, "finds nothing", &next, proc, (order, seen), part),
                    Some(slot) => {
                        let job = Job::Issue { order, seen, at: Issuing::Found { part, slot } };
                        self.go(place, "finds another entry", next, Proc { job, ..proc });
                    }
                }
            }
        }
    }

    /// The entry has another token than the order lists: sees the order again.
    fn confirm_found(&mut self, place: usize, proc: Proc, (order, seen): (u8, Small), part: u8, slot: Slot) {
        let next = self.world();
        let owner = seen.order(order, self.sale.quantity(order));
        let stored = self.sale.order(&next, order);
        let change = owner
            .owns()
            .nth(part.into())
            .zip(stored)
            .and_then(|((held, _), stored)| stored.still_confirming(held.block, &slot.alone(order)).pop());
        match change {
            Some(change) => {
                let inventory::Change::Stock(change) = change else { unreachable!("the model sells stock alone") };
                let act = Act::of(&change);
                let job = Job::Issue { order, seen, at: Issuing::Write { part, slot, act } };
                self.go(place, "sees the order", next, Proc { job, ..proc });
            }
            None => self.next_part(place, "sees the order", &next, proc, (order, seen), part),
        }
    }

    fn next_part(
        &mut self,
        place: usize,
        what: &'static str,
        next: &World,
        proc: Proc,
        (order, seen): (u8, Small),
        part: u8,
    ) {
        if usize::from(part) + 1 == seen.parts.iter().flatten().count() {
            return self.end(place, what, *next);
        }
        let job = Job::Issue { order, seen, at: Issuing::Confirm(part + 1) };
        self.go(place, what, *next, Proc { job, ..proc });
    }

    /// The ticket was read and admits: it is used, if it still is valid. Then what follows from that.
    pub(crate) fn door(&mut self, place: usize, proc: Proc, order: u8, ticket: u8, stage: Admitting) {
        let mut next = self.world();
        let to = |at, fresh| Proc { job: Job::Door { order, ticket, at }, fresh, ..proc };
        let stored = self.sale.order(&next, order);
        match stage {
            Admitting::Write => {
                let paper = &mut next.tickets[usize::from(order)][usize::from(ticket)];
                match *paper {
                    Paper::Valid => *paper = Paper::Used,
                    Paper::Used if self.sale.lacks(Broken::AdmitsBlindly) => next.flaw = Some(Flaw::AdmittedTwice),
                    _ => return self.end(place, "is refused", next),
                }
                self.go(place, "admits", next, to(Admitting::Order, false));
            }
            Admitting::Order => match stored.map(|stored| stored.used(at(next.now))) {
                Some(Ok(_)) => self.go(place, "looks at the order", next, to(Admitting::Others, true)),
                _ => self.end(place, "looks at the order", next),
            },
            Admitting::Others => {
                let papers = next.tickets[usize::from(order)];
                let Some(stored) = stored.filter(|_| proc.fresh) else {
                    return self.end(place, "finds the order changed", next);
                };
                let is_all_used = stored.kept().all(|number| papers[usize::from(number)] == Paper::Used);
                if let Ok(change) = stored.used(at(next.now))
                    && is_all_used
                {
                    Sale::write(&mut next, order, &change.order);
                }
                self.end(place, "looks at the others", next);
            }
        }
    }
}

/// Whether the door would open for a ticket that was read.
pub(crate) fn admits(paper: Paper) -> bool {
    let state = match paper {
        Paper::Absent => return false,
        Paper::Valid => TicketState::Valid,
        Paper::Used => TicketState::Used(Admission { at: at(0), nonce: "another".into(), gate: None }),
        Paper::Void => TicketState::Void,
    };
    let ticket = Ticket {
        id: TicketId::from_bytes([0; 16]),
        order: OrderId::from_bytes([0; 16]),
        number: 0,
        user: UserId::from_bytes([0; 16]),
        subject: subject(),
        seat: None,
        state,
        created: at(0),
    };
    let always = Validity { from: Timestamp::UNIX_EPOCH, to: Timestamp::MAX };
    ticket.admit(always, Admission { at: at(0), nonce: "this".into(), gate: None }).is_ok()
}
