use proptest::prelude::*;

use super::*;
use crate::rail::{
    coach::{Coach, Formation, Layout, Position},
    quota::{Quota, Stage},
};

const STOPS: u16 = 11;

fn stretch(from: u16, to: u16) -> Stretch {
    Stretch::new(from, to).unwrap()
}

/// Coaches of two rows of five each, with what is taken of some seats: (coach, row, seat, from, to).
fn seats(coaches: u8, taken: &[(u8, u8, u8, u16, u16)]) -> Seats<'static> {
    let coach = |number| Coach { number, class: "second".parse().unwrap(), layout: Layout::ThreeTwo, rows: 2 };
    let train = Formation::new((1..=coaches).map(coach).collect()).unwrap();
    let of_row = |row: &CoachRow| -> Vec<Segments> {
        let of_seat = |seat| {
            let here = taken.iter().filter(move |taken| (taken.0, taken.1, taken.2) == (row.coach, row.row, seat));
            here.map(|taken| stretch(taken.3, taken.4)).collect()
        };
        (0..row.layout.seats()).map(of_seat).collect()
    };
    Seats::new(STOPS, train.rows(&"second".parse().unwrap()).iter().map(|row| (*row, of_row(row))))
}

/// A train of which only these seats are free, end to end.
fn only(coaches: u8, free: &[(u8, u8, u8)]) -> Seats<'static> {
    let all = (1..=coaches).flat_map(|coach| (1..=2).flat_map(move |row| (0..5).map(move |seat| (coach, row, seat))));
    let taken: Vec<_> = all.filter(|seat| !free.contains(seat)).map(|(c, r, s)| (c, r, s, 0, STOPS - 1)).collect();
    seats(coaches, &taken)
}

fn claim(from: u16, to: u16, count: u8) -> Claim {
    Claim { stretch: stretch(from, to), count, together: Together::Preferred, wishes: Vec::new() }
}

/// The seats that were chosen, as they are printed.
fn names(chosen: Option<Vec<Chosen>>) -> Vec<String> {
    let chosen = chosen.unwrap_or_default();
    chosen.iter().flat_map(|chosen| chosen.seats.iter().filter_map(|seat| chosen.row.seat_name(*seat))).collect()
}

#[test]
fn the_tightest_gap_is_filled_first() {
    let seats = seats(1, &[(1, 1, 0, 0, 3), (1, 1, 1, 0, 3), (1, 1, 1, 6, 10), (1, 2, 4, 7, 10)]);
    assert_eq!(names(seats.allocate(&claim(3, 6, 1), 0)), ["01-01B"], "nothing is left over");
    assert_eq!(names(seats.allocate(&claim(3, 7, 1), 0)), ["01-01A"], "three are left over, and three");
    assert_eq!(names(seats.allocate(&claim(0, 7, 1), 0)), ["01-02F"]);
    assert_eq!(names(seats.allocate(&claim(0, 10, 1), 0)), ["01-01C"], "the first that is free end to end");
    let seats = self::seats(1, &[(1, 1, 0, 7, 10), (1, 1, 2, 2, 3), (1, 1, 2, 6, 7)]);
    assert_eq!(names(seats.allocate(&claim(3, 6, 1), 0)), ["01-01C"], "although more was sold of the other");
}

#[test]
fn among_equals_the_seat_most_sold_is_taken() {
    let seats = seats(1, &[(1, 1, 0, 3, 4), (1, 1, 0, 0, 2), (1, 1, 1, 0, 4), (1, 1, 2, 2, 4)]);
    assert_eq!(names(seats.allocate(&claim(4, 6, 1), 0)), ["01-01B"]);
    let spread: Vec<_> =
        (0..4).flat_map(|spread| names(self::seats(2, &[]).allocate(&claim(0, 1, 1), spread))).collect();
    assert_eq!(spread, ["01-01A", "01-02A", "02-01A", "02-02A"], "chance decides between the rest");
}

#[test]
fn a_party_sits_in_one_row_then_in_one_coach_then_in_the_largest_groups() {
    let free = [(1, 1, 0), (1, 2, 1), (1, 2, 2), (2, 1, 0), (2, 1, 4), (2, 2, 0)];
    let seats = only(2, &free);
    assert_eq!(names(seats.allocate(&claim(0, 5, 2), 0)), ["01-02B", "01-02C"], "neighbours before the same row");
    assert_eq!(names(seats.allocate(&claim(0, 5, 3), 0)), ["01-01A", "01-02B", "01-02C"]);
    assert_eq!(names(seats.allocate(&claim(0, 5, 6), 0)).len(), 6);
    let four = names(seats.allocate(&claim(0, 5, 4), 0));
    assert_eq!(four.iter().filter(|name| name.starts_with("01")).count() % 3, 0, "three and one: {four:?}");
    assert_eq!(seats.allocate(&claim(0, 5, 7), 0), None);
}

#[test]
fn together_or_not_at_all() {
    let seats = only(2, &[(1, 1, 0), (2, 1, 0), (2, 2, 0)]);
    let required = |count| Claim { together: Together::Required, ..claim(0, 5, count) };
    assert_eq!(names(seats.allocate(&required(2), 0)), ["02-01A", "02-02A"]);
    assert_eq!(seats.allocate(&required(3), 0), None);
    assert_eq!(names(seats.allocate(&claim(0, 5, 3), 0)).len(), 3);
}

