use std::collections::{BTreeMap, VecDeque};

use proptest::{prelude::*, strategy::ValueTree as _};

use super::*;
use crate::{
    id::{Id as _, OrderId, RefundId},
    inventory,
    order::{
        Arrived, Draft, Purchase, Quantity, Settlement, Status,
        tests::{at, capture, draft, total},
    },
    pool::PoolKey,
    row::{Change, Entry},
};

fn address(number: u16) -> BlockAddress {
    BlockAddress { pool: PoolKey::from_hash(&[1; 32]), number }
}

fn places(numbers: &[u64]) -> Places {
    numbers.iter().map(|number| Place::parse(*number).unwrap()).collect()
}

fn id(number: usize) -> OrderId {
    OrderId::from_bytes([u8::try_from(number).unwrap(); 16])
}

const TOKEN: Token = Token([1; 6]);

/// An order of four: seats 7, 3 of block 0 and 1, 2 of block 9, paid.
fn paid() -> Order {
    let held = vec![Held::seats(address(0), places(&[7, 3]), TOKEN), Held::seats(address(9), places(&[1, 2]), TOKEN)];
    let reserved = Order::reserve(Draft { held, ..draft(4, total()) }, at(0)).unwrap();
    match reserved.capture(capture("c1"), TOKEN, at(10)) {
        Arrived::Pays(change) => change.order,
        other => panic!("{other:?}"),
    }
}

fn seat(block: u16, place: u64, order: OrderId) -> (BlockAddress, Examined) {
    let entry = Entry { order, until: Some(at(900)), token: TOKEN };
    (address(block), Examined { place: Place::parse(place).unwrap(), entry })
}

#[test]
fn tickets_are_numbered_through_the_seats() {
    let seats: Vec<_> = paid().seats().map(|seat| (seat.ticket, seat.block.number, seat.place.get())).collect();
    assert_eq!(seats, [(0, 0, 3), (1, 0, 7), (2, 9, 1), (3, 9, 2)]);
}

#[test]
fn a_seat_whose_ticket_was_given_back_is_surplus_and_the_others_stay() {
    let order = paid().refund(&[1, 2], RefundId::from_bytes([1; 16]), at(20)).unwrap().order;
    let released: Vec<_> =
        order.giving_back(at(30), || TOKEN).iter().map(|(block, it)| (block.number, places_of(it))).collect();
    assert_eq!(released, [(0, places(&[7])), (9, places(&[1]))]);
    let verdict = |block, place| {
        let (block, examined) = seat(block, place, order.id);
        order.seat_verdict(block, &examined)
    };
    assert_eq!((verdict(0, 3), verdict(0, 7), verdict(9, 1)), (Verdict::Keep, Verdict::Evict, Verdict::Evict));
    assert_eq!((verdict(0, 4), verdict(1, 3)), (Verdict::Evict, Verdict::Evict), "not listed");
}

/// The seats that a change makes free.
fn places_of(change: &inventory::Change) -> Places {
    examined_of(change).iter().map(|one| one.place).collect()
}

