//! Coaches: what a train is made of, and how its seats are cut into rows.

use std::{collections::BTreeSet, fmt, str::FromStr};

/// What a passenger pays for: `second`, `first`, `business`, `hard-sleeper`. Each operator has its own words.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Class(String);

/// The text is not the name of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {} lower-case letters, digits and hyphens", Class::MAX_CHARS)]
pub struct ClassError;

impl Class {
    /// The longest name: it is part of many keys.
    pub const MAX_CHARS: usize = 16;
}

impl FromStr for Class {
    type Err = ClassError;

    fn from_str(text: &str) -> Result<Self, ClassError> {
        let is_good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = (1..=Self::MAX_CHARS).contains(&text.len()) && text.bytes().all(is_good);
        fits.then(|| Self(text.to_owned())).ok_or(ClassError)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a seat lies in its row, or a berth in its bay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Position {
    Window,
    Between,
    Aisle,
    Lower,
    Middle,
    Upper,
}

/// A seat of a row: what is written on it, and where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The letter of a seat, or the side and level of a berth.
    pub label: &'static str,
    /// Where.
    pub position: Position,
}

/// What a passenger would like. Never a reason to refuse a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wish {
    /// The seat of that letter, `b'A'` to `b'F'`.
    Letter(u8),
    /// Anything in that position.
    Position(Position),
}

impl Spot {
    /// Whether this is what was wished for.
    pub fn is(&self, wish: Wish) -> bool {
        match wish {
            Wish::Letter(letter) => self.label.as_bytes() == [letter],
            Wish::Position(position) => self.position == position,
        }
    }
}

const fn spot(label: &'static str, position: Position) -> Spot {
    Spot { label, position }
}

const A: Spot = spot("A", Position::Window);
const B: Spot = spot("B", Position::Between);
const C: Spot = spot("C", Position::Aisle);
const D: Spot = spot("D", Position::Aisle);
const F: Spot = spot("F", Position::Window);

const BERTHS4: [Spot; 4] = [
    spot("1L", Position::Lower),
    spot("1U", Position::Upper),
    spot("2L", Position::Lower),
    spot("2U", Position::Upper),
];
const BERTHS6: [Spot; 6] = [
    spot("1L", Position::Lower),
    spot("1M", Position::Middle),
    spot("1U", Position::Upper),
    spot("2L", Position::Lower),
    spot("2M", Position::Middle),
    spot("2U", Position::Upper),
];

/// How the seats of a coach lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layout {
    /// One seat on either side of the aisle: A, F.
    OneOne,
    /// Two and one: A, C, F.
    TwoOne,
    /// Two on either side: A, C, D, F.
    TwoTwo,
    /// Three and two: A, B, C, D, F.
    ThreeTwo,
    /// Bays of four berths, two above two.
    Berths4,
    /// Bays of six berths, three above each other on either side.
    Berths6,
}

impl Layout {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::OneOne, Self::TwoOne, Self::TwoTwo, Self::ThreeTwo, Self::Berths4, Self::Berths6];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::OneOne => "1+1",
            Self::TwoOne => "2+1",
            Self::TwoTwo => "2+2",
            Self::ThreeTwo => "3+2",
            Self::Berths4 => "berths-4",
            Self::Berths6 => "berths-6",
        }
    }

    /// The seats of one row, from side to side.
    pub const fn spots(self) -> &'static [Spot] {
        match self {
            Self::OneOne => &[A, F],
            Self::TwoOne => &[A, C, F],
            Self::TwoTwo => &[A, C, D, F],
            Self::ThreeTwo => &[A, B, C, D, F],
            Self::Berths4 => &BERTHS4,
            Self::Berths6 => &BERTHS6,
        }
    }

    /// How many seats a row has.
    pub fn seats(self) -> u8 {
        u8::try_from(self.spots().len()).unwrap_or(u8::MAX)
    }
}

/// A coach of a train.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coach {
    /// The number on its side, from 1.
    pub number: u8,
    /// What its seats are sold as.
    pub class: Class,
    /// How they lie.
    pub layout: Layout,
    /// How many rows or bays it has.
    pub rows: u8,
}

/// One row of a coach: one block of the pool of its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoachRow {
    /// The number of the block in the pool, from 0 and without holes.
    pub block: u16,
    /// The coach's number.
    pub coach: u8,
    /// The row's number in the coach, from 1.
    pub row: u8,
    /// How its seats lie.
    pub layout: Layout,
}

impl CoachRow {
    /// What is printed on a ticket: coach, row, letter; `05-12F`. Nothing where the row has no such seat.
    pub fn seat_name(&self, seat: u8) -> Option<String> {
        let spot = self.layout.spots().get(usize::from(seat))?;
        let is_berth = matches!(self.layout, Layout::Berths4 | Layout::Berths6);
        let between = if is_berth { "-" } else { "" };
        Some(format!("{:02}-{:02}{between}{}", self.coach, self.row, spot.label))
    }
}

/// The coaches of a train, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formation(Vec<Coach>);

/// Why coaches do not make a train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormationError {
    /// There is none, or there are too many.
    #[error("must have 1 to {} coaches", Formation::MAX_COACHES)]
    Coaches,
    /// A coach has no rows or too many.
    #[error("a coach must have 1 to {} rows", Formation::MAX_ROWS)]
    Rows,
    /// Two coaches have one number, or one has none.
    #[error("each coach must have its own number, from 1")]
    Numbers,
}

