//! `store/src/protocol/revive.rs`: a payment came after the hold had ended.

use domain::block::{Change, Refused, StockBlock};

use crate::{
    broken::Broken,
    sale::{Sale, Steps, Wrote},
    small::{Part, Slot, Small, Stand, at, order_id, push, token},
    world::{Job, Proc, Purpose, Search, Searching, Then},
};

impl Search {
    /// The revival that an order has just entered.
    pub(crate) const fn revive(order: u8, small: &Small, until: u8) -> Self {
        Self {
            order,
            until,
            missing: 0,
            held: [None; crate::small::BLOCKS],
            tried: 0,
            purpose: Purpose::Revive { listed: small.parts, token: 1 },
            at: Searching::Again { part: 0, round: 0, found: None },
        }
    }

    /// Goes on with the next listed part, or with what is missing.
    fn next_part(mut self, part: u8, listed: usize) -> Self {
        self.at = if usize::from(part) + 1 < listed {
            Searching::Again { part: part + 1, round: 0, found: None }
        } else if self.missing > 0 {
            Searching::Choose
        } else {
            Searching::Finish
        };
        self
    }
}

impl Steps<'_> {
    /// Takes one listed part again: as it was listed, then as it was found, then anew.
    pub(crate) fn again(&mut self, place: usize, proc: Proc, mut search: Search) {
        let (Searching::Again { part, round, found }, Purpose::Revive { listed, .. }) = (search.at, search.purpose)
        else {
            return;
        };
        let mut next = self.world();
        let (Some(listing), Some(order)) = (listed[usize::from(part)], self.sale.order(&next, search.order)) else {
            return;
        };
        let count = listed.iter().flatten().count();
        let fresh = self.sale.token(&next);
        let (until, drawn, held) = (at(search.until), token(fresh), listing.held());
        let change = match found {
            None => Some(held.again(&order, until, drawn)),
            Some(slot) => held.again_in(&order, &only(search.order, slot), until, drawn).or_else(|| {
                let examined = slot.filter(|_| self.sale.lacks(Broken::RevivesOverLarger))?.examined(search.order);
                let entry = Slot { count: listing.count, until: Some(search.until), token: fresh }.entry();
                Some(Change::Rewrite { examined, entry })
            }),
        };
        let Some(change) = change else {
            search.missing += listing.count;
            return self.go(place, "leaves another entry", next, proc.with(search.next_part(part, count)));
        };
        match self.sale.change(&mut next, listing.block, &change) {
            Wrote::Done => {
                push(&mut search.held, Part { token: fresh, ..listing });
                self.go(place, "holds again", next, proc.with(search.next_part(part, count)));
            }
            Wrote::Refused(why, block) if why != Refused::Full && round < 2 => {
                let found = block.examine(order_id(search.order)).map(|examined| Slot::of(examined.entry));
                search.at = Searching::Again { part, round: round + 1, found: Some(found) };
                self.go(place, "finds another entry", next, proc.with(search));
            }
            Wrote::Refused(..) => {
                search.missing += listing.count;
                self.go(place, "finds no room", next, proc.with(search.next_part(part, count)));
            }
        }
    }

    /// Everything is held: the order is paid, if this is still its revival and in time.
    pub(crate) fn end_revival(&mut self, place: usize, proc: Proc, search: Search) {
        let mut next = self.world();
        let Purpose::Revive { token: mine, .. } = search.purpose else { return };
        let Some(small) = next.small(search.order).copied() else { return };
        let held: Vec<_> = search.held.iter().flatten().map(|part| part.held()).collect();
        if self.sale.lacks(Broken::ReviveInPlace) {
            if let Stand::Expired(_) = small.stand {
                let paid = Small { stand: Stand::Paid { paid: 0 }, parts: search.held, ..small };
                Sale::put(&mut next, search.order, paid);
                next.flaw = self.world.flaw;
            }
            return self.end(place, "pays in place", next);
        }
        let untagged = self.sale.lacks(Broken::ReviveUntagged);
        let tag = match small.stand {
            Stand::Reviving { token: theirs, .. } if untagged => theirs,
            _ => mine,
        };
        let order = small.order(search.order, self.sale.quantity(search.order));
        match order.revived(token(tag), held, at(proc.now)) {
            Ok(change) if proc.fresh || untagged => {
                Sale::write(&mut next, search.order, &change.order);
                self.end(place, "pays", next);
            }
            _ => self.end(place, "is lost", next),
        }
    }

    /// The tickets are gone, or somebody is quicker: the order lapses, or the payment is looked at again later.
    pub(crate) fn give_revival_up(&mut self, place: usize, proc: Proc, search: Search) {
        self.end(place, "is busy", self.world());
        let mut next = self.world();
        let Purpose::Revive { token: mine, .. } = search.purpose else { return };
        let Some(order) = self.sale.order(&next, search.order).filter(|_| proc.fresh) else { return };
        if let Ok(change) = order.lapse(token(mine), at(proc.now)) {
            let mut lapsed = Small::of(&change.order);
            if let Stand::Lapsed(end) = &mut lapsed.stand
                && self.sale.lacks(Broken::DebtForgotten)
            {
                end.owed = None;
            }
            Sale::put(&mut next, search.order, lapsed);
            let job = Job::Abandon { order: search.order, pieces: search.pieces(), then: Then::End };
            self.go(place, "lapses", next, Proc { job, ..proc });
        }
    }
}

/// A block with nothing but what was found there of one order.
fn only(order: u8, slot: Option<Slot>) -> StockBlock {
    let mut block = StockBlock::empty(u8::MAX);
    if let Some(slot) = slot {
        let hold = Change::Hold { order: order_id(order), entry: slot.entry(), evict: Vec::new() };
        debug_assert!(block.clone().apply(&hold).is_ok());
        let _ = block.apply(&hold);
    }
    block
}