fn examined_of(change: &inventory::Change) -> Vec<Examined> {
    match change {
        inventory::Change::Row(Change::Release { examined }) => examined.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn seats_of_a_ticketed_order_are_confirmed_by_their_tokens() {
    let order = paid().ticketed(at(20)).unwrap().order;
    let (block, one) = seat(0, 3, order.id);
    let (_, other) = seat(0, 7, order.id);
    let other = Examined { entry: Entry { token: Token([2; 6]), ..other.entry }, ..other };
    let (_, stray) = seat(0, 4, order.id);
    let mut row = RowBlock::empty(16);
    for one in [one, other, stray] {
        let hold = Change::Hold { places: Places::one(one.place), entry: one.entry, evict: Vec::new() };
        row.apply(&hold).unwrap();
    }
    let found = inventory::Block::Row(row);
    let confirm = |place, token| Change::Confirm { order: order.id, places: places(&[place]), token }.into();
    assert_eq!(order.still_confirming(block, &found), [confirm(3, TOKEN), confirm(7, Token([2; 6]))]);
    assert_eq!(paid().still_confirming(block, &found), [], "no ticket, no confirmation");
    assert_eq!(
        paid().verdict(
            block,
            &crate::block::Examined {
                order: order.id,
                entry: crate::block::Entry { count: 2, until: None, token: TOKEN },
            }
        ),
        Verdict::Keep,
        "what counts tickets counts seats too"
    );
}

#[test]
fn an_order_of_tickets_without_numbers_has_no_seats() {
    let order = Order::reserve(draft(3, total()), at(0)).unwrap();
    assert_eq!(order.seats().count(), 0);
}

/// Orders that want seats of one block, and everybody who acts on them, each step a read or a write. What was read may be
/// old when it is used: that is what the histories are about.
struct World {
    now: i64,
    block: RowBlock,
    stored: Vec<Option<Stored>>,
    held: Vec<Option<Held>>,
    revivals: Vec<Option<Revival>>,
    /// The block as it was read, and whose entries are looked at; the order has not been looked at since.
    looked: Vec<(usize, inventory::Block)>,
    /// Entries whose order was then seen to have ended, or not to own them any more.
    surplus: Vec<Vec<Examined>>,
    tokens: u8,
}

enum Stored {
    Order(Box<Order>),
    Tombstone,
}

struct Revival {
    token: Token,
    entry: Token,
    until: Timestamp,
    changes: Option<VecDeque<Change>>,
}

const ORDERS: usize = 3;
const SEATS: u8 = 3;

impl World {
    fn new() -> Self {
        let empty = || (0..ORDERS).map(|_| None);
        Self {
            now: 0,
            block: RowBlock::empty(SEATS),
            stored: empty().map(|_: Option<()>| None).collect(),
            held: vec![None; ORDERS],
            revivals: empty().map(|_: Option<()>| None).collect(),
            looked: Vec::new(),
            surplus: Vec::new(),
            tokens: 0,
        }
    }

    fn token(&mut self) -> Token {
        self.tokens += 1;
        Token([self.tokens; 6])
    }

    fn order(&self, number: usize) -> Option<&Order> {
        match &self.stored[number] {
            Some(Stored::Order(order)) => Some(order),
            Some(Stored::Tombstone) | None => None,
        }
    }

    fn write(&mut self, number: usize, order: Order) {
        self.stored[number] = Some(Stored::Order(Box::new(order)));
    }

    fn settle(&mut self, number: usize) {
        match self.order(number).cloned().map(|order| order.settle(at(self.now))) {
            None if self.stored[number].is_none() => self.stored[number] = Some(Stored::Tombstone),
            Some(Settlement::Expire(change)) => self.write(number, change.order),
            _ => {}
        }
    }

    fn hold(&mut self, number: usize, places: Places, evict: Vec<Examined>) {
        if self.held[number].is_some() || self.stored[number].is_some() || places.is_none() {
            return;
        }
        let token = self.token();
        let entry = Entry { order: id(number), until: Some(at(self.now + 300)), token };
        if self.block.apply(&Change::Hold { places, entry, evict }).is_ok() {
            self.held[number] = Some(Held::seats(address(0), places, token));
        }
    }

    fn create(&mut self, number: usize) {
        let Some(held) = self.held[number].clone().filter(|_| self.stored[number].is_none()) else { return };
        let seat = self.block.examine(id(number), Places::first(SEATS)).first().copied();
        let expires = seat.and_then(|seat| seat.entry.until).unwrap_or(at(self.now + 300));
        let any = draft(4, total());
        let purchase = Purchase { quantity: Quantity::parse(held.count().into()).unwrap(), ..any.purchase };
        let draft = Draft { id: id(number), purchase, held: vec![held], expires, ..any };
        match Order::reserve(draft, at(self.now)) {
            Ok(order) => self.write(number, order),
            Err(_) => self.settle(number),
        }
    }

    fn pay(&mut self, number: usize) {
        for _ in 0..2 {
            let Some(order) = self.order(number).cloned() else { return };
            let token = self.token();
            match order.capture(capture("c1"), token, at(self.now)) {
                Arrived::Pays(change) | Arrived::Owes(change) => return self.write(number, change.order),
                Arrived::ExpireFirst(change) => self.write(number, change.order),
                Arrived::Revives(change) => {
                    let until = change.order.expires().unwrap();
                    self.write(number, change.order);
                    let entry = self.token();
                    self.revivals[number] = Some(Revival { token, entry, until, changes: None });
                    return;
                }
                _ => return,
            }
        }
    }

    /// One step of a revival: look at the block, make one of the changes, or end.
    fn revive(&mut self, number: usize) {
        let Some(order) = self.order(number).cloned() else { return };
        let Some(revival) = &mut self.revivals[number] else { return };
        let Some(changes) = &mut revival.changes else {
            let changes = order.held[0].seats_again(&order, &self.block, revival.until, revival.entry);
            revival.changes = Some(changes.into());
            return;
        };
        let (token, held) = (revival.token, Held { token: revival.entry, ..order.held[0].clone() });
        match changes.pop_front() {
            Some(change) if self.block.apply(&change).is_ok() => return,
            Some(_) => {
                if let Ok(change) = order.lapse(token, at(self.now)) {
                    self.write(number, change.order);
                }
            }
            None => {
                if let Ok(change) = order.revived(token, vec![held], at(self.now)) {
                    self.write(number, change.order);
                }
            }
        }
        self.revivals[number] = None;
    }

    /// Looks at the order behind entries that were read before.
    fn see(&mut self, which: usize) {
        if self.looked.is_empty() {
            return;
        }
        let (number, found) = self.looked.swap_remove(which % self.looked.len());
        self.settle(number);
        let changes = match self.order(number) {
            None => found.evicting(id(number)),
            Some(order) => order.still_giving_back(address(0), &found, || TOKEN),
        };
        self.surplus.push(changes.iter().flat_map(examined_of).collect());
    }

    fn confirm(&mut self, number: usize) {
        let Some(order) = self.order(number) else { return };
        for change in order.still_confirming(address(0), &self.found()) {
            let inventory::Change::Row(change) = change else { panic!("{change:?}") };
            self.block.apply(&change).unwrap();
        }
    }

    /// Gives back what the order lists and does not own, without having looked.
    fn release(&mut self, number: usize) {
        let Some(order) = self.order(number) else { return };
        for (_, change) in order.giving_back(at(self.now), || TOKEN) {
            let _ = self.block.apply(&Change::Release { examined: examined_of(&change) });
        }
    }

    /// The block as it is now.
    fn found(&self) -> inventory::Block {
        inventory::Block::Row(self.block.clone())
    }

    fn tidy(&mut self) {
        let due: Vec<_> = self.block.due(at(self.now)).collect();
        for examined in due {
            let number = (0..ORDERS).find(|number| id(*number) == examined.entry.order).unwrap();
            self.settle(number);
            let verdict = self.order(number).map_or(Verdict::Evict, |order| order.seat_verdict(address(0), &examined));
            if let Some(change) = examined.tidying(verdict) {
                self.block.apply(&change).unwrap();
            }
        }
    }

    fn step(&mut self, kind: u8, number: usize, bits: u16) {
        let places = Places::from_bits(bits).and(Places::first(SEATS));
        let which = usize::from(bits);
        let now = at(self.now);
        let refund = RefundId::from_bytes([1; 16]);
        match kind {
            0 | 1 => self.hold(number, places, Vec::new()),
            2 => {
                let evict: Vec<Examined> =
                    self.surplus.get(which % self.surplus.len().max(1)).cloned().unwrap_or_default();
                let evict = evict.into_iter().filter(|one| one.entry.order != id(number)).collect();
                self.hold(number, places, evict);
            }
            3 | 4 => self.create(number),
            5 | 19 | 20 => self.pay(number),
            6..=8 | 21 | 22 => self.revive(number),
            9 => {
                if let Some(Ok(change)) = self.order(number).cloned().map(|order| order.ticketed(now)) {
                    self.write(number, change.order);
                }
            }
            10 => self.confirm(number),
            11 => {
                let ticket = u8::try_from(bits % 3).unwrap();
                if let Some(Ok(change)) = self.order(number).cloned().map(|order| order.refund(&[ticket], refund, now))
                {
                    self.write(number, change.order);
                }
            }
            12 => self.looked.push((number, self.found())),
            13 => self.see(which),
            14 => {
                let examined = self.surplus.get(which % self.surplus.len().max(1)).cloned().unwrap_or_default();
                let _ = self.block.apply(&Change::Release { examined });
            }
            15 | 23 | 24 => self.now += i64::from(bits % 8) * 50,
            16 => self.tidy(),
            17 => {
                if let Some(Ok(change)) = self.order(number).cloned().map(|order| order.cancel(now)) {
                    self.write(number, change.order);
                }
            }
            18 => self.release(number),
            _ => self.settle(number),
        }
    }

    /// An order that is reserved or paid owns all that it lists and was not given back; so no seat has two owners.
    fn check(&self) -> Result<(), TestCaseError> {
        for order in (0..ORDERS).filter_map(|number| self.order(number)) {
            let owns =
                matches!(order.state, State::Reserved { .. } | State::Paid(_) | State::Ticketed(_) | State::Used(_));
            for held in order.held.iter().filter(|_| owns) {
                let (owned, _) = order.owned_seats(held);
                let has: Places = self.block.examine(order.id, owned).iter().map(|one| one.place).collect();
                prop_assert_eq!(owned, has, "{:?} lists seats that it does not have", order.state);
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn whatever_happens_an_order_owns_the_seats_that_it_lists(
        steps in proptest::collection::vec((0..26_u8, 0..ORDERS, 0..64_u16), 1..200)
    ) {
        let mut world = World::new();
        for (kind, number, bits) in steps {
            world.step(kind, number, bits);
            world.check()?;
        }
    }
}

/// The histories above are worth nothing if nothing happens in them.
#[test]
fn the_histories_get_to_every_end() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let steps = proptest::collection::vec((0..26_u8, 0..ORDERS, 0..64_u16), 100..200);
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..2_000 {
        let mut world = World::new();
        for (kind, number, bits) in steps.new_tree(&mut runner).unwrap().current() {
            let was_reviving = world.order(number).is_some_and(|order| matches!(order.state, State::Reviving { .. }));
            world.step(kind, number, bits);
            if was_reviving && world.order(number).is_some_and(|order| order.status() == Status::Paid) {
                *ends.entry("revived").or_default() += 1;
            }
        }
        for order in (0..ORDERS).filter_map(|number| world.order(number)) {
            *ends.entry(order.status().word()).or_default() += 1;
            if matches!(order.state, State::Lapsed(_)) {
                *ends.entry("lapsed").or_default() += 1;
            }
        }
    }
    for word in ["pending", "paid", "ticketed", "cancelled", "expired", "refunding", "revived", "lapsed"] {
        assert!(ends.get(word).is_some_and(|count| *count > 5), "hardly ever {word}: {ends:?}");
    }
}
