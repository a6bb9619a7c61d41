use proptest::prelude::*;

use super::*;
use crate::id::Id as _;

fn order(number: u8) -> OrderId {
    OrderId::from_bytes([number; 16])
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn place(number: u8) -> Place {
    Place::parse(number.into()).unwrap()
}

fn places(numbers: &[u8]) -> Places {
    numbers.iter().copied().map(place).collect()
}

fn entry(number: u8, token: u8) -> Entry {
    Entry { order: order(number), until: Some(at(100)), token: Token([token; 6]) }
}

fn hold(number: u8, seats: &[u8], token: u8) -> Change {
    Change::Hold { places: places(seats), entry: entry(number, token), evict: Vec::new() }
}

fn block(changes: &[Change]) -> RowBlock {
    let mut block = RowBlock::empty(8);
    for change in changes {
        block.apply(change).unwrap();
    }
    block
}

#[test]
fn a_seat_is_held_once_and_a_party_gets_all_or_nothing() {
    let mut block = block(&[hold(1, &[2, 3], 1)]);
    assert_eq!(block.apply(&hold(2, &[3, 4, 5], 2)), Err(Refused::Taken(places(&[3]))));
    assert_eq!(block.free(), places(&[0, 1, 4, 5, 6, 7]), "nothing of the refused party is held");
    assert_eq!(block.apply(&hold(2, &[4, 5], 2)), Ok(()));
    assert_eq!((block.capacity(), block.available()), (8, 4));
}

#[test]
fn a_retry_of_a_hold_recognises_itself() {
    let mut block = block(&[hold(1, &[2, 3], 7)]);
    assert_eq!(block.apply(&hold(1, &[2, 3], 7)), Err(Refused::Held));
    assert!(block.shows(&hold(1, &[2, 3], 7)));
    assert!(!block.shows(&hold(1, &[2, 3], 8)), "another writing");
    assert!(!block.shows(&hold(1, &[2, 3, 4], 7)), "more than was written");
    assert!(!block.shows(&hold(2, &[2, 3], 7)), "another order");
}

#[test]
fn only_what_was_examined_is_removed() {
    let mut block = block(&[hold(1, &[2, 3], 1)]);
    let examined = block.examine(order(1), places(&[2, 3]));
    let again = Change::Rewrite { examined: examined.clone(), until: Some(at(200)), token: Token([2; 6]) };
    block.apply(&again).unwrap();
    assert_eq!(block.apply(&Change::Release { examined: examined.clone() }), Err(Refused::Changed));
    assert!(!block.shows(&Change::Release { examined }), "rewritten is not released");
    assert_eq!(block.taken(), places(&[2, 3]));
}

#[test]
fn a_deadline_that_moved_is_no_new_hold() {
    let mut block = block(&[hold(1, &[2, 3], 1)]);
    let examined = block.examine(order(1), places(&[2, 3]));
    block.apply(&Change::follow(examined[0], at(500))).unwrap();
    assert_eq!(block.due(at(100)).map(|due| due.place).collect::<Places>(), places(&[3]));
    let release = Change::Release { examined };
    assert_eq!(block.apply(&release), Ok(()));
    assert!(block.shows(&release));
    assert_eq!(block.available(), 8);
}

#[test]
fn one_seat_of_a_party_goes_back_and_the_others_keep_their_entry() {
    let mut block = block(&[hold(1, &[2, 3, 4], 1)]);
    block.apply(&Change::Release { examined: block.examine(order(1), places(&[3])) }).unwrap();
    assert_eq!(block.apply(&hold(2, &[3], 2)), Ok(()), "it is free for somebody else");
    let confirm = Change::Confirm { order: order(1), places: places(&[2, 4]), token: Token([1; 6]) };
    assert_eq!(block.apply(&confirm), Ok(()));
    assert!(block.shows(&confirm));
    assert_eq!(block.earliest(), Some(at(100)), "the other's");
    let all = Change::Confirm { order: order(1), places: places(&[2, 3, 4]), token: Token([1; 6]) };
    assert_eq!(block.apply(&all), Err(Refused::Changed));
}

#[test]
fn a_reclaim_replaces_in_one_change_and_takes_only_what_it_needs() {
    let mut block = block(&[hold(1, &[2, 3, 4], 1)]);
    let evict: Vec<_> = block.due(at(100)).filter(|due| due.place != place(4)).collect();
    let reclaim = Change::Hold { places: places(&[1, 2, 3]), entry: entry(2, 2), evict };
    block.apply(&reclaim).unwrap();
    assert_eq!(block.examine(order(2), Places::first(8)).len(), 3);
    assert_eq!(block.examine(order(1), Places::first(8)).len(), 1);
    assert_eq!(block.apply(&reclaim), Err(Refused::Held));
}

#[test]
fn what_a_revival_rewrote_is_not_evicted() {
    let mut block = block(&[hold(1, &[2, 3], 1)]);
    let evict: Vec<_> = block.due(at(100)).collect();
    block.apply(&Change::Rewrite { examined: evict.clone(), until: Some(at(900)), token: Token([5; 6]) }).unwrap();
    let reclaim = Change::Hold { places: places(&[2]), entry: entry(2, 2), evict };
    assert_eq!(block.apply(&reclaim), Err(Refused::Changed));
}

#[test]
fn an_entry_is_due_at_its_second_and_never_once_confirmed() {
    let mut block = block(&[hold(1, &[0], 1)]);
    assert_eq!((block.due(at(99)).count(), block.due(at(100)).count()), (0, 1));
    block.apply(&Change::Confirm { order: order(1), places: places(&[0]), token: Token([1; 6]) }).unwrap();
    assert_eq!(block.due(at(10_000)).count(), 0);
}

#[test]
fn a_closed_seat_is_not_there_and_a_taken_one_is_not_closed() {
    let mut block = block(&[hold(1, &[2], 1)]);
    assert_eq!(block.apply(&Change::Close { places: places(&[2, 3]) }), Err(Refused::Taken(places(&[2]))));
    let close = Change::Close { places: places(&[3, 4]) };
    block.apply(&close).unwrap();
    assert!(block.shows(&close));
    assert_eq!((block.capacity(), block.available()), (6, 5));
    assert_eq!(block.apply(&hold(2, &[4, 5], 2)), Err(Refused::NoSeat(places(&[4]))));
    let open = Change::Open { places: places(&[4]) };
    assert!(!block.shows(&open));
    block.apply(&open).unwrap();
    assert!(block.shows(&open));
    assert_eq!(block.apply(&hold(2, &[4, 5], 2)), Ok(()));
    assert_eq!(block.apply(&hold(2, &[8], 2)), Err(Refused::NoSeat(places(&[8]))), "beyond the end");
}

#[test]
fn a_stored_block_that_contradicts_itself_is_none() {
    let entries = |number| BTreeMap::from([(place(number), entry(1, 1))]);
    assert!(RowBlock::restore(4, places(&[1]), entries(2)).is_some());
    assert!(RowBlock::restore(4, places(&[2]), entries(2)).is_none(), "closed and held");
    assert!(RowBlock::restore(4, Places::NONE, entries(4)).is_none(), "beyond the end");
    assert!(RowBlock::restore(17, Places::NONE, entries(4)).is_none(), "too large");
}

#[test]
fn tidying_does_to_a_seat_what_the_order_says() {
    let due = Examined { place: place(3), entry: entry(1, 1) };
    let keep = crate::block::Keep::NOTHING;
    assert_eq!(due.tidying(Verdict::Keep), None);
    for verdict in [Verdict::Evict, Verdict::Shrink(keep)] {
        assert_eq!(due.tidying(verdict), Some(Change::Release { examined: vec![due] }));
    }
    assert_eq!(due.tidying(Verdict::Move(at(7))), Some(Change::follow(due, at(7))));
    let confirm = Change::Confirm { order: order(1), places: places(&[3]), token: Token([1; 6]) };
    assert_eq!(due.tidying(Verdict::Confirm), Some(confirm));
}

/// One step of a random history: few orders, seats and tokens, so that histories meet themselves. What is examined is
/// mostly there, sometimes was there once, sometimes never was.
#[derive(Clone, Debug)]
struct Step {
    kind: u8,
    who: u8,
    seats: u16,
    token: u8,
    old: prop::sample::Index,
    is_current: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..12_u8, 1..5_u8, 0..256_u16, 1..4_u8, any::<prop::sample::Index>(), 0..4_u8).prop_map(
        |(kind, who, seats, token, old, current)| Step { kind, who, seats, token, old, is_current: current > 0 },
    );
    proptest::collection::vec(step, 1..80)
}

