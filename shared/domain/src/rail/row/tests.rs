use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::id::Id as _;

const SEATS: u8 = 5;
const STOPS: u16 = 12;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn order(number: u8) -> OrderId {
    OrderId::from_bytes([number; 16])
}

fn place(seat: u8, from: u16, to: u16) -> Place {
    Place { seat, stretch: Stretch::new(from, to).unwrap() }
}

fn entry(places: &[Place], token: u8) -> Entry {
    let places = Places::new(places.to_vec()).unwrap();
    Entry { places, until: Some(at(100)), token: Token([token; 6]), instead_of: None }
}

fn hold(number: u8, places: &[Place], token: u8) -> Change {
    Change::Hold { order: order(number), entry: entry(places, token), evict: Vec::new() }
}

fn row() -> Row {
    Row::empty(Kind::Coach, SEATS, STOPS)
}

/// A row in which the orders 1, 2, … hold these places.
fn sold(places: &[Place]) -> Row {
    let mut row = row();
    for (number, place) in (1..).zip(places) {
        row.apply(&hold(number, &[*place], number)).unwrap();
    }
    row
}

#[test]
fn a_seat_serves_any_number_of_stretches_that_do_not_overlap() {
    let mut row = sold(&[place(0, 0, 3), place(0, 3, 5), place(0, 7, 11)]);
    assert_eq!(row.apply(&hold(4, &[place(0, 4, 6)], 4)), Err(Refused::Taken));
    assert_eq!(row.apply(&hold(4, &[place(0, 0, 11)], 4)), Err(Refused::Taken));
    assert_eq!(row.apply(&hold(4, &[place(0, 5, 7)], 4)), Ok(()));
    assert_eq!(row.taken()[0].count(), 11);
    assert_eq!(row.sold(0).iter().map(|(stretch, _)| stretch.from()).collect::<Vec<_>>(), [0, 3, 5, 7]);
}

#[test]
fn cancelling_one_of_two_disjoint_stretches_frees_nothing_that_is_still_blocked() {
    let mut row = sold(&[place(0, 0, 3), place(0, 3, 6)]);
    let examined = row.examine(order(1)).unwrap();
    row.apply(&Change::Release { examined }).unwrap();
    assert_eq!(row.apply(&hold(3, &[place(0, 0, 6)], 3)), Err(Refused::Taken));
    assert_eq!(row.apply(&hold(3, &[place(0, 2, 4)], 3)), Err(Refused::Taken));
    assert_eq!(row.apply(&hold(3, &[place(0, 0, 3)], 3)), Ok(()));
}

#[test]
fn a_party_gets_all_its_places_or_none() {
    let mut row = sold(&[place(1, 2, 4)]);
    let party = [place(0, 1, 3), place(1, 1, 3), place(2, 1, 3)];
    assert_eq!(row.apply(&hold(2, &party, 2)), Err(Refused::Taken));
    assert_eq!(row.entries().len(), 1);
    assert_eq!(row.apply(&hold(2, &[place(0, 1, 3), place(2, 1, 3)], 2)), Ok(()));
}

#[test]
fn there_is_no_place_beyond_the_row_or_the_run() {
    assert_eq!(row().apply(&hold(1, &[place(SEATS, 0, 1)], 1)), Err(Refused::NoSuchPlace));
    assert_eq!(row().apply(&hold(1, &[place(0, 0, STOPS)], 1)), Err(Refused::NoSuchPlace));
    assert_eq!(row().apply(&hold(1, &[place(0, 0, STOPS - 1)], 1)), Ok(()));
    assert_eq!(Places::new(vec![]), Err(PlacesError::None));
    assert_eq!(Places::new(vec![place(0, 0, 3), place(1, 0, 3), place(0, 2, 4)]), Err(PlacesError::Overlap));
    assert_eq!(Places::new(vec![place(0, 0, 1); Places::MAX + 1]), Err(PlacesError::TooMany));
}

#[test]
fn a_retry_of_a_hold_recognises_itself() {
    let mut row = sold(&[place(0, 0, 3)]);
    assert_eq!(row.apply(&hold(1, &[place(0, 0, 3)], 1)), Err(Refused::Held));
    assert!(row.shows(&hold(1, &[place(0, 0, 3)], 1)));
    assert!(!row.shows(&hold(1, &[place(0, 0, 3)], 2)));
}

