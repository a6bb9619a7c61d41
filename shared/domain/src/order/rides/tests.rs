use std::collections::BTreeMap;

use fastrand::Rng;

use super::*;
use crate::{
    id::{Id as _, OrderId, PaymentId, RefundId, UserId},
    inventory,
    money::{Currency, Money},
    order::{Arrived, Contact, Draft, Purchase, Quantity, Settlement, tests::subject},
    payment::{Capture, Provider},
    pool::PoolKey,
    rail::{
        row::{Decided, Kind},
        stretch::Stretch,
    },
    tenant::HoldTime,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn order(id: OrderId, held: &[Held], now: i64) -> Order {
    let quantity = held.iter().map(|held| u64::from(held.count())).sum();
    let draft = Draft {
        id,
        user: UserId::from_bytes([1; 16]),
        purchase: Purchase::alike(subject(), Quantity::parse(quantity).unwrap(), Money::new(1_001, Currency::CNY)),
        contact: Contact::default(),
        held: held.to_vec(),
        hold: HoldTime::DEFAULT,
        expires: at(now + 900),
        created: at(now),
        replaces: None,
    };
    Order::reserve(draft, at(now)).unwrap()
}

fn pay(order: Order, now: i64) -> Arrived {
    let capture = Capture {
        provider: Provider::Sandbox,
        id: "c1".into(),
        payment: PaymentId::from_bytes([1; 16]),
        amount: Money::new(1_001, Currency::CNY),
    };
    order.capture(capture, Token([5; 6]), at(now))
}

fn paid(order: Order, now: i64) -> Order {
    match pay(order, now) {
        Arrived::Pays(change) => change.order,
        other => panic!("{other:?}"),
    }
}

fn place(seat: u8, from: u16, to: u16) -> Place {
    Place { seat, stretch: Stretch::new(from, to).unwrap() }
}

fn address(number: u16) -> BlockAddress {
    BlockAddress { pool: PoolKey::from_hash(&[1; 32]), number }
}

fn held(number: u16, what: What) -> Held {
    Held { block: address(number), what, token: Token([1; 6]) }
}

fn seats(places: &[Place]) -> What {
    What::Rides(Places::new(places.to_vec()).unwrap())
}

/// Two seats in row 0, one in row 1, and the time of the passenger of ticket 2.
fn list() -> Vec<Held> {
    let time = What::Person { ticket: 2, places: Places::one(place(0, 100, 400)), instead_of: None };
    vec![held(0, seats(&[place(0, 1, 4), place(3, 1, 4)])), held(1, seats(&[place(2, 1, 4)])), held(9, time)]
}

fn entry(list: &[Held], number: usize, id: OrderId) -> Examined {
    Examined { order: id, entry: list[number].what.entry(Some(at(900)), Token([1; 6])).unwrap() }
}

const ID: [u8; 16] = [1; 16];

#[test]
fn what_an_entry_means_follows_from_its_order() {
    let list = list();
    let id = OrderId::from_bytes(ID);
    let reserved = order(id, &list, 0);
    let verdicts =
        |order: &Order| [0, 2].map(|number| order.ride_verdict(list[number].block, &entry(&list, number, id)));
    let all = |verdict: RideVerdict| [verdict.clone(), verdict];
    assert_eq!(verdicts(&reserved), all(RideVerdict::Move(at(900))));
    let stray = reserved.ride_verdict(address(7), &entry(&list, 0, id));
    assert_eq!(stray, RideVerdict::Evict, "not listed");
    let paid = paid(reserved.clone(), 10);
    assert_eq!(verdicts(&paid), all(RideVerdict::Keep));
    let ticketed = paid.ticketed(at(20)).unwrap().order;
    assert_eq!(verdicts(&ticketed), all(RideVerdict::Confirm));
    let Settlement::Expire(change) = reserved.settle(at(900)) else { panic!() };
    assert_eq!(verdicts(&change.order), all(RideVerdict::Evict));
    let Arrived::Revives(reviving) = pay(change.order, 1_000) else { panic!() };
    assert_eq!(verdicts(&reviving.order), all(RideVerdict::Move(at(1_120))));
}

#[test]
fn tickets_are_numbered_through_the_rows() {
    let order = order(OrderId::from_bytes(ID), &list(), 0);
    let seat = |ticket| order.ride_of(ticket).map(|(block, place)| (block.number, place.seat));
    assert_eq!([0, 1, 2, 3].map(seat), [Some((0, 0)), Some((0, 3)), Some((1, 2)), None]);
}

#[test]
fn a_ticket_that_goes_back_frees_its_seat_and_its_passenger() {
    let list = list();
    let id = OrderId::from_bytes(ID);
    let ticketed = paid(order(id, &list, 0), 10).ticketed(at(20)).unwrap().order;
    let refund =
        |tickets: &[u8]| ticketed.clone().refund(tickets, RefundId::from_bytes([1; 16]), at(30)).unwrap().order;
    let given_back = |order: &Order| -> BTreeMap<u16, Option<Places>> {
        let changes = order.giving_back(at(30), || Token([8; 6])).into_iter();
        changes
            .map(|(block, change)| match change {
                inventory::Change::Coach(Decided { change: Change::Rewrite { entry, .. }, revision: None }) => {
                    (block.number, Some(entry.places))
                }
                inventory::Change::Coach(Decided { change: Change::Release { .. }, .. }) => (block.number, None),
                other => panic!("{other:?}"),
            })
            .collect()
    };
    let left = Places::one(place(0, 1, 4));
    assert_eq!(given_back(&refund(&[1])), [(0, Some(left.clone()))].into());
    assert_eq!(given_back(&refund(&[2])), [(1, None), (9, None)].into());
    assert_eq!(given_back(&refund(&[0, 1, 2])), [(0, None), (1, None), (9, None)].into());
    assert_eq!(given_back(&ticketed), [].into());
    assert_eq!(given_back(&order(id, &list, 0)), [].into(), "an unpaid order has not been settled");
    let part = refund(&[1]);
    let keep = Keep { places: Some(left), until: None };
    assert_eq!(part.ride_verdict(address(0), &entry(&list, 0, id)), RideVerdict::Shrink(keep));
    assert_eq!(part.ride_verdict(address(1), &entry(&list, 1, id)), RideVerdict::Confirm);
}

#[test]
fn a_revival_rewrites_its_own_entry_and_leaves_another_choice_alone() {
    let list = list();
    let id = OrderId::from_bytes(ID);
    let order = order(id, &list, 0);
    let empty = Row::empty(Kind::Coach, 5, 10);
    let mut row = empty.clone();
    let again = |row: &Row| list[0].ride_again(&order, row, at(2_000), Token([2; 6]));
    row.apply(&again(&empty).unwrap()).unwrap();
    let old = row.examine(id).unwrap();
    let change = list[0].ride_again(&order, &row, at(2_000), Token([3; 6])).unwrap();
    row.apply(&change).unwrap();
    assert!(row.apply(&Change::Release { examined: old }).is_err(), "a removal that was under way");
    let mut other = empty;
    let elsewhere = Entry { places: Places::one(place(4, 1, 4)), until: None, token: Token([4; 6]), instead_of: None };
    other.apply(&Change::Hold { order: id, entry: elsewhere, evict: Vec::new() }).unwrap();
    assert_eq!(again(&other), None);
}

/// One order of a random history.
struct Buyer {
    order: Option<Order>,
    held: Vec<Held>,
}

/// A random history of one row: holds, orders written late or never, payments, tickets, refunds, and reclaims that settle
/// before they evict. At every instant an order that is reserved or better owns what it lists.
fn history(seed: u64) {
    let mut chance = Rng::with_seed(seed);
    let mut row = Row::empty(Kind::Coach, 3, 8);
    let mut buyers: BTreeMap<OrderId, Buyer> = BTreeMap::new();
    let mut now = 0;
    for step in 1..300_i64 {
        now += chance.i64(0..200);
        let known: Vec<OrderId> = buyers.keys().copied().collect();
        let any = (!known.is_empty()).then(|| known[chance.usize(..known.len())]);
        match (chance.u8(..6), any) {
            (0 | 1, _) => {
                let id = OrderId::new(Timestamp::from_millisecond(step).unwrap(), [0; 10]);
                let from = chance.u16(..7);
                let places = Places::one(place(chance.u8(..3), from, chance.u16(from + 1..8)));
                try_hold(&mut row, &mut buyers, id, places, now);
            }
            (2, Some(id)) => {
                // The worker writes the order late, if at all.
                let buyer = buyers.get_mut(&id).unwrap();
                let until = row.examine(id).and_then(|examined| examined.entry.until);
                if buyer.order.is_none() && until.is_some_and(|until| at(now) < until) {
                    let expires = until.unwrap().as_second() - now;
                    let written = order(id, &buyer.held, now);
                    buyer.order = Some(Order { state: State::Reserved { expires: at(now + expires) }, ..written });
                }
            }
            (3, Some(id)) => take(&mut buyers, id, |order| match pay(order.clone(), now) {
                Arrived::Pays(change) | Arrived::ExpireFirst(change) => change.order,
                _ => order,
            }),
            (4, Some(id)) => take(&mut buyers, id, |order| match order.clone().ticketed(at(now)) {
                Ok(change) => change.order,
                Err(_) => {
                    order.clone().refund(&[0], RefundId::from_bytes(ID), at(now)).map_or(order, |change| change.order)
                }
            }),
            _ => tidy(&mut row, &mut buyers, now),
        }
        for (id, buyer) in &buyers {
            let Some(order) = &buyer.order else { continue };
            let owns = matches!(order.state, State::Paid(_) | State::Ticketed(_))
                || matches!(order.state, State::Reserved { expires } if at(now) < expires);
            let entry = row.examine(*id).map(|examined| examined.entry.places);
            assert!(
                !owns || entry == buyer.held[0].what.entry(None, Token([1; 6])).map(|entry| entry.places),
                "seed {seed}, step {step}: {order:?}"
            );
        }
    }
    now += 100_000;
    for _ in 0..2 {
        for id in buyers.keys().copied().collect::<Vec<_>>() {
            take(&mut buyers, id, |order| order.clone().ticketed(at(now)).map_or(order, |change| change.order));
        }
        tidy(&mut row, &mut buyers, now);
    }
    assert_eq!(row.due(at(now + 1)).count(), 0, "seed {seed}: unfinished work is left");
}

fn take(buyers: &mut BTreeMap<OrderId, Buyer>, id: OrderId, change: impl FnOnce(Order) -> Order) {
    let buyer = buyers.get_mut(&id).unwrap();
    buyer.order = buyer.order.take().map(change);
}

/// Settles what is in the way and past its time, then holds and evicts in one change.
fn try_hold(row: &mut Row, buyers: &mut BTreeMap<OrderId, Buyer>, id: OrderId, places: Places, now: i64) {
    let due: Vec<_> = row.in_the_way(&places).filter(|found| found.entry.is_due(at(now))).collect();
    let evict = due.into_iter().filter(|found| settled(buyers, found, now) == RideVerdict::Evict).collect();
    let entry = Entry { places: places.clone(), until: Some(at(now + 900)), token: Token([1; 6]), instead_of: None };
    if row.apply(&Change::Hold { order: id, entry, evict }).is_ok() {
        buyers.insert(id, Buyer { order: None, held: vec![held(0, What::Rides(places))] });
    }
}

/// Settles the order behind an entry (an unwritten one by a tombstone) and says what the entry means.
fn settled(buyers: &mut BTreeMap<OrderId, Buyer>, found: &Examined, now: i64) -> RideVerdict {
    let buyer = buyers.get_mut(&found.order).unwrap();
    let known = buyer.order.take().unwrap_or_else(|| {
        let tombstone = order(found.order, &buyer.held, now);
        Order { state: State::Reserved { expires: at(now) }, ..tombstone }
    });
    let known = match known.clone().settle(at(now)) {
        Settlement::Expire(change) => change.order,
        _ => known,
    };
    let verdict = known.ride_verdict(address(0), found);
    buyer.order = Some(known);
    verdict
}

fn tidy(row: &mut Row, buyers: &mut BTreeMap<OrderId, Buyer>, now: i64) {
    let over: Vec<OrderId> = buyers
        .iter()
        .filter(|(_, buyer)| buyer.order.as_ref().is_some_and(Order::is_over))
        .map(|(id, _)| *id)
        .collect();
    let surplus = over.into_iter().filter_map(|id| row.examine(id)).collect::<Vec<_>>();
    let due: Vec<_> = row.due(at(now)).chain(surplus).collect();
    for found in due {
        if let Some(change) = settled(buyers, &found, now).tidying(found, Token([2; 6])) {
            // The second of two that are the same finds its work done.
            let done = row.apply(&change).is_ok() || row.shows(&change);
            assert!(done);
        }
    }
}

#[test]
fn an_order_owns_what_it_lists_through_any_history() {
    let seed = fastrand::u64(..);
    eprintln!("seed {seed}");
    for history_of in 0..200 {
        history(seed.wrapping_add(history_of));
    }
}
