//! Against an oracle that looks at one seat after the other.

use proptest::prelude::*;

use super::*;
use crate::{
    id::{Id as _, OptionId, VenueId},
    venue::{Grid, Row, SeatMap, tests::section},
};

/// A row as letters: `.` free, `x` taken, `-` free but not for this buyer, `a` accessible, `c` companion; a blank is an aisle.
fn hall(rows: &[&str]) -> (SeatMap, Offer) {
    let (mut drawn, mut open, mut usable) = (Vec::new(), Vec::new(), Vec::new());
    for (number, text) in (0..).zip(rows) {
        let letters: Vec<char> = text.chars().filter(|letter| *letter != ' ').collect();
        let mut row = Grid::of(1, u16::try_from(letters.len()).unwrap()).build().unwrap().remove(0);
        row.label = (number + 1).into();
        let mut place = 0;
        for letter in text.chars() {
            match letter {
                ' ' => row.seats[place - 1].is_last = true,
                _ => place += 1,
            }
        }
        for (seat, letter) in row.seats.iter_mut().zip(&letters) {
            seat.at = Point::parse(seat.at.x().into(), 600 + 95 * i64::from(number)).unwrap();
            seat.kind = match letter {
                'a' => SeatKind::Accessible,
                'c' => SeatKind::Companion,
                _ => SeatKind::Regular,
            };
            open.push(*letter != 'x');
            usable.push(*letter != 'x' && *letter != '-');
        }
        drawn.push(row);
    }
    let map = of_rows(drawn);
    let set = |flags: &[bool]| {
        SeatSet::of(&map, (0..).zip(flags).filter(|(_, flag)| **flag).map(|(seat, _)| SeatIndex(seat)))
    };
    let offer = Offer::new(set(&open), set(&usable));
    (map, offer)
}

fn of_rows(rows: Vec<Row>) -> SeatMap {
    let section = crate::venue::Section { rows, ..section("stalls", &Grid::of(1, 1)) };
    SeatMap::new(Point::default(), vec![section]).unwrap()
}

fn party(quantity: u64, rule: OrphanRule) -> Party {
    Party { quantity: Quantity::parse(quantity).unwrap(), wheelchairs: 0, rule }
}

fn names(map: &SeatMap, seats: &[SeatIndex]) -> String {
    let name = |seat: &SeatIndex| map.name(*seat).unwrap().to_string().replacen("stalls/", "", 1);
    seats.iter().map(name).collect::<Vec<_>>().join(" ")
}

fn best_of(rows: &[&str], party: &Party) -> String {
    let (map, offer) = hall(rows);
    let hall = Hall::of(&map);
    let best = hall.best(&offer, party, Choice::BEST);
    best.map_or_else(|| "nothing".to_owned(), |groups| names(&map, &hall.seats(&groups)))
}

#[test]
fn a_party_sits_together_nearest_the_focus() {
    let check =
        |rows: &[&str], quantity, best| assert_eq!(best_of(rows, &party(quantity, OrphanRule::Off)), best, "{rows:?}");
    check(&["......", "......"], 2, "1/3 1/4");
    check(&["..xx..", "......"], 2, "1/1 1/2");
    check(&["......"], 6, "1/1 1/2 1/3 1/4 1/5 1/6");
    check(&["... ...", "......"], 4, "2/2 2/3 2/4 2/5");
    check(&["------", "......"], 1, "2/3");
    check(&["xxxxxx"], 1, "nothing");
}

#[test]
fn nobody_is_left_alone_unless_nothing_else_is_left() {
    let check = |rows: &[&str], rule, best| assert_eq!(best_of(rows, &party(2, rule)), best, "{rows:?}");
    check(&["xx...xx"], OrphanRule::Between, "1/3 1/4");
    check(&["xx...xx", "......."], OrphanRule::Between, "2/3 2/4");
    check(&["...xxx", "......"], OrphanRule::Between, "1/2 1/3");
    check(&["...xxx", "......"], OrphanRule::Edges, "2/3 2/4");
    check(&["x..x", "...."], OrphanRule::Edges, "1/2 1/3");
}

