//! What may happen next: steps of the flows under way, beginnings of others, and time.

mod give;
mod hold;
mod money;
mod revive;
mod start;
mod tickets;

use crate::{
    sale::Steps,
    world::{Job, Proc, World},
};

impl Steps<'_> {
    /// Finds every step.
    pub fn find(&mut self) {
        self.begin();
        for (place, proc) in self.world.procs.iter().enumerate() {
            if let Some(proc) = *proc {
                self.end(place, "dies", *self.world);
                self.proceed(place, proc);
            }
        }
    }

    /// Finds the steps of the flows under way, but not their deaths.
    pub fn carry_on(&mut self) {
        for (place, proc) in self.world.procs.iter().enumerate() {
            if let Some(proc) = *proc {
                self.proceed(place, proc);
            }
        }
    }

    /// Takes up one of the duties, another one in every round.
    pub fn resume(&mut self, round: usize) {
        let duties = self.duties();
        if !duties.is_empty() {
            self.take_up(duties[round % duties.len()], self.world);
        }
    }

    fn proceed(&mut self, place: usize, proc: Proc) {
        match proc.job {
            Job::Search(search) => self.search(place, proc, search),
            Job::Swap { order, to } => self.swap(place, proc, order, to),
            Job::Forget { order } => self.forget(place, order),
            Job::Abandon { order, pieces, then } => self.abandon(place, proc, order, pieces, then),
            Job::Give { order, pieces, found, then } => self.give(place, proc, (order, then), pieces, found),
            Job::Create { order } => self.create(place, proc, order),
            Job::Tidy { order, block, slot, act } => self.tidy(place, proc, (order, block, slot), act),
            Job::Capture { order, payment, at } => self.capture(place, proc, order, payment, at),
            Job::Debt { order, payment, at } => self.debt(place, proc, order, payment, at),
            Job::Ask { order, payment } => self.ask(place, proc, order, payment),
            Job::Issue { order, seen, at } => self.issue(place, proc, order, seen, at),
            Job::Send { order, refund, at } => self.send(place, proc, order, refund, at),
            Job::Door { order, ticket, at } => self.door(place, proc, order, ticket, at),
        }
    }

    fn world(&self) -> World {
        *self.world
    }
}