#[test]
fn only_what_was_examined_is_removed() {
    let mut row = sold(&[place(0, 0, 3)]);
    let examined = row.examine(order(1)).unwrap();
    let again = Entry { token: Token([9; 6]), ..examined.entry.clone() };
    row.apply(&Change::Rewrite { examined: examined.clone(), entry: again }).unwrap();
    assert_eq!(row.apply(&Change::Release { examined: examined.clone() }), Err(Refused::Changed));
    assert!(!row.shows(&Change::Release { examined }));
    let evict = vec![Examined { order: order(1), entry: entry(&[place(0, 0, 3)], 1) }];
    let reclaim = Change::Hold { order: order(2), entry: entry(&[place(0, 0, 3)], 2), evict };
    assert_eq!(row.apply(&reclaim), Err(Refused::Changed));
}

#[test]
fn an_entry_with_other_places_is_another_entry_whatever_its_token() {
    let mut row = sold(&[place(0, 0, 3)]);
    let examined = Examined { order: order(1), entry: entry(&[place(0, 0, 2)], 1) };
    assert_eq!(row.apply(&Change::Release { examined: examined.clone() }), Err(Refused::Changed));
    let further = Places::one(place(0, 0, 5));
    assert_eq!(row.apply(&Change::swap(examined, further, at(200), Token([2; 6]))), Err(Refused::Changed));
}

#[test]
fn a_moved_deadline_is_no_new_hold() {
    let mut row = sold(&[place(0, 0, 3)]);
    let examined = row.examine(order(1)).unwrap();
    row.apply(&Change::follow(examined.clone(), at(200))).unwrap();
    assert_eq!(row.earliest(), Some(at(200)));
    assert_eq!(row.apply(&Change::Release { examined }), Ok(()));
}

#[test]
fn a_reclaim_replaces_in_one_change_just_what_is_in_the_way() {
    let mut row = sold(&[place(0, 0, 3), place(0, 3, 6), place(0, 6, 9)]);
    let wanted = entry(&[place(0, 1, 5)], 4);
    let evict: Vec<_> = row.in_the_way(&wanted.places).filter(|examined| examined.entry.is_due(at(100))).collect();
    assert_eq!(evict.len(), 2);
    row.apply(&Change::Hold { order: order(4), entry: wanted, evict }).unwrap();
    assert_eq!(row.sold(0), [(place(0, 1, 5).stretch, order(4)), (place(0, 6, 9).stretch, order(3))]);
}

#[test]
fn an_entry_is_due_at_its_second_and_never_once_confirmed() {
    let mut row = sold(&[place(0, 0, 3)]);
    assert_eq!((row.due(at(99)).count(), row.due(at(100)).count()), (0, 1));
    assert_eq!((row.firm(at(99))[0].count(), row.firm(at(100))[0].count()), (3, 0));
    row.apply(&Change::Confirm { order: order(1), token: Token([1; 6]) }).unwrap();
    assert_eq!(row.due(at(10_000)).count(), 0);
    assert_eq!(row.firm(at(10_000))[0].count(), 3);
    assert_eq!(row.apply(&Change::Confirm { order: order(1), token: Token([2; 6]) }), Err(Refused::Changed));
}

#[test]
fn a_passenger_may_ride_further_on_the_same_seat() {
    let mut row = sold(&[place(0, 0, 3), place(0, 5, 6)]);
    let examined = row.examine(order(1)).unwrap();
    let to = |to| Places::one(place(0, 1, to));
    assert_eq!(row.apply(&Change::swap(examined.clone(), to(6), at(200), Token([7; 6]))), Err(Refused::Taken));
    let swap = Change::swap(examined, to(5), at(200), Token([7; 6]));
    assert!(swap.gives_back(), "the first segment");
    assert_eq!(row.apply(&swap), Ok(()));
    assert_eq!(row.apply(&hold(3, &[place(0, 0, 1)], 3)), Ok(()));
}

#[test]
fn a_partial_release_keeps_the_rest_under_a_new_token() {
    let mut row = row();
    row.apply(&hold(1, &[place(0, 0, 3), place(1, 0, 3)], 1)).unwrap();
    let examined = row.examine(order(1)).unwrap();
    let keep = Keep { places: Some(Places::one(place(1, 0, 3))), until: None };
    let reduce = Change::reduce(examined.clone(), keep, Token([2; 6]));
    assert!(reduce.gives_back() && !Change::follow(examined.clone(), at(300)).gives_back());
    row.apply(&reduce).unwrap();
    assert_eq!(row.apply(&hold(2, &[place(0, 0, 3)], 3)), Ok(()));
    assert_eq!(row.apply(&Change::reduce(examined, Keep::NOTHING, Token([4; 6]))), Err(Refused::Changed));
}