#[test]
fn a_party_that_finds_no_row_is_split_as_little_as_can_be() {
    let check = |rows: &[&str], quantity, best| {
        assert_eq!(best_of(rows, &party(quantity, OrphanRule::Between)), best, "{rows:?}");
    };
    check(&["..xx..", "xxxxxx", "..xxxx"], 4, "1/1 1/2 3/1 3/2");
    check(&["..x...", "xxxxxx", "x.xxxx"], 5, "1/1 1/2 1/4 1/5 1/6");
    check(&["...x..x", "xxxxxxx", "xxxx..."], 4, "1/2 1/3 1/5 1/6");
    check(&[".x.x.x", "xxxxx."], 4, "1/1 1/3 1/5 2/6");
    check(&[".x.x.x"], 4, "nothing");
}

#[test]
fn accessible_seats_are_for_those_who_ask() {
    let (map, offer) = hall(&["acac..", "......"]);
    let hall = Hall::of(&map);
    let seats = |quantity, wheelchairs| {
        let party = Party { wheelchairs, ..party(quantity, OrphanRule::Between) };
        hall.best(&offer, &party, Choice::BEST).map_or_else(String::new, |groups| names(&map, &hall.seats(&groups)))
    };
    assert_eq!(seats(4, 0), "2/2 2/3 2/4 2/5");
    assert_eq!(seats(2, 1), "1/3 1/4");
    assert_eq!(seats(3, 2), "1/1 1/2 1/3");
    assert_eq!(seats(3, 3), "", "there are two");
}

#[test]
fn named_seats_are_told_what_stands_in_the_way() {
    let (map, offer) = hall(&["x.....x", "a--...."]);
    let hall = Hall::of(&map);
    let check = |seats: &[u16], quantity| {
        let wanted = SeatSet::of(&map, seats.iter().copied().map(SeatIndex));
        let refused = hall.check(&offer, &party(quantity, OrphanRule::Between), &wanted).err()?;
        let Named { seats, instead } = refused.named(&map);
        let text = |names: Vec<_>| names.iter().map(crate::venue::SeatName::to_string).collect::<Vec<_>>().join(" ");
        Some((refused, text(seats), text(instead)))
    };
    let told = |seats: &[u16], quantity| check(seats, quantity).map(|(_, seats, instead)| (seats, instead));
    assert_eq!(told(&[1, 2], 2), None);
    assert_eq!(told(&[1], 2), Some((String::new(), String::new())));
    assert_eq!(told(&[0, 1], 2), Some(("stalls/1/1".into(), String::new())));
    assert_eq!(told(&[8, 10], 2), Some(("stalls/2/2".into(), String::new())));
    assert_eq!(told(&[7], 1), Some(("stalls/2/1".into(), String::new())));
    assert!(matches!(check(&[7], 1).unwrap().0, Refusal::Accessible(_)));
    assert_eq!(told(&[2, 3], 2), Some(("stalls/1/2".into(), "stalls/1/2 stalls/1/3".into())));
    assert_eq!(told(&[1, 2, 3], 3), None);
}

#[test]
fn a_group_may_leave_a_seat_where_there_is_nothing_else_for_it() {
    let check = |rows: &[&str], seats: &[u16]| {
        let (map, offer) = hall(rows);
        let wanted = SeatSet::of(&map, seats.iter().copied().map(SeatIndex));
        Hall::of(&map).check(&offer, &party(seats.len().try_into().unwrap(), OrphanRule::Between), &wanted).is_ok()
    };
    assert!(check(&["x...x"], &[1, 2]), "nothing else for two");
    assert!(!check(&["x...x", "x..x"], &[1, 2]), "there is the other row");
    assert!(check(&["x...x", "x--x"], &[1, 2]), "which is not for them");
    assert!(check(&["x...x", "x..x"], &[1, 2, 3]), "nothing is left over");
    assert!(!check(&["x....x"], &[1, 3]), "a seat between one's own");
    assert!(check(&["x...x"], &[1, 3]), "whatever they take, one is left");
    assert!(check(&["x. ..x", ".."], &[3]), "beside an aisle, not between two");
    assert!(!check(&["x. ..x", ".."], &[2]), "between two");
}

