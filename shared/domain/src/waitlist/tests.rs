use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{
    id::Id as _,
    rail::{
        allocate::{Claim, Seats, Together},
        coach::{CoachRow, Layout},
        stretch::{Segments, Stretch},
    },
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn order(number: u8) -> OrderId {
    OrderId::from_bytes([number; 16])
}

fn turn(second: i64) -> Turn {
    Turn { asked: at(second), number: 0 }
}

fn request<A: PartialEq>(second: i64, party: u64, alternatives: Vec<A>) -> Request<A> {
    Request::new(turn(second), Quantity::parse(party).unwrap(), alternatives, at(1_000)).unwrap()
}

/// Who is served, and with which alternative, where pools have so much.
fn served(line: &[Request<char>], free: &[(char, u8)]) -> Vec<(i64, usize)> {
    let mut free: BTreeMap<char, u8> = free.iter().copied().collect();
    let grants = serve(line, at(500), |pool, party| take(&mut free, *pool, party));
    grants.iter().map(|grant| (grant.turn.asked.as_second(), grant.alternative)).collect()
}

fn take(free: &mut BTreeMap<char, u8>, pool: char, party: Quantity) -> Option<u8> {
    let left = free.get_mut(&pool)?;
    *left = left.checked_sub(party.get())?;
    Some(party.get())
}

#[test]
fn whoever_asked_first_is_served_first_wherever_they_stand_in_the_list() {
    let line = [request(20, 1, vec!['a']), request(10, 1, vec!['a'])];
    assert_eq!(served(&line, &[('a', 1)]), [(10, 0)]);
    assert_eq!(served(&line, &[('a', 2)]), [(10, 0), (20, 0)]);
}

#[test]
fn a_party_is_served_wholly_or_not_at_all() {
    let line = [request(10, 3, vec!['a', 'b'])];
    assert_eq!(served(&line, &[('a', 2), ('b', 2)]), [], "not two here and one there");
    assert_eq!(served(&line, &[('a', 2), ('b', 3)]), [(10, 1)]);
    assert_eq!(served(&line, &[('a', 3), ('b', 3)]), [(10, 0)], "the better one");
}

#[test]
fn a_smaller_request_passes_only_with_what_is_too_little_for_the_one_before() {
    let line = [request(10, 3, vec!['a']), request(20, 1, vec!['a'])];
    assert_eq!(served(&line, &[('a', 2)]), [(20, 0)]);
    assert_eq!(served(&line, &[('a', 3)]), [(10, 0)]);
}

#[test]
fn who_did_not_wait_buys_what_nobody_in_line_can_use() {
    let line = [request(10, 3, vec!['a'])];
    let is_open = |line: &[Request<char>], left: u8, now| {
        serve(line, at(now), |_, party| (party.get() <= left).then_some(())).is_empty()
    };
    assert!(is_open(&line, 2, 500) && !is_open(&line, 3, 500) && is_open(&line, 3, 1_000));
    let serving = [line[0].clone().begin(order(1), at(20)).unwrap()];
    assert!(is_open(&serving, 3, 500));
}

#[test]
fn whoever_pays_late_stands_where_they_paid_and_may_be_too_late() {
    let paid = request(10, 1, vec!['a']).paid(at(30)).unwrap();
    assert_eq!((paid.turn, paid.version, paid.phase), (turn(30), 1, Phase::Waiting));
    let late = request(10, 1, vec!['a']).paid(at(2_000)).unwrap();
    assert!(!late.is_waiting(at(2_000)));
    assert!(late.expire(at(2_000)).unwrap().owes_refund());
    let over = request(10, 1, vec!['a']).cancel().unwrap();
    assert_eq!(over.paid(at(30)), Err(Refused::Over));
}

#[test]
fn a_request_names_different_things_and_a_later_moment() {
    let party = Quantity::parse(1).unwrap();
    let make = |alternatives: Vec<u8>, until| Request::new(turn(10), party, alternatives, at(until)).err();
    assert_eq!(make(vec![], 20), Some(RequestError::Alternatives));
    assert_eq!(make(vec![1, 2, 1], 20), Some(RequestError::Alternatives));
    assert_eq!(make((0..9).collect(), 20), Some(RequestError::Alternatives));
    assert_eq!(make(vec![1], 10), Some(RequestError::Over));
    assert_eq!(make(vec![1], 11), None);
}

#[test]
fn a_request_keeps_its_place_when_its_order_fails() {
    let waiting = request(10, 1, vec!['a']);
    let serving = waiting.clone().begin(order(1), at(20)).unwrap();
    assert!(!serving.is_waiting(at(21)));
    assert_eq!(serving.clone().begin(order(2), at(21)), Err(Refused::Serving));
    assert_eq!(serving.clone().settled(order(2), Outcome::Paid), Err(Refused::WrongState), "another order");
    let again = serving.clone().settled(order(1), Outcome::Failed).unwrap();
    assert!(again.is_waiting(at(22)) && again.turn == waiting.turn && again.version == 2);
    let done = serving.settled(order(1), Outcome::Paid).unwrap();
    assert_eq!(done.phase, Phase::Served { order: order(1) });
    assert_eq!(done.clone().settled(order(1), Outcome::Failed), Err(Refused::WrongState));
    assert_eq!(done.cancel(), Err(Refused::Over));
}

#[test]
fn money_goes_back_once_and_only_from_a_request_that_names_no_order() {
    let waiting = request(10, 1, vec!['a']);
    let serving = waiting.clone().begin(order(1), at(20)).unwrap();
    assert_eq!(serving.clone().cancel(), Err(Refused::Serving));
    assert_eq!(serving.expire(at(2_000)), Err(Refused::Serving));
    assert_eq!(waiting.clone().expire(at(999)), Err(Refused::WrongState));
    assert_eq!(waiting.clone().begin(order(1), at(1_000)), Err(Refused::Over));
    for left in [waiting.clone().cancel().unwrap(), waiting.expire(at(1_000)).unwrap()] {
        assert!(left.owes_refund());
        assert_eq!(left.clone().begin(order(1), at(20)), Err(Refused::Over));
        let refunded = left.refund_recorded().unwrap();
        assert!(!refunded.owes_refund());
        assert_eq!(refunded.refund_recorded(), Err(Refused::WrongState));
    }
}

fn lines() -> impl Strategy<Value = Vec<Request<char>>> {
    let one = (0..900_i64, 1..6_u64, proptest::sample::subsequence(vec!['a', 'b', 'c', 'd'], 1..=4).prop_shuffle());
    proptest::collection::vec(one, 0..25).prop_map(|line| {
        let made = line.into_iter().zip(0..);
        made.map(|((second, party, alternatives), number)| {
            let request = request(second, party, alternatives);
            Request { turn: Turn { number, ..request.turn }, ..request }
        })
        .collect()
    })
}

fn stock() -> impl Strategy<Value = BTreeMap<char, u8>> {
    let pool = |name: char| (Just(name), 0..8_u8);
    (pool('a'), pool('b'), pool('c'), pool('d')).prop_map(|(a, b, c, d)| [a, b, c, d].into())
}

proptest! {
    #[test]
    fn nobody_is_passed_over_with_what_could_have_served_them(line in lines(), stock in stock()) {
        let mut free = stock.clone();
        let grants = serve(&line, at(500), |pool, party| take(&mut free, *pool, party));
        let find = |turn: Turn| line.iter().find(|request| request.turn == turn).unwrap();
        let left_out = || line.iter().filter(|request| {
            request.is_waiting(at(500)) && !grants.iter().any(|grant| grant.turn == request.turn)
        });
        for request in left_out() {
            let fits = |free: &BTreeMap<char, u8>| request.alternatives().iter().any(|pool| free[pool] >= request.party.get());
            prop_assert!(!fits(&free), "what is left would do for {:?}", request);
            for later in grants.iter().filter(|grant| grant.turn > request.turn) {
                let mut without = free.clone();
                *without.get_mut(&find(later.turn).alternatives()[later.alternative]).unwrap() += later.taken;
                prop_assert!(!fits(&without), "{:?} was passed over for {:?}", request, later);
            }
        }
        let rest: Vec<_> = left_out().cloned().collect();
        let more = serve(&rest, at(500), |pool, party| (free[pool] >= party.get()).then_some(()));
        prop_assert!(more.is_empty(), "open to all");
        let taken: u32 = grants.iter().map(|grant| u32::from(grant.taken)).sum();
        let before: u32 = stock.values().map(|count| u32::from(*count)).sum();
        let after: u32 = free.values().map(|count| u32::from(*count)).sum();
        prop_assert_eq!(taken + after, before);
        prop_assert!(grants.iter().all(|grant| find(grant.turn).party.get() == grant.taken));
    }

    #[test]
    fn however_requests_are_tossed_about_money_serves_or_goes_back(steps in proptest::collection::vec((0..5_u8, 0..3_u8), 0..40)) {
        let mut request = request(10, 1, vec!['a']);
        // What became of each order that was named: once settled, an order never changes its mind.
        let mut paid = 0;
        for (now, (step, number)) in (900..).zip(steps) {
            let before = request.clone();
            let next = match step {
                0 => before.begin(order(number), at(now)),
                1 => before.settled(order(number), Outcome::Paid),
                2 => before.settled(order(number), Outcome::Failed),
                3 => before.expire(at(now)),
                _ => before.cancel(),
            };
            let Ok(next) = next else { continue };
            let served = |request: &Request<char>| matches!(request.phase, Phase::Served { .. });
            let left = |request: &Request<char>| matches!(request.phase, Phase::Left { .. });
            paid += u32::from(served(&next));
            prop_assert!(!served(&request) && !left(&request), "what is over stays over");
            prop_assert!(!left(&next) || request.phase == Phase::Waiting);
            prop_assert_eq!(next.version, request.version + 1);
            request = next;
        }
        prop_assert!(paid <= 1);
    }
}

/// Takes seats for a party out of a train.
fn take_seats(seats: &mut Seats<'static>, stretch: Stretch, party: Quantity) -> Option<usize> {
    let claim = Claim { stretch, count: party.get(), together: Together::Preferred, wishes: Vec::new() };
    let chosen = seats.allocate(&claim, 0)?;
    for chosen in &chosen {
        let mut taken = seats.rows()[usize::from(chosen.row.block)].taken().to_vec();
        for seat in &chosen.seats {
            taken[usize::from(*seat)] = taken[usize::from(*seat)].with(Segments::of(stretch));
        }
        seats.learn(chosen.row.block, taken);
    }
    Some(chosen.len())
}

#[test]
fn a_stretch_that_comes_back_serves_whoever_fits_into_it() {
    let stretch = |from, to| Stretch::new(from, to).unwrap();
    let row = CoachRow { block: 0, coach: 1, row: 1, layout: Layout::TwoTwo };
    let all = Segments::of(stretch(0, 9));
    let returned: Segments = [stretch(0, 2), stretch(6, 9)].into_iter().collect();
    let mut seats = Seats::new(10, [(row, vec![all, all, returned, all])]);
    let line = [
        request(10, 1, vec![stretch(1, 6)]),
        request(20, 2, vec![stretch(2, 4)]),
        request(30, 1, vec![stretch(0, 4), stretch(2, 4)]),
        request(40, 1, vec![stretch(3, 6)]),
        request(50, 1, vec![stretch(4, 6)]),
    ];
    let grants = serve(&line, at(500), |stretch, party| take_seats(&mut seats, *stretch, party));
    let turns: Vec<_> = grants.iter().map(|grant| (grant.turn.asked.as_second(), grant.alternative)).collect();
    assert_eq!(turns, [(30, 1), (50, 0)]);
}