#[test]
fn a_stored_row_with_two_owners_of_a_segment_is_refused() {
    let stored = |first, second| {
        let entries = [(order(1), entry(&[first], 1)), (order(2), entry(&[second], 2))];
        row().restore(7, entries.into_iter().collect()).map(|row| row.revision())
    };
    assert_eq!(stored(place(0, 0, 3), place(0, 3, 5)), Ok(7));
    assert_eq!(stored(place(0, 0, 3), place(0, 2, 5)), Err(Contradiction));
    assert_eq!(stored(place(0, 0, 3), place(5, 3, 5)), Err(Contradiction));
}

#[test]
fn only_an_order_that_replaces_another_may_cover_its_minutes_and_never_its_seat() {
    let instead = |of| Change::Hold {
        order: order(2),
        entry: Entry { instead_of: Some(order(of)), ..entry(&[place(0, 1, 5)], 2) },
        evict: Vec::new(),
    };
    for (kind, of, expected) in
        [(Kind::Person, 1, Ok(())), (Kind::Person, 3, Err(Refused::Taken)), (Kind::Coach, 1, Err(Refused::Taken))]
    {
        let mut row = Row::empty(kind, 1, STOPS);
        row.apply(&hold(1, &[place(0, 0, 3)], 1)).unwrap();
        assert_eq!(row.apply(&instead(of)), expected, "{kind:?} {of}");
        assert!(row.clone().restore(1, row.entries().clone()).is_ok());
        assert_eq!(row.apply(&hold(4, &[place(0, 2, 3)], 4)), Err(Refused::Taken), "nobody else");
    }
}

/// One step of a history: which change, whose, what, under which token.
fn steps() -> impl Strategy<Value = (u8, u8, Vec<Place>, u8)> {
    let places = (0..SEATS, 0..STOPS - 1, 1..STOPS).prop_map(|(seat, from, length)| Place {
        seat,
        stretch: Stretch::new(from, (from + length).min(STOPS - 1)).unwrap(),
    });
    (0..6_u8, 0..6_u8, proptest::collection::vec(places, 1..3), 0..4_u8)
}

fn change(row: &Row, kind: u8, who: u8, places: Places, token: u8) -> Change {
    let entry = Entry { places, until: Some(at(100)), token: Token([token; 6]), instead_of: None };
    let examined = row.examine(order(who)).unwrap_or(Examined { order: order(who), entry: entry.clone() });
    match kind {
        0 => Change::Hold { order: order(who), entry, evict: Vec::new() },
        1 => {
            let evict = row.in_the_way(&entry.places).filter(|found| found.entry.is_due(at(100))).collect();
            Change::Hold { order: order(who), entry, evict }
        }
        2 => Change::Confirm { order: order(who), token: Token([token; 6]) },
        3 => Change::swap(examined, entry.places, at(150), Token([token; 6])),
        4 => Change::follow(examined, at(100 + i64::from(token))),
        _ => Change::Release { examined },
    }
}

/// Who has each segment of each seat, written down the slow way.
fn owners(row: &Row) -> BTreeSet<(u8, u16, OrderId)> {
    let places = row.entries().iter().flat_map(|(order, entry)| entry.places.iter().map(move |place| (*order, place)));
    places
        .flat_map(|(order, place)| {
            (place.stretch.from()..place.stretch.to()).map(move |segment| (place.seat, segment, order))
        })
        .collect()
}