#[test]
fn many_who_look_at_once_get_different_seats_of_one_kind() {
    let (map, offer) = hall(&["x...x......x", "............"]);
    let hall = Hall::of(&map);
    let mut seen = std::collections::BTreeSet::new();
    for chance in 0..4 {
        let party = party(2, OrphanRule::Between);
        let groups = hall.best(&offer, &party, Choice { among: 4, chance }).unwrap();
        assert!(hall.leaves_nobody_alone(&offer, &party, &groups), "{groups:?}");
        assert!(seen.insert(hall.seats(&groups)));
    }
    let all: Vec<_> = seen.iter().flatten().collect();
    assert_eq!(all.len(), all.iter().collect::<std::collections::BTreeSet<_>>().len(), "no seat twice: {seen:?}");
}

#[test]
fn what_is_withheld_comes_by_its_channel_or_in_time() {
    let (map, _) = hall(&["....", "....", "...."]);
    let at = |second| jiff::Timestamp::from_second(second).unwrap();
    let (stalls, box_office) = ("stalls".parse().unwrap(), "box".parse::<Channel>().unwrap());
    let hold_back = |parts, released| HoldBack { channel: box_office.clone(), parts, released };
    let seating = Seating {
        venue: VenueId::from_bytes([1; 16]),
        version: 1,
        prices: [(crate::venue::Category("A".parse().unwrap()), OptionId::from_bytes([1; 16]))].into(),
        rule: OrphanRule::Between,
        hold_backs: vec![
            hold_back(vec![Part::Row(stalls, 1.into())], Some(at(100))),
            hold_back(vec![Part::Seat("stalls/2/1".parse().unwrap()), Part::Seat("stalls/9/9".parse().unwrap())], None),
        ],
    };
    let count =
        |option, channel, now| seating.offered(&map, OptionId::from_bytes([option; 16]), channel, at(now)).count();
    assert_eq!((count(1, None, 99), count(1, None, 100), count(1, Some(&box_office), 0)), (7, 11, 12));
    let other = "other".parse().unwrap();
    assert_eq!(count(1, Some(&other), 99), 7);
    assert_eq!(count(2, None, 100), 0, "another price");
    assert_eq!((seating.next_release(at(99)), seating.next_release(at(100))), (Some(at(100)), None));
    assert!(Part::seats(&[Part::Seat("stalls/9/9".parse().unwrap())], &map).is_err());
}

// The oracle: seats of one row as lists, looked at one after the other.

struct Oracle<'o> {
    map: &'o SeatMap,
    open: Vec<Vec<bool>>,
    usable: Vec<Vec<bool>>,
    party: Party,
}

impl<'o> Oracle<'o> {
    fn new(map: &'o SeatMap, offer: &Offer, party: Party) -> Self {
        let spread = |set: &SeatSet| -> Vec<Vec<bool>> {
            map.rows()
                .map(|(at, _, row, _)| (0..row.seats.len()).map(|place| set.row(at) >> place & 1 == 1).collect())
                .collect()
        };
        let mut usable = spread(&offer.usable);
        for ((_, _, row, _), usable) in map.rows().zip(&mut usable).filter(|_| party.wheelchairs == 0) {
            for (seat, usable) in row.seats.iter().zip(usable) {
                *usable &= !matches!(seat.kind, SeatKind::Accessible | SeatKind::Companion);
            }
        }
        Self { map, open: spread(&offer.open), usable, party }
    }

    fn row(&self, row: usize) -> &Row {
        &self.map.sections()[0].rows[row]
    }

    fn are_neighbours(&self, row: usize, place: usize) -> bool {
        place + 1 < self.row(row).seats.len() && !self.row(row).seats[place].is_last
    }