fn change(step: &Step, block: &RowBlock, seen: &[Examined]) -> Change {
    let (order, token) = (order(step.who), Token([step.token; 6]));
    let places = Places::from_bits(step.seats);
    let examined = |among: Places| -> Vec<Examined> {
        let outdated = (!step.is_current && !seen.is_empty()).then(|| vec![seen[step.old.index(seen.len())]]);
        outdated.unwrap_or_else(|| block.examine(order, among))
    };
    match step.kind {
        0..=3 => Change::Hold { places, entry: entry(step.who, step.token), evict: Vec::new() },
        4 | 5 => {
            let evict: Vec<_> = if step.is_current { block.due(at(100)).collect() } else { examined(places) };
            let evict = evict.into_iter().filter(|due| due.entry.order != order && places.contains(due.place));
            Change::Hold { places, entry: entry(step.who, step.token), evict: evict.collect() }
        }
        6 => Change::Confirm { order, places: examined(places).iter().map(|one| one.place).collect(), token },
        7 | 8 => Change::Rewrite { examined: examined(places), until: Some(at(step.seats.into())), token },
        9 => Change::Close { places: Places::from_bits(step.seats & 0b11) },
        10 => Change::Open { places: Places::from_bits(step.seats & 0b11) },
        _ => Change::Release { examined: examined(Places::first(8)) },
    }
}