proptest! {
    #[test]
    fn stretches_never_overlap(history in proptest::collection::vec(steps(), 1..80)) {
        let mut row = row();
        for (kind, who, places, token) in history {
            let Ok(places) = Places::new(places) else { continue };
            let change = change(&row, kind, who, places, token);
            let before = row.clone();
            if row.apply(&change).is_err() {
                prop_assert_eq!(&before, &row, "a refused change changes nothing");
            } else {
                prop_assert!(row.shows(&change));
                let taken = owners(&row).iter().any(|segment| !owners(&before).contains(segment));
                prop_assert!(!taken || change.takes(), "{:?}", change);
                prop_assert_eq!(row.revision(), before.revision() + u32::from(change.takes()));
                let lost = owners(&before).iter().any(|(seat, segment, _)| {
                    row.sold(*seat).iter().all(|(stretch, _)| !(stretch.from()..stretch.to()).contains(segment))
                });
                let evicts = matches!(&change, Change::Hold { evict, .. } if !evict.is_empty());
                prop_assert!(evicts || lost == change.gives_back(), "{:?}", change);
            }
            let owners = owners(&row);
            let segments: BTreeSet<_> = owners.iter().map(|(seat, segment, _)| (seat, segment)).collect();
            prop_assert_eq!(segments.len(), owners.len(), "a segment has one owner");
            prop_assert!(row.clone().restore(row.revision(), row.entries().clone()).is_ok());
            let taken: u32 = row.taken().iter().map(|segments| segments.count()).sum();
            prop_assert_eq!(usize::try_from(taken).unwrap(), owners.len());
        }
    }

    #[test]
    fn a_release_frees_exactly_what_its_order_had(history in proptest::collection::vec(steps(), 1..40), who in 0..6_u8) {
        let mut row = row();
        for (_, who, places, token) in history {
            let Ok(places) = Places::new(places) else { continue };
            let _ = row.apply(&change(&row, 0, who, places, token));
        }
        let Some(examined) = row.examine(order(who)) else { return Ok(()) };
        let before = owners(&row);
        row.apply(&Change::Release { examined }).unwrap();
        let kept: BTreeSet<_> = before.into_iter().filter(|(_, _, owner)| *owner != order(who)).collect();
        prop_assert_eq!(owners(&row), kept);
    }
}

/// A change as the store makes it: decided on a row that was read some time ago, then written blindly under its condition.
fn write(stored: &mut Row, read: &Row, change: &Change) -> bool {
    let token_stands = |examined: &Examined| {
        stored.entries().get(&examined.order).is_some_and(|entry| entry.token == examined.entry.token)
    };
    let is_allowed = match change {
        Change::Hold { order, evict, .. } => !stored.entries().contains_key(order) && evict.iter().all(token_stands),
        Change::Rewrite { examined, .. } | Change::Release { examined } => token_stands(examined),
        Change::Confirm { order, token } => stored.entries().get(order).is_some_and(|entry| entry.token == *token),
    };
    if read.clone().apply(change).is_err() || !is_allowed || (change.takes() && stored.revision() != read.revision()) {
        return false;
    }
    let mut entries = stored.entries().clone();
    match change {
        Change::Hold { order, entry, evict } => {
            entries.retain(|other, _| !evict.iter().any(|examined| examined.order == *other));
            entries.insert(*order, entry.clone());
        }
        Change::Rewrite { examined, entry } => drop(entries.insert(examined.order, entry.clone())),
        Change::Release { examined } => drop(entries.remove(&examined.order)),
        Change::Confirm { order, .. } => entries.get_mut(order).unwrap().until = None,
    }
    let revision = stored.revision() + u32::from(change.takes());
    *stored = row().restore(revision, entries).expect("no segment has two owners");
    true
}

proptest! {
    /// What a writer knows may be old: between reading and writing others change the row. Tokens are never drawn twice here,
    /// as chance sees to it in fact.
    #[test]
    fn a_writer_who_read_the_row_long_ago_does_no_harm(history in proptest::collection::vec((steps(), 0..6_usize), 1..60)) {
        let mut stored = row();
        let mut reads = vec![stored.clone()];
        let mut written = 0;
        for ((kind, who, places, _), age) in history {
            let Ok(places) = Places::new(places) else { continue };
            let read = reads[reads.len().saturating_sub(1 + age)].clone();
            let drawn = u8::try_from(reads.len()).unwrap();
            let change = match change(&read, kind, who, places, drawn) {
                Change::Confirm { order, .. } => {
                    let token = read.examine(order).map_or(Token([drawn; 6]), |examined| examined.entry.token);
                    Change::Confirm { order, token }
                }
                change => change,
            };
            let mut now = stored.clone();
            if write(&mut stored, &read, &change) {
                written += 1;
                // Decided anew on the row as it is, the same change is made, with the same effect.
                prop_assert_eq!(now.apply(&change), Ok(()));
                prop_assert_eq!(&now, &stored);
            }
            reads.push(stored.clone());
        }
        prop_assert!(written <= reads.len());
    }
}
