//! `place-order` and `store/src/protocol/hold.rs`: what is held, in which block, and who is in the way.
//!
//! The product's search prefers some blocks to others; here any block that was not tried may come next, in any part where
//! the setting gathers.

use domain::{
    block::{Change, Refused, StockBlock},
    order::Verdict,
};

use crate::{
    broken::Broken,
    sale::{Found, Steps, Wrote},
    small::{BLOCKS, EVERY_BLOCK, ORDERS, Part, Piece, Slot, address, at, order_id, order_of, push},
    world::{Due, Job, Message, Proc, Purpose, Search, Searching, Then},
};

impl Search {
    /// A search for a new order.
    pub(crate) const fn place(order: u8, quantity: u8, now: u8) -> Self {
        Self {
            order,
            until: now + 1,
            missing: quantity,
            held: [None; BLOCKS],
            tried: 0,
            purpose: Purpose::Place,
            at: Searching::Choose,
        }
    }

    /// The same search at another place.
    const fn at(mut self, at: Searching) -> Self {
        self.at = at;
        self
    }

    fn took(mut self, block: u8, count: u8, token: u8) -> Self {
        push(&mut self.held, Part { block, count, token });
        self.missing -= count;
        self.passed(block)
    }

    fn passed(mut self, block: u8) -> Self {
        self.tried |= 1 << block;
        self.at = if self.missing == 0 { Searching::Finish } else { Searching::Choose };
        self
    }

    /// What is held, to be given back whole.
    pub(crate) fn pieces(&self) -> [Option<Piece>; BLOCKS] {
        self.held.map(|part| part.map(|part| Piece { part, keep: 0, until: None }))
    }
}

impl Proc {
    /// The flow, searching on.
    pub(crate) const fn with(mut self, search: Search) -> Self {
        self.job = Job::Search(search);
        self
    }
}

