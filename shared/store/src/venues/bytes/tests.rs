use domain::venue::{Curve, Grid, Numbering};

use super::*;
use crate::venues::parts;

/// What `DynamoDB` takes for one item.
const ITEM_BYTES: usize = 400 * 1_024;

fn section(id: &str, rows: Vec<Row>) -> Section {
    let category = Category("A".parse().unwrap());
    Section { id: id.parse().unwrap(), name: id.to_owned(), category, focus: None, rows }
}

fn back(version: &Version) -> Vec<u8> {
    let bytes = write(version);
    assert_eq!(&read(version.number(), &bytes).unwrap(), version);
    bytes
}

fn first(sections: Vec<Section>) -> Version {
    Version::first(SeatMap::new(Point::default(), sections).unwrap()).unwrap()
}

/// 20 000 seats of which nothing follows from the one before: coordinates anywhere, and labels of `letters` characters.
fn scattered(chance: &mut fastrand::Rng, letters: usize) -> Version {
    let label = |chance: &mut fastrand::Rng, number: u16| -> Label {
        // Four bytes each in UTF-8; the number keeps labels of one row apart.
        let text: String = (1..letters).map(|_| chance.char('\u{20000}'..='\u{2a6d6}')).collect();
        [&text, number.to_string().as_str()].concat().parse().unwrap()
    };
    let mut sections = Vec::new();
    for number in 0..200 {
        let rows = (0..10).map(|row| {
            let seats = (0..10).map(|seat| Seat {
                label: label(chance, seat),
                at: Point::parse(chance.i64(-100_000..=100_000), chance.i64(-100_000..=100_000)).unwrap(),
                kind: *chance.choice(&SeatKind::ALL).unwrap(),
                is_last: chance.bool(),
            });
            let seats = seats.collect();
            Row { category: Some(Category(label(chance, row))), label: label(chance, row), seats }
        });
        sections.push(section(&format!("s{number}"), rows.collect()));
    }
    first(sections)
}

#[test]
fn every_field_reads_back() {
    let mut grid = Grid { aisles: vec![2], numbering: Numbering::OddEven, ..Grid::of(3, 7) };
    grid.curve = Curve::Bow { radius: 1_000 };
    grid.kinds = vec![(1, 1, SeatKind::Accessible), (1, 2, SeatKind::Companion), (3, 7, SeatKind::Restricted)];
    grid.bands = vec![(1, Category("前".parse().unwrap()))];
    let mut stalls = section("stalls", grid.build().unwrap());
    stalls.focus = Point::parse(-100_000, 100_000).ok();
    stalls.rows[0].seats[0].at = Point::parse(100_000, -100_000).unwrap();
    stalls.rows[1].seats[0].label = "12排".parse().unwrap();
    stalls.rows[1].seats[1].label = "007".parse().unwrap();
    let version = first(vec![stalls, section("balcony", Grid::of(2, 40).build().unwrap())]);
    back(&version);

    // Seats that are gone, and a section that is.
    let fewer = Grid::of(2, 38).build().unwrap();
    let next = version.next(SeatMap::new(Point::default(), vec![section("balcony", fewer)]).unwrap()).unwrap();
    assert_eq!(next.addresses().retired().len(), 21 + 4);
    back(&next);
}

#[test]
fn a_hall_by_rule_is_a_few_kilobytes() {
    let mut grid = Grid { aisles: vec![20, 60], ..Grid::of(200, 100) };
    grid.curve = Curve::Bow { radius: 20_000 };
    let bytes = back(&first(vec![section("stalls", grid.build().unwrap())]));
    assert!(bytes.len() < 20_000, "{} bytes", bytes.len());
}

#[test]
fn a_hall_with_irregular_coordinates_is_one_item() {
    let seed = fastrand::u64(..);
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut rows = Grid::of(200, 100).build().unwrap();
    for seat in rows.iter_mut().flat_map(|row| &mut row.seats) {
        let (x, y) = (i64::from(seat.at.x()), i64::from(seat.at.y()));
        seat.at = Point::parse(x + chance.i64(-40..=40), y + chance.i64(-40..=40)).unwrap();
    }
    let bytes = back(&first(vec![section("stalls", rows)]));
    assert!(bytes.len() < 100_000, "{} bytes, seed {seed}", bytes.len());
}

#[test]
fn the_worst_map_fits_in_few_parts() {
    let seed = fastrand::u64(..);
    let mut chance = fastrand::Rng::with_seed(seed);
    let plain = back(&scattered(&mut chance, 0));
    assert!(plain.len() < ITEM_BYTES, "{} bytes with numbers as labels, seed {seed}", plain.len());
    // The largest of all: each label as long as can be, and everything of a version before is gone.
    let worst = scattered(&mut chance, Label::MOST).next(scattered(&mut chance, Label::MOST).map().clone()).unwrap();
    assert_eq!(worst.addresses().retired().len(), Addresses::RETIRED, "seed {seed}");
    let bytes = back(&worst);
    let cut = parts(&bytes);
    assert!(
        cut.len() <= 6 && cut.iter().all(|part| part.len() + 2_048 < ITEM_BYTES),
        "{} parts, seed {seed}",
        cut.len()
    );
}

#[test]
fn what_is_no_map_is_corrupt() {
    let bytes = write(&first(vec![section("a", Grid::of(2, 3).build().unwrap())]));
    for end in 0..bytes.len() {
        assert!(read(1, &bytes[..end]).is_err(), "cut off after {end}");
    }
    let plain = decompress_to_vec_with_limit(&bytes, MOST).unwrap();
    for place in 0..plain.len() {
        let mut wrong = plain.clone();
        wrong[place] ^= 0x80;
        // Whatever it is then, it is a map or an error, and never a panic.
        drop(read(1, &compress_to_vec(&wrong, 1)));
    }
    let longer = compress_to_vec(&[&plain[..], &[0]].concat(), 1);
    assert!(matches!(read(1, &longer), Err(Failed::Corrupt(_))));
    let bomb = compress_to_vec(&vec![0; MOST + 1], 9);
    assert!(matches!(read(1, &bomb), Err(Failed::Corrupt(_))));
}