    /// Seats that `chosen` leaves alone.
    fn orphans(&self, chosen: &[(usize, usize)], rule: OrphanRule) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        for row in 0..self.open.len() {
            for place in 0..self.open[row].len() {
                let is_free = |place: usize| self.open[row][place] && !chosen.contains(&(row, place));
                let is_single = matches!(self.row(row).seats[place].kind, SeatKind::Accessible | SeatKind::Companion);
                let left = (place > 0 && self.are_neighbours(row, place - 1)).then(|| place - 1);
                let right = self.are_neighbours(row, place).then_some(place + 1);
                let is_alone = is_free(place) && ![left, right].into_iter().flatten().any(is_free) && !is_single;
                let is_beside = [left, right].into_iter().flatten().any(|other| chosen.contains(&(row, other)));
                let is_told = match rule {
                    OrphanRule::Off => false,
                    OrphanRule::Between => left.is_some() && right.is_some(),
                    OrphanRule::Edges => true,
                };
                if is_alone && is_beside && is_told {
                    found.push((row, place));
                }
            }
        }
        found
    }

    fn runs(&self, count: usize) -> Vec<Vec<(usize, usize)>> {
        let mut runs = Vec::new();
        for row in 0..self.usable.len() {
            for first in 0..self.usable[row].len().saturating_sub(count - 1) {
                let is_run = (first..first + count).all(|place| self.usable[row][place])
                    && (first..first + count - 1).all(|place| self.are_neighbours(row, place));
                if is_run {
                    runs.push((first..first + count).map(|place| (row, place)).collect());
                }
            }
        }
        runs
    }

    fn far(&self, seats: &[(usize, usize)]) -> u64 {
        seats.iter().map(|(row, place)| u64::from(self.row(*row).seats[*place].at.distance(Point::default()))).sum()
    }

    fn accessible(&self, seats: &[(usize, usize)]) -> usize {
        seats.iter().filter(|(row, place)| self.row(*row).seats[*place].kind == SeatKind::Accessible).count()
    }

    fn middle(&self, seats: &[(usize, usize)]) -> Point {
        let at = |(row, place): (usize, usize)| self.row(row).seats[place].at;
        at(seats[0]).between(at(seats[seats.len() - 1]))
    }

    /// What the best run costs.
    fn together(&self, rule: OrphanRule) -> Option<(usize, u64)> {
        let runs = self.runs(self.party.quantity.get().into()).into_iter();
        let runs = runs.filter(|run| self.orphans(run, rule).is_empty());
        let cost =
            |run: Vec<_>| Some((self.accessible(&run).checked_sub(self.party.wheelchairs.into())?, self.far(&run)));
        runs.filter_map(cost).min()
    }

    /// What the best two groups cost: people alone, distance, way to the focus.
    fn pair(&self, rule: OrphanRule) -> Option<(usize, u64, u64)> {
        let all = usize::from(self.party.quantity.get());
        let mut best = None;
        for first in 1..all {
            for one in self.runs(first) {
                if self.accessible(&one) < usize::from(self.party.wheelchairs) {
                    continue;
                }
                for other in self.runs(all - first) {
                    let both = [one.clone(), other.clone()].concat();
                    if other.iter().any(|seat| one.contains(seat)) || !self.orphans(&both, rule).is_empty() {
                        continue;
                    }
                    let alone = usize::from(one.len() == 1) + usize::from(other.len() == 1);
                    let cost = (alone, self.middle(&one).square_to(self.middle(&other)), self.far(&both));
                    best = best.into_iter().chain([cost]).min();
                }
            }
        }
        best
    }
}

fn halls() -> impl Strategy<Value = Vec<String>> {
    let letter =
        prop_oneof![5 => Just('.'), 4 => Just('x'), 1 => Just('-'), 1 => Just('a'), 1 => Just('c'), 1 => Just(' ')];
    let row = proptest::collection::vec(letter, 1..9).prop_map(|letters| {
        let text: String = letters.into_iter().collect();
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.is_empty() { "x".to_owned() } else { words.join(" ") }
    });
    proptest::collection::vec(row, 1..4)
}