/// What a change says that it has examined.
fn named(change: &Change) -> Vec<Examined> {
    match change {
        Change::Hold { evict: examined, .. } | Change::Rewrite { examined, .. } | Change::Release { examined } => {
            examined.clone()
        }
        Change::Confirm { order, places, token } => {
            let entry = Entry { order: *order, until: None, token: *token };
            places.iter().map(|place| Examined { place, entry }).collect()
        }
        Change::Close { .. } | Change::Open { .. } => Vec::new(),
    }
}

proptest! {
    #[test]
    fn a_seat_changes_hands_only_when_free_or_as_examined(steps in steps()) {
        let (mut block, mut seen) = (RowBlock::empty(8), Vec::new());
        for step in steps {
            let change = change(&step, &block, &seen);
            let before = block.clone();
            if block.apply(&change).is_err() {
                prop_assert_eq!(&before, &block, "a refused change changes nothing");
                continue;
            }
            prop_assert!(block.shows(&change), "{:?}", change);
            let examined = named(&change);
            for place in Places::first(8).iter() {
                let (old, new) = (before.seat(place), block.seat(place));
                if old == new {
                    continue;
                }
                if let Some(old) = old {
                    let is_named = |one: &&Examined| {
                        one.place == place && one.entry.order == old.entry.order && one.entry.token == old.entry.token
                    };
                    prop_assert!(examined.iter().any(|one| is_named(&one)), "{:?} took {:?}", change, old);
                }
                if let (Some(old), Some(new)) = (old, new)
                    && old.entry.order != new.entry.order
                {
                    prop_assert!(matches!(change, Change::Hold { .. }), "only a hold takes over: {:?}", change);
                }
            }
            prop_assert_eq!(usize::from(block.available()) + block.entries().len(), usize::from(block.capacity()));
            prop_assert!(block.free().is_disjoint(block.taken()) && block.free().is_disjoint(block.closed()));
            prop_assert_eq!(RowBlock::restore(8, block.closed(), block.entries().clone()), Some(block.clone()));
            seen.extend(block.due(Timestamp::MAX));
        }
    }

    #[test]
    fn of_two_writers_of_the_same_seats_one_is_refused(mine in 1..256_u16, theirs in 1..256_u16) {
        let hold = |who, seats| Change::Hold { places: Places::from_bits(seats), entry: entry(who, who), evict: Vec::new() };
        let mut block = RowBlock::empty(8);
        block.apply(&hold(1, mine)).unwrap();
        let both = Places::from_bits(mine & theirs);
        let expected = if both.is_none() { Ok(()) } else { Err(Refused::Taken(both)) };
        prop_assert_eq!(block.apply(&hold(2, theirs)), expected);
    }
}
