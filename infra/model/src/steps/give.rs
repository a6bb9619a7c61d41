//! `store/src/protocol/{settle,release}.rs`, `create-order` and `reconcile-holds`: endings, and what they give back.

use domain::{
    block::Change,
    order::{Draft, Order},
};

use crate::{
    broken::Broken,
    sale::{Found, Steps, Wrote},
    small::{
        BLOCKS, Piece, Slot, Small, address, at, block_of, hold_time, order_id, quantity_of, subject, token, total,
    },
    steps::hold::verdict,
    world::{Act, Job, Proc, Record, Sending, Then, World},
};

/// What is to be given back.
pub(crate) type Pieces = [Option<Piece>; BLOCKS];

impl Steps<'_> {
    /// Settles first. Where the order was written after all, nothing is given back.
    pub(crate) fn abandon(&mut self, place: usize, proc: Proc, order: u8, pieces: Pieces, then: Then) {
        let mut next = self.world();
        match self.sale.settle(&mut next, order, self.world.now) {
            Found::Over => self.go_on(place, "is settled", &next, proc, (order, then), pieces),
            Found::Alive(_) => self.go_on(place, "is alive", &next, proc, (order, then), [None; BLOCKS]),
        }
    }

    /// Goes on giving back, or with what follows.
    fn go_on(
        &mut self,
        place: usize,
        what: &'static str,
        next: &World,
        proc: Proc,
        (order, then): (u8, Then),
        pieces: Pieces,
    ) {
        let job = match then {
            _ if pieces.iter().any(Option::is_some) => Job::Give { order, pieces, found: None, then },
            Then::End => return self.end(place, what, *next),
            Then::Forget => Job::Forget { order },
            Then::Provider(refund) => Job::Send { order, refund, at: Sending::Provider },
        };
        self.go(place, what, *next, Proc { job, ..proc });
    }

    /// Removes exactly what is known, or reduces it; where something else stands there, looks at the order again first.
    pub(crate) fn give(
        &mut self,
        place: usize,
        proc: Proc,
        (order, then): (u8, Then),
        mut pieces: Pieces,
        found: Option<Slot>,
    ) {
        let mut next = self.world();
        let Some(piece) = pieces.iter_mut().find_map(|place| place.as_mut()) else { return };
        let block = piece.part.block;
        if let Some(slot) = found {
            let block = slot.alone(order);
            let left = match self.sale.order(&next, order) {
                Some(seen) => seen.still_giving_back(address(piece.part.block), &block, || token(0)),
                None => block.evicting(order_id(order)),
            };
            match left.first().and_then(|change| Piece::of(piece.part.block, change)) {
                Some(again) => *piece = again,
                None => drop_piece(&mut pieces),
            }
            return self.go_on(place, "sees the order", &next, proc, (order, then), pieces);
        }
        let slot = Slot { count: piece.part.count, until: None, token: piece.part.token };
        let fresh = token(self.sale.token(&next));
        let change = Change::reduce(slot.examined(order), piece.kept(), fresh);
        let keep = piece.keep;
        match self.sale.change(&mut next, block, &change) {
            Wrote::Done => {
                drop_piece(&mut pieces);
                self.go_on(place, "gives back", &next, proc, (order, then), pieces);
            }
            Wrote::Refused(_, stored) => match stored.examine(order_id(order)) {
                Some(examined) if examined.entry.count > keep => {
                    let job = Job::Give { order, pieces, found: Some(Slot::of(examined.entry)), then };
                    self.go(place, "finds another entry", next, Proc { job, ..proc });
                }
                _ => {
                    drop_piece(&mut pieces);
                    self.go_on(place, "finds nothing", &next, proc, (order, then), pieces);
                }
            },
        }
    }

    /// Begins to give back what an order no longer owns.
    pub(crate) fn surplus(&self, order: &Order) -> Pieces {
        let mut pieces = [None; BLOCKS];
        let gives = order.giving_back(at(self.world.now), || token(0));
        for (place, (block, change)) in pieces.iter_mut().zip(&gives) {
            *place = Piece::of(block_of(*block), change);
        }
        pieces
    }

    pub(crate) fn create(&mut self, place: usize, proc: Proc, order: u8) {
        let mut next = self.world();
        let Some(message) = next.messages[usize::from(order)] else { return };
        let pieces = message.parts.map(|part| part.map(|part| Piece { part, keep: 0, until: None }));
        let abandon = Job::Abandon { order, pieces, then: Then::End };
        let draft = draft(order, self.sale.quantity(order), &message);
        match (Order::reserve(draft, at(proc.now)), next.records[usize::from(order)]) {
            (Ok(reserved), Record::Absent) => {
                next.records[usize::from(order)] = Record::Order(Small::of(&reserved));
                self.end(place, "writes the order", next);
            }
            (Ok(_), Record::Order(_)) => self.end(place, "finds the order", next),
            (Ok(_), Record::Tombstone) => self.go(place, "finds a tombstone", next, Proc { job: abandon, ..proc }),
            (Err(_), _) => self.go(place, "is past due", next, Proc { job: abandon, ..proc }),
        }
    }

    /// An entry past its time: its order is settled, then the entry is dealt with.
    pub(crate) fn tidy(&mut self, place: usize, proc: Proc, (order, block, slot): (u8, u8, Slot), act: Option<Act>) {
        let mut next = self.world();
        if let Some(act) = act {
            let change = act.change(order, slot, self.sale.token(&next));
            self.sale.change(&mut next, block, &change);
            return self.end(place, "deals with an entry", next);
        }
        let found = self.sale.settle(&mut next, order, proc.now);
        let drawn = token(0);
        match verdict(&found, block, order, slot).tidying(slot.examined(order), drawn) {
            Some(Change::Release { .. }) if self.sale.lacks(Broken::NothingReturns) => self.end(place, "settles", next),
            Some(change) => {
                let job = Job::Tidy { order, block, slot, act: Some(Act::of(&change)) };
                self.go(place, "settles", next, Proc { job, ..proc });
            }
            None => self.end(place, "wakes the issuer", next),
        }
    }
}

fn drop_piece(pieces: &mut Pieces) {
    if let Some(done) = pieces.iter_mut().find(|place| place.is_some()) {
        *done = None;
    }
}

fn draft(order: u8, quantity: u8, message: &crate::world::Message) -> Draft {
    use domain::id::{Id as _, UserId};
    Draft {
        id: order_id(order),
        user: UserId::from_bytes([0; 16]),
        purchase: domain::order::Purchase::alike(subject(), quantity_of(quantity), total(quantity)),
        contact: domain::order::Contact::default(),
        held: message.parts.iter().flatten().map(|part| part.held()).collect(),
        hold: hold_time(),
        expires: at(message.until),
        created: at(message.created),
        replaces: None,
    }
}