fn rules() -> impl Strategy<Value = OrphanRule> {
    proptest::sample::select(OrphanRule::ALL.to_vec())
}

/// Seats of groups as rows and places.
fn spread(groups: &[Group]) -> Vec<(usize, usize)> {
    let seats = groups.iter().flat_map(|group| {
        let places = group.first..group.first + group.count;
        places.map(|place| (usize::from(group.row.0), usize::from(place)))
    });
    seats.collect()
}

#[test]
fn seats_that_are_kept_for_others_are_not_left_for_a_party() {
    let left = |rows: &[&str], wheelchairs| {
        let (map, offer) = hall(rows);
        Hall::of(&map).left(&offer, &Party { wheelchairs, ..party(3, OrphanRule::Off) })
    };
    assert_eq!((left(&["ac.x-"], 0), left(&["ac.x-"], 1), left(&["ac.x-"], 2)), (1, 3, 0));
    assert_eq!(left(&["acac"], 0), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whoever_gets_no_seats_is_told_of_fewer_than_they_want(rows in halls(), quantity in 1..5_u64, wheelchairs in 0..2_u8) {
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let (map, offer) = hall(&rows);
        let party = Party { wheelchairs, ..party(quantity, OrphanRule::Between) };
        let hall = Hall::of(&map);
        let is_refused = hall.best(&offer, &party, Choice::BEST).is_none();
        prop_assert_eq!(is_refused, u64::from(hall.left(&offer, &party)) < quantity, "{:?}", rows);
    }

    #[test]
    fn the_best_seats_are_those_of_the_oracle(rows in halls(), quantity in 1..5_u64, wheelchairs in 0..2_u8, rule in rules()) {
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let (map, offer) = hall(&rows);
        let party = Party { wheelchairs, ..party(quantity, rule) };
        let oracle = Oracle::new(&map, &offer, party);
        let found = Hall::of(&map).best(&offer, &party, Choice::BEST);
        let seats = found.as_deref().map(spread).unwrap_or_default();
        prop_assert!(seats.iter().all(|(row, place)| oracle.usable[*row][*place]), "{rows:?}: {found:?}");
        if let Some(cost) = oracle.together(rule).or_else(|| oracle.together(OrphanRule::Off)) {
            prop_assert_eq!(found.as_ref().map(Vec::len), Some(1), "{:?}", rows);
            prop_assert_eq!((oracle.accessible(&seats) - usize::from(wheelchairs), oracle.far(&seats)), cost, "{:?}", rows);
            let is_clean = oracle.orphans(&seats, rule).is_empty();
            prop_assert_eq!(is_clean, oracle.together(rule).is_some(), "{:?}", rows);
            return Ok(());
        }
        if let Some(cost) = oracle.pair(rule) {
            let found = found.unwrap();
            prop_assert_eq!(found.len(), 2, "{:?}", rows);
            let alone = found.iter().filter(|group| group.count == 1).count();
            let (one, other) = (spread(&found[..1]), spread(&found[1..]));
            let apart = oracle.middle(&one).square_to(oracle.middle(&other));
            prop_assert_eq!((alone, apart, oracle.far(&seats)), cost, "{:?}", rows);
            prop_assert!(oracle.orphans(&seats, rule).is_empty(), "{rows:?}: {found:?}");
            return Ok(());
        }
        let usable = oracle.usable.iter().flatten().filter(|usable| **usable).count();
        if wheelchairs == 0 {
            prop_assert_eq!(found.is_some(), usable >= usize::try_from(quantity).unwrap(), "{:?}", rows);
        }
        if let Some(found) = found {
            let distinct: std::collections::BTreeSet<_> = seats.iter().collect();
            prop_assert_eq!(distinct.len(), usize::try_from(quantity).unwrap());
            prop_assert!(found.len() > 1 && oracle.accessible(&seats) >= usize::from(wheelchairs));
        }
    }

    #[test]
    fn nobody_is_seated_worse_for_others_who_look_at_once(rows in halls(), quantity in 1..4_u64, chance in 0..8_u32, rule in rules()) {
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let (map, offer) = hall(&rows);
        let party = party(quantity, rule);
        let oracle = Oracle::new(&map, &offer, party);
        let find = |choice| Hall::of(&map).best(&offer, &party, choice);
        let (best, other) = (find(Choice::BEST), find(Choice { among: 8, chance }));
        prop_assert_eq!(best.as_ref().map(Vec::len), other.as_ref().map(Vec::len), "{:?}", rows);
        let (Some(best), Some(other)) = (best, other) else { return Ok(()) };
        let (best, other) = (spread(&best), spread(&other));
        prop_assert!(other.iter().all(|(row, place)| oracle.usable[*row][*place]), "{rows:?}: {other:?}");
        if oracle.orphans(&best, rule).is_empty() {
            prop_assert!(oracle.orphans(&other, rule).is_empty(), "{rows:?}: {other:?}");
        }
    }

    #[test]
    fn named_seats_are_refused_exactly_where_the_oracle_refuses(rows in halls(), chosen in 1..256_u32, rule in rules()) {
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let (map, offer) = hall(&rows);
        let seats: Vec<SeatIndex> = (0..map.len()).filter(|seat| chosen >> (seat % 32) & 1 == 1).map(SeatIndex).take(4).collect();
        let seats = if seats.is_empty() { vec![SeatIndex(0)] } else { seats };
        let party = party(seats.len().try_into().unwrap(), rule);
        let oracle = Oracle::new(&map, &offer, party);
        let wanted = SeatSet::of(&map, seats.iter().copied());
        let places: Vec<(usize, usize)> = seats.iter().map(|seat| {
            let (row, place) = map.place(*seat).unwrap();
            (usize::from(row.0), usize::from(place))
        }).collect();
        let answer = Hall::of(&map).check(&offer, &party, &wanted);
        let is_offered = places.iter().all(|(row, place)| oracle.usable[*row][*place]);
        let link = |row: usize| bits((0..map.sections()[0].rows[row].seats.len()).map(|place| oracle.are_neighbours(row, place)));
        let groups: Vec<Vec<(usize, usize)>> = (0..rows.len()).flat_map(|row| {
            let bits = wanted.row(RowIndex(row.try_into().unwrap()));
            let mut groups: Vec<Vec<(usize, usize)>> = Vec::new();
            for place in (0..128).filter(|place| bits >> place & 1 == 1) {
                match groups.last_mut() {
                    Some(last) if last.last() == Some(&(row, place - 1)) && link(row) >> (place - 1) & 1 == 1 => last.push((row, place)),
                    _ => groups.push(vec![(row, place)]),
                }
            }
            groups
        }).collect();
        let alone = oracle.orphans(&places, rule);
        let has_better = |group: &Vec<(usize, usize)>| {
            let others: Vec<_> = places.iter().copied().filter(|seat| !group.contains(seat)).collect();
            let mut left = Oracle::new(&map, &offer, party);
            for (row, place) in &others {
                (left.open[*row][*place], left.usable[*row][*place]) = (false, false);
            }
            left.runs(group.len()).iter().any(|run| left.orphans(run, rule).is_empty())
        };
        let is_beside = |group: &Vec<(usize, usize)>| alone.iter().any(|(row, place)| group.iter().any(|(r, p)| {
            r == row && (p + 1 == *place && oracle.are_neighbours(*row, *p) || place + 1 == *p && oracle.are_neighbours(*row, *place))
        }));
        let is_refused = groups.iter().any(|group| is_beside(group) && has_better(group));
        prop_assert_eq!(answer.is_ok(), is_offered && !is_refused, "{:?} {:?}: {:?}", rows, places, answer);
        if let Err(Refusal::LeavesAlone { alone: told, instead }) = answer {
            prop_assert!(!told.is_empty() && !instead.is_empty());
        }
    }
}