impl Formation {
    /// The longest train.
    pub const MAX_COACHES: usize = 32;
    /// The longest coach.
    pub const MAX_ROWS: u8 = 40;

    /// A train of these coaches.
    pub fn new(mut coaches: Vec<Coach>) -> Result<Self, FormationError> {
        if coaches.is_empty() || coaches.len() > Self::MAX_COACHES {
            return Err(FormationError::Coaches);
        }
        if coaches.iter().any(|coach| coach.rows == 0 || coach.rows > Self::MAX_ROWS) {
            return Err(FormationError::Rows);
        }
        let numbers: BTreeSet<u8> = coaches.iter().map(|coach| coach.number).collect();
        if numbers.len() != coaches.len() || numbers.contains(&0) {
            return Err(FormationError::Numbers);
        }
        coaches.sort_by_key(|coach| coach.number);
        Ok(Self(coaches))
    }

    /// The coaches, by number.
    pub fn coaches(&self) -> &[Coach] {
        &self.0
    }

    /// The classes that are sold.
    pub fn classes(&self) -> BTreeSet<&Class> {
        self.0.iter().map(|coach| &coach.class).collect()
    }

    /// The rows of one class: the blocks of its pool, in their order.
    pub fn rows(&self, class: &Class) -> Vec<CoachRow> {
        let coaches = self.0.iter().filter(|coach| coach.class == *class);
        let rows = coaches.flat_map(|coach| (1..=coach.rows).map(move |row| (coach, row)));
        (0..)
            .zip(rows)
            .map(|(block, (coach, row))| CoachRow { block, coach: coach.number, row, layout: coach.layout })
            .collect()
    }

    /// How many seats a class has.
    pub fn seats(&self, class: &Class) -> u32 {
        self.rows(class).iter().map(|row| u32::from(row.layout.seats())).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rail::row::Row;

    fn coach(number: u8, class: &str, layout: Layout, rows: u8) -> Coach {
        Coach { number, class: class.parse().unwrap(), layout, rows }
    }

    #[test]
    fn a_class_is_a_short_word() {
        for good in ["second", "hard-sleeper", "g1"] {
            assert_eq!(good.parse::<Class>().unwrap().to_string(), good);
        }
        for bad in ["", "Second", "二等座", "a b", "12345678901234567"] {
            assert_eq!(bad.parse::<Class>(), Err(ClassError), "{bad}");
        }
    }

    #[test]
    fn every_layout_fits_a_row_and_names_each_seat_once() {
        for layout in Layout::ALL {
            let labels: BTreeSet<_> = layout.spots().iter().map(|spot| spot.label).collect();
            assert_eq!(labels.len(), usize::from(layout.seats()), "{layout:?}");
            assert!(layout.seats() <= Row::MAX_SEATS);
        }
    }

    #[test]
    fn rows_of_a_class_are_numbered_through_its_coaches() {
        let train = Formation::new(vec![
            coach(3, "second", Layout::ThreeTwo, 17),
            coach(1, "first", Layout::TwoTwo, 10),
            coach(2, "second", Layout::ThreeTwo, 13),
        ]);
        let train = train.unwrap();
        let second: Class = "second".parse().unwrap();
        let rows = train.rows(&second);
        assert_eq!((rows.len(), train.seats(&second)), (30, 150));
        assert_eq!((rows[12].coach, rows[12].row, rows[12].block), (2, 13, 12));
        assert_eq!((rows[13].coach, rows[13].row, rows[13].block), (3, 1, 13));
        assert_eq!(rows[29].seat_name(4).unwrap(), "03-17F");
        assert_eq!(rows[29].seat_name(5), None);
        assert_eq!(train.classes().len(), 2);
    }

    #[test]
    fn a_train_has_coaches_with_rows_and_numbers_of_their_own() {
        let check = |coaches: Vec<Coach>, expected| assert_eq!(Formation::new(coaches).err(), expected);
        check(vec![], Some(FormationError::Coaches));
        check(vec![coach(1, "a", Layout::OneOne, 0)], Some(FormationError::Rows));
        check(vec![coach(1, "a", Layout::OneOne, 41)], Some(FormationError::Rows));
        check(vec![coach(0, "a", Layout::OneOne, 1)], Some(FormationError::Numbers));
        check(vec![coach(1, "a", Layout::OneOne, 1), coach(1, "b", Layout::OneOne, 1)], Some(FormationError::Numbers));
        check((1..=33).map(|number| coach(number, "a", Layout::OneOne, 1)).collect(), Some(FormationError::Coaches));
        check((1..=32).map(|number| coach(number, "a", Layout::OneOne, 1)).collect(), None);
    }

    #[test]
    fn wishes_are_letters_or_positions() {
        let met = |wish| Layout::ThreeTwo.spots().iter().filter(|spot| spot.is(wish)).count();
        assert_eq!(met(Wish::Letter(b'A')), 1);
        assert_eq!(met(Wish::Letter(b'E')), 0);
        assert_eq!(met(Wish::Position(Position::Window)), 2);
        assert_eq!(met(Wish::Position(Position::Lower)), 0);
    }
}
