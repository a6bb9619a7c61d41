use proptest::prelude::*;

use super::*;
use crate::row::{Change, RowBlock};

/// A section of equal rows.
pub(crate) fn section(id: &str, grid: &Grid) -> Section {
    let category = Category("A".parse().unwrap());
    Section { id: id.parse().unwrap(), name: id.to_owned(), category, focus: None, rows: grid.build().unwrap() }
}

/// A map of one section.
pub(crate) fn map(grid: &Grid) -> SeatMap {
    SeatMap::new(Point::default(), vec![section("stalls", grid)]).unwrap()
}

fn name(text: &str) -> SeatName {
    text.parse().unwrap()
}

#[test]
fn seats_are_numbered_through_the_map_and_found_by_name() {
    let map =
        SeatMap::new(Point::default(), vec![section("a", &Grid::of(2, 3)), section("b", &Grid::of(1, 4))]).unwrap();
    assert_eq!((map.len(), map.row_count()), (10, 3));
    assert_eq!(map.name(SeatIndex(6)), Some(name("b/1/1")));
    assert_eq!(map.place(SeatIndex(5)), Some((RowIndex(1), 2)));
    assert_eq!((map.name(SeatIndex(10)), map.place(SeatIndex(10))), (None, None));
    assert_eq!(map.find(&name("a/2/3")), Some(SeatIndex(5)));
    assert_eq!((map.find(&name("a/3/3")), map.find(&name("c/1/1"))), (None, None));
    assert!(map.names().iter().all(|(name, seat)| map.find(name) == Some(*seat)));
}

#[test]
fn everything_wrong_with_a_map_is_told_at_once() {
    let mut one = section("a", &Grid::of(2, 2));
    one.rows[1].label = one.rows[0].label.clone();
    one.rows[0].seats[1].label = one.rows[0].seats[0].label.clone();
    let mut two = section("a", &Grid::of(1, 1));
    two.name = " ".into();
    two.rows.clear();
    let faults = SeatMap::new(Point::default(), vec![one, two]).unwrap_err();
    let told: Vec<_> = faults.iter().map(|fault| (fault.section, fault.row, fault.wrong.to_string())).collect();
    let expected = [
        (Some(0), Some(0), "there are two seats 1"),
        (Some(0), Some(1), "there are two rows 1"),
        (Some(1), None, "there are two sections a"),
        (Some(1), None, "must have a name of 1 to 60 characters"),
        (Some(1), None, "is empty"),
    ];
    assert_eq!(told, expected.map(|(section, row, wrong)| (section, row, wrong.to_owned())));
    assert_eq!(SeatMap::new(Point::default(), Vec::new()).unwrap_err()[0].wrong, Wrong::Empty);
}

#[test]
fn a_map_has_at_most_twenty_thousand_seats() {
    let hall = section("a", &Grid::of(200, 100));
    assert!(SeatMap::new(Point::default(), vec![hall.clone()]).is_ok());
    let faults = SeatMap::new(Point::default(), vec![hall, section("b", &Grid::of(1, 1))]).unwrap_err();
    assert_eq!(faults[0].wrong, Wrong::TooMany(SeatMap::SEATS));
}

#[test]
fn distances_are_whole_centimetres() {
    let point = |x, y| Point::parse(x, y).unwrap();
    assert_eq!(point(0, 0).distance(point(3, -4)), 5);
    assert_eq!(point(-100_000, -100_000).distance(point(100_000, 100_000)), 282_842);
    assert_eq!(Point::parse(100_001, 0), Err(OffThePlan));
    assert_eq!(Point::parse(0, i64::MIN), Err(OffThePlan));
}

#[test]
fn aisles_are_told_from_coordinates() {
    let mut row = Grid { aisles: vec![3, 5], ..Grid::of(1, 8) }.build().unwrap().remove(0);
    let drawn = row.stretches();
    row.seats.iter_mut().for_each(|seat| seat.is_last = false);
    assert_eq!(row.stretches().len(), 1);
    row.find_aisles();
    assert_eq!(row.stretches(), drawn);
}

#[test]
fn a_set_of_seats_is_in_the_order_of_the_map() {
    let map = map(&Grid::of(3, 5));
    let mut set = SeatSet::of(&map, [SeatIndex(14), SeatIndex(0), SeatIndex(7), SeatIndex(15)]);
    assert_eq!(set.iter(&map).map(|seat| seat.0).collect::<Vec<_>>(), [0, 7, 14]);
    assert!(set.contains(&map, SeatIndex(7)) && !set.contains(&map, SeatIndex(8)));
    set.remove(&SeatSet::of(&map, [SeatIndex(7)]));
    assert_eq!(set.count(), 2);
    assert_eq!(SeatSet::all(&map).count(), 15);
}

#[test]
fn a_seat_keeps_its_address_and_a_removed_one_is_closed() {
    let first = Version::first(map(&Grid::of(2, 20))).unwrap();
    let mut wider = Grid::of(3, 22).build().unwrap();
    wider[0].seats.drain(..2);
    let newer = Section { rows: wider, ..section("stalls", &Grid::of(1, 1)) };
    let second = first.next(SeatMap::new(Point::default(), vec![newer]).unwrap()).unwrap();

    let at = |version: &Version, seat: &str| version.addresses().of(version.map().find(&name(seat)).unwrap()).unwrap();
    assert_eq!(at(&first, "stalls/2/7"), at(&second, "stalls/2/7"));
    assert_eq!(at(&second, "stalls/1/21").block, 4, "behind the four blocks of the first version");

    let none = SeatSet::none(first.map());
    let moved = first.to(&second, &none).unwrap();
    let stalls: SectionId = "stalls".parse().unwrap();
    assert_eq!(moved.close, BTreeMap::from([((stalls.clone(), 0), crate::row::Places::from_bits(0b11))]));
    assert_eq!(moved.create.keys().map(|(_, block)| *block).collect::<Vec<_>>(), [4, 5, 6, 7]);

    let taken = SeatSet::of(first.map(), [SeatIndex(1), SeatIndex(30)]);
    assert_eq!(first.to(&second, &taken), Err(Lost(vec![name("stalls/1/2")])));
}