#[test]
fn wishes_are_met_where_they_can_be() {
    let wishing = |count, wishes: &[Wish]| Claim { wishes: wishes.to_vec(), ..claim(0, 5, count) };
    let free = seats(2, &[(1, 1, 4, 0, 10)]);
    assert_eq!(names(free.allocate(&wishing(1, &[Wish::Letter(b'F')]), 0)), ["01-02F"]);
    let pair = [Wish::Position(Position::Window), Wish::Letter(b'A')];
    assert_eq!(names(free.allocate(&wishing(2, &pair), 0)), ["01-02A", "01-02F"], "the letter does not use up A twice");
    assert_eq!(names(free.allocate(&wishing(2, &[Wish::Letter(b'D'), Wish::Letter(b'F')]), 0)), ["01-02D", "01-02F"]);
    assert_eq!(
        names(free.allocate(&wishing(1, &[Wish::Position(Position::Upper)]), 0)),
        ["01-01A"],
        "no reason to refuse"
    );
    let apart = Claim { together: Together::Apart, ..wishing(2, &[Wish::Letter(b'C'), Wish::Letter(b'C')]) };
    assert_eq!(names(free.allocate(&apart, 0)), ["01-01C", "01-02C"]);
    let last = only(2, &[(1, 1, 0), (1, 1, 1), (2, 1, 4)]);
    assert_eq!(
        names(last.allocate(&wishing(2, &[Wish::Letter(b'F')]), 0)),
        ["01-01A", "01-01B"],
        "together comes first"
    );
}

#[test]
fn berths_are_wished_for_by_level() {
    let row = CoachRow { block: 0, coach: 1, row: 1, layout: Layout::Berths6 };
    let seats = Seats::of(STOPS, &[row], |_| None);
    let lower = vec![Wish::Position(Position::Lower); 2];
    let claim = Claim { wishes: lower, ..claim(0, 5, 2) };
    assert_eq!(names(seats.allocate(&claim, 0)), ["01-01-1L", "01-01-2L"]);
}

#[test]
fn a_quota_keeps_rows_for_long_journeys_which_take_them_first() {
    let km: Vec<u32> = (0..u32::from(STOPS)).map(|stop| stop * 100).collect();
    let quota = Quota::new(800, vec![Stage { until_minutes_before: 60, percent: 50 }]).unwrap();
    let kept = |minutes| seats(1, &[]).kept_by(quota.guard(2, minutes, &km));
    assert_eq!(names(kept(61).allocate(&claim(0, 9, 1), 0)), ["01-02A"]);
    assert_eq!(names(kept(61).allocate(&claim(0, 2, 5), 1)).len(), 5);
    assert_eq!(kept(61).allocate(&claim(0, 2, 6), 0), None, "five seats are open");
    assert!(kept(60).allocate(&claim(0, 2, 6), 0).is_some(), "released");
    assert!(kept(61).allocate(&claim(0, 9, 10), 0).is_some(), "a long journey may have them all");
}

#[test]
fn what_is_chosen_can_be_held() {
    let chosen = seats(2, &[]).allocate(&claim(2, 6, 7), 3).unwrap();
    let held: usize = chosen.iter().map(|chosen| chosen.places(stretch(2, 6)).unwrap().len()).sum();
    assert_eq!((held, chosen.len()), (7, 2));
}

fn taken() -> impl Strategy<Value = Vec<(u8, u8, u8, u16, u16)>> {
    let one = (1..3_u8, 1..3_u8, 0..5_u8, 0..STOPS - 1, 1..STOPS);
    let one = one.prop_map(|(coach, row, seat, from, length)| (coach, row, seat, from, (from + length).min(STOPS - 1)));
    proptest::collection::vec(one, 0..40)
}

fn claims() -> impl Strategy<Value = Claim> {
    let together = prop_oneof![Just(Together::Apart), Just(Together::Preferred), Just(Together::Required)];
    let wish = prop_oneof![
        (b'A'..=b'F').prop_map(Wish::Letter),
        Just(Wish::Position(Position::Window)),
        Just(Wish::Position(Position::Aisle)),
    ];
    let wishes = proptest::collection::vec(wish, 0..4);
    (0..STOPS - 1, 1..STOPS, 1..8_u8, together, wishes).prop_map(|(from, length, count, together, wishes)| Claim {
        stretch: stretch(from, (from + length).min(STOPS - 1)),
        count,
        together,
        wishes,
    })
}

proptest! {
    #[test]
    fn seats_enough_are_always_found_and_all_of_them_are_free(taken in taken(), claim in claims(), spread in 0..9_u64) {
        let seats = seats(2, &taken);
        let free = |row: &RowSeats| row.taken().iter().filter(|seat| !seat.meets(Segments::of(claim.stretch))).count();
        let chosen = seats.allocate(&claim, spread);
        let by_coach = |coach| seats.rows().iter().filter(|row| row.row().coach == coach).map(free).sum::<usize>();
        let most = if claim.together == Together::Required { by_coach(1).max(by_coach(2)) } else { by_coach(1) + by_coach(2) };
        prop_assert_eq!(chosen.is_some(), most >= usize::from(claim.count));
        let chosen = chosen.unwrap_or_default();
        for Chosen { row, seats: taken } in &chosen {
            let known = &seats.rows()[usize::from(row.block)];
            prop_assert!(taken.iter().all(|seat| !known.taken()[usize::from(*seat)].meets(Segments::of(claim.stretch))));
            prop_assert!(taken.is_sorted() && taken.windows(2).all(|pair| pair[0] != pair[1]));
        }
        let count: usize = chosen.iter().map(|chosen| chosen.seats.len()).sum();
        prop_assert!(chosen.is_empty() || count == usize::from(claim.count));
        let largest = seats.rows().iter().map(free).max().unwrap_or(0);
        if claim.together != Together::Apart && largest >= usize::from(claim.count) {
            prop_assert_eq!(chosen.len(), 1, "one row");
        }
    }
}