impl Steps<'_> {
    pub(crate) fn search(&mut self, place: usize, proc: Proc, search: Search) {
        match search.at {
            Searching::Again { .. } => self.again(place, proc, search),
            Searching::Choose => self.choose(place, proc, search),
            Searching::Repeat { block, count, token } => self.repeat(place, proc, search, (block, count, token)),
            Searching::Reclaim { .. } => self.reclaim(place, proc, search),
            Searching::Finish => match search.purpose {
                Purpose::Place => self.send_order(place, proc, search),
                Purpose::Revive { .. } => self.end_revival(place, proc, search),
            },
        }
    }

    fn choose(&mut self, place: usize, proc: Proc, search: Search) {
        let setting = self.sale.setting;
        let mut is_any_left = false;
        for block in EVERY_BLOCK.into_iter().filter(|block| search.tried & (1 << block) == 0) {
            let capacity = setting.capacities[usize::from(block)];
            let least = if setting.gathers { 1 } else { search.missing };
            for count in least..=search.missing.min(capacity) {
                is_any_left = true;
                self.hold(place, proc, search, block, count, [None; ORDERS]);
            }
        }
        if !is_any_left {
            self.give_up(place, proc, search);
        }
        if self.world.left.faults > 0 && search.purpose == Purpose::Place {
            let mut next = self.world();
            next.left.faults -= 1;
            let job = Job::Abandon { order: search.order, pieces: search.pieces(), then: Then::End };
            self.go(place, "fails: abandon", next, Proc { job, ..proc });
        }
    }

    /// One blind write on one block, in the place of entries whose orders were settled.
    fn hold(&mut self, place: usize, proc: Proc, search: Search, block: u8, count: u8, evict: Due) {
        let mut next = self.world();
        let token = self.sale.token(&next);
        let entry = Slot { count, until: Some(search.until), token }.entry();
        let evicted = evict.iter().flatten().map(|(order, slot)| slot.examined(*order)).collect();
        let change = Change::Hold { order: order_id(search.order), entry, evict: evicted };
        let is_first = evict.iter().all(Option::is_none);
        match self.sale.change(&mut next, block, &change) {
            Wrote::Done => {
                let what = if is_first { "holds" } else { "holds in place of" };
                self.go(place, what, next, proc.with(search.took(block, count, token)));
                if self.world.left.lost > 0 {
                    next.left.lost -= 1;
                    let again = search.at(Searching::Repeat { block, count, token });
                    self.go(place, "holds, reply lost", next, proc.with(again));
                }
            }
            Wrote::Refused(Refused::Full, found) if is_first => {
                let at = blocked(&found, block, count, proc.now, search.order);
                let search = match at {
                    Some(at) => search.at(at),
                    None => search.passed(block),
                };
                self.go(place, "is refused", next, proc.with(search));
            }
            Wrote::Refused(..) => self.go(place, "is refused", next, proc.with(search.passed(block))),
        }
    }

    /// The same write once more: the reply to the first was lost, and others may have been at work since.
    fn repeat(&mut self, place: usize, proc: Proc, search: Search, (block, count, token): (u8, u8, u8)) {
        let mut next = self.world();
        let entry = Slot { count, until: Some(search.until), token }.entry();
        let change = Change::Hold { order: order_id(search.order), entry, evict: Vec::new() };
        let search = match self.sale.change(&mut next, block, &change) {
            Wrote::Done => search.took(block, count, token),
            Wrote::Refused(..) => search.passed(block),
        };
        self.go(place, "repeats its hold", next, proc.with(search));
    }

    /// Entries past their time are in the way: their orders are settled one after the other, and those that have ended are
    /// replaced in one write.
    fn reclaim(&mut self, place: usize, proc: Proc, search: Search) {
        let Searching::Reclaim { block, count, mut due, mut evict, follow, available } = search.at else { return };
        let mut next = self.world();
        if let Some((order, slot, until)) = follow {
            self.sale.change(&mut next, block, &Change::follow(slot.examined(order), at(until)));
            let at = Searching::Reclaim { block, count, due, evict, follow: None, available };
            return self.go(place, "moves an entry's deadline", next, proc.with(search.at(at)));
        }
        if let Some((order, slot)) = due.iter_mut().find_map(Option::take) {
            let found = self.sale.settle(&mut next, order, proc.now);
            let mut follow = None;
            match verdict(&found, block, order, slot) {
                Verdict::Evict => evict[usize::from(order)] = Some((order, slot)),
                Verdict::Move(until) => follow = Some((order, slot, crate::small::tick(until))),
                Verdict::Keep | Verdict::Confirm | Verdict::Shrink(_) => {}
            }
            let at = Searching::Reclaim { block, count, due, evict, follow, available };
            return self.go(place, "settles who is in the way", next, proc.with(search.at(at)));
        }
        let freed: u8 = evict.iter().flatten().map(|(_, slot)| slot.count).sum();
        if available + freed < count {
            return self.go(place, "finds too little", next, proc.with(search.passed(block)));
        }
        self.hold(place, proc, search, block, count, evict);
    }

    fn give_up(&mut self, place: usize, proc: Proc, search: Search) {
        let order = search.order;
        if search.purpose != Purpose::Place {
            return self.give_revival_up(place, proc, search);
        }
        let job = if search.held.iter().all(Option::is_none) {
            Job::Forget { order }
        } else if self.sale.lacks(Broken::ReleaseWithoutSettle) {
            Job::Give { order, pieces: search.pieces(), found: None, then: Then::Forget }
        } else {
            Job::Abandon { order, pieces: search.pieces(), then: Then::Forget }
        };
        self.go(place, "gives up", self.world(), Proc { job, ..proc });
    }

    /// The order is sent to its worker. Where that fails, whether it was taken is not known.
    fn send_order(&mut self, place: usize, proc: Proc, search: Search) {
        let order = usize::from(search.order);
        let mut sent = self.world();
        sent.messages[order] = Some(Message { parts: search.held, until: search.until, created: proc.now });
        self.end(place, "is sent", sent);
        if self.world.left.faults == 0 {
            return;
        }
        let pieces = search.pieces();
        let job = if self.sale.lacks(Broken::ReleaseWithoutSettle) {
            Job::Give { order: search.order, pieces, found: None, then: Then::End }
        } else {
            Job::Abandon { order: search.order, pieces, then: Then::End }
        };
        for (what, mut next) in [("is sent, error", sent), ("is not sent, error", self.world())] {
            next.left.faults -= 1;
            self.go(place, what, next, Proc { job, ..proc });
        }
    }

    pub(crate) fn swap(&mut self, place: usize, proc: Proc, order: u8, to: u8) {
        let mut next = self.world();
        let Some(key) = next.keys.iter_mut().find(|key| **key == Some(order)) else {
            return self.end(place, "finds another id", next);
        };
        *key = Some(to);
        next.given |= 1 << to;
        let job = Job::Search(Search::place(to, self.sale.quantity(to), proc.now));
        self.go(place, "swaps the id", next, Proc { job, ..proc });
    }

    pub(crate) fn forget(&mut self, place: usize, order: u8) {
        let mut next = self.world();
        for key in next.keys.iter_mut().filter(|key| **key == Some(order)) {
            *key = None;
        }
        self.end(place, "forgets the key", next);
    }
}

/// What is in the way in a block that refused; nothing where nobody is past their time.
fn blocked(found: &StockBlock, block: u8, count: u8, now: u8, me: u8) -> Option<Searching> {
    let mut due: Due = [None; ORDERS];
    for examined in found.due(at(now)) {
        let order = order_of(examined.order);
        if order != me {
            due[usize::from(order)] = Some((order, Slot::of(examined.entry)));
        }
    }
    let any = due.iter().any(Option::is_some);
    let (evict, follow, available) = ([None; ORDERS], None, found.available());
    any.then_some(Searching::Reclaim { block, count, due, evict, follow, available })
}

/// `store::protocol::Settled::verdict`.
pub(crate) fn verdict(found: &Found, block: u8, order: u8, slot: Slot) -> Verdict {
    match found {
        Found::Over => Verdict::Evict,
        Found::Alive(alive) => alive.verdict(address(block), &slot.examined(order)),
    }
}