#[test]
fn seats_are_held_by_block_and_found_by_address() {
    let version = Version::first(map(&Grid::of(2, 20))).unwrap();
    let stalls: SectionId = "stalls".parse().unwrap();
    let places = version.places(&[SeatIndex(9), SeatIndex(10), SeatIndex(20), SeatIndex(40)]);
    let places: Vec<_> = places.into_iter().map(|((_, block), places)| (block, places.bits())).collect();
    assert_eq!(places, [(0, 1 << 9), (1, 1), (2, 1)], "across two blocks and a row, and one seat that there is not");
    for seat in (0..40).map(SeatIndex) {
        let address = version.addresses().of(seat).unwrap();
        assert_eq!(version.seat_at(&stalls, address), Some(seat));
        assert_eq!(version.seat_at(&"balcony".parse().unwrap(), address), None);
    }
}

#[test]
fn a_seat_that_comes_back_gets_another_address() {
    let first = Version::first(map(&Grid::of(1, 3))).unwrap();
    let second = first.next(map(&Grid::of(1, 2))).unwrap();
    let third = second.next(map(&Grid::of(1, 3))).unwrap();
    let address = |version: &Version| version.addresses().of(SeatIndex(2));
    assert_ne!(address(&first), address(&third));
    let blocks = third.addresses().blocks(third.map(), &"stalls".parse().unwrap());
    let sizes: Vec<_> = blocks.iter().map(|(number, block)| (*number, block.size(), block.capacity())).collect();
    assert_eq!(sizes, [(0, 3, 2), (1, 1, 1)]);
    let moved = second.to(&third, &SeatSet::none(second.map())).unwrap();
    assert!(moved.close.is_empty(), "it is closed already");
    assert_eq!(moved.create.len(), 1);
}

/// Rows of a section with some seats left out, so that versions differ.
fn halls() -> impl Strategy<Value = Vec<SeatMap>> {
    let row = (1..24_usize, any::<u32>(), any::<u32>());
    let hall = proptest::collection::vec(row, 1..5).prop_map(|rows| {
        let rows = (0..).zip(rows).map(|(number, (seats, left_out, aisles))| {
            let mut row = Grid::of(1, 24).build().unwrap().remove(0);
            row.label = Label::from(number);
            row.seats.truncate(seats + 1);
            for (place, seat) in row.seats.iter_mut().enumerate() {
                seat.is_last = aisles >> place & 7 == 7;
            }
            let mut place = 0;
            // The last seat stays, so that no row is empty.
            row.seats.retain(|_| {
                place += 1;
                place == seats + 1 || left_out >> place & 3 != 0
            });
            row
        });
        let section = Section { rows: rows.collect(), ..section("stalls", &Grid::of(1, 1)) };
        SeatMap::new(Point::default(), vec![section]).unwrap()
    });
    proptest::collection::vec(hall, 2..5)
}

proptest! {
    #[test]
    fn no_two_seats_ever_share_an_address_and_a_session_can_follow_every_version(halls in halls()) {
        let stalls: SectionId = "stalls".parse().unwrap();
        let mut halls = halls.into_iter();
        let mut version = Version::first(halls.next().unwrap()).unwrap();
        // The blocks of a session that was opened with the first version and follows.
        let mut session: Vec<RowBlock> =
            version.addresses().blocks(version.map(), &stalls).into_iter().map(|(_, block)| block).collect();
        let mut ever: BTreeMap<Address, SeatName> = BTreeMap::new();
        for hall in halls.map(Some).chain([None]) {
            let mut places = BTreeSet::new();
            for (name, seat) in version.map().names() {
                let address = version.addresses().of(seat).unwrap();
                prop_assert!(places.insert(address), "{name} shares {address:?}");
                prop_assert_eq!(ever.entry(address).or_insert_with(|| name.clone()), &name);
                let block = &session[usize::from(address.block)];
                prop_assert!(block.free().contains(address.place), "{} is not for sale", name);
            }
            let free: u32 = session.iter().map(|block| u32::from(block.available())).sum();
            prop_assert_eq!(free, u32::from(version.map().len()), "the session has just the seats of the map");
            let opened = version.addresses().blocks(version.map(), &stalls);
            prop_assert_eq!(opened.iter().map(|(_, block)| block.clone()).collect::<Vec<_>>(), session.clone());
            let Addresses { .. } = Addresses::restore(
                version.map(), version.addresses().seats().to_vec(), version.addresses().retired().to_vec(),
            ).unwrap();
            let Some(hall) = hall else { break };
            let next = version.next(hall).unwrap();
            let moved = version.to(&next, &SeatSet::none(version.map())).unwrap();
            for ((_, number), places) in moved.close {
                session[usize::from(number)].apply(&Change::Close { places }).unwrap();
            }
            for ((_, number), block) in moved.create {
                prop_assert_eq!(usize::from(number), session.len());
                session.push(block);
            }
            version = next;
        }
    }
}
