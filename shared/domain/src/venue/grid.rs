//! Rows by rule: "20 rows of 40 seats, an aisle after the tenth", so that an organiser needs no drawing.

use super::{Category, Label, Point, Row, Seat, SeatKind, SeatMap};

/// How rows are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lettering {
    /// `1`, `2`, `3`, from that number.
    Numbers {
        /// The first row.
        from: u16,
    },
    /// `A` to `Z`, then `AA`.
    Letters,
}

/// How the seats of a row are numbered, seen from the seats towards the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// 1 is the leftmost.
    FromLeft,
    /// 1 is the rightmost.
    FromRight,
    /// From the middle outwards, odd to the left and even to the right: 5 3 1 2 4 6.
    OddEven,
}

/// How rows bend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// They do not.
    Straight,
    /// Their ends come towards the stage, as on a circle of that radius in centimetres.
    Bow {
        /// Centimetres; at least [`Grid::TIGHTEST`].
        radius: u32,
    },
}

/// A rule for the rows of a section. Measures are in centimetres.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// How many rows.
    pub rows: u16,
    /// Seats in each.
    pub seats: u16,
    /// After which seats there is an aisle, counted from 1 at the left.
    pub aisles: Vec<u16>,
    /// How rows are named.
    pub lettering: Lettering,
    /// How seats are numbered.
    pub numbering: Numbering,
    /// The middle of the first row.
    pub at: Point,
    /// From one seat to the next.
    pub seat_width: u16,
    /// From one row to the next.
    pub row_depth: u16,
    /// What an aisle adds.
    pub aisle_width: u16,
    /// How rows bend.
    pub curve: Curve,
    /// Categories of rows that are not the section's: up to and with that row, counted from 1, in order.
    pub bands: Vec<(u16, Category)>,
    /// Seats that are not for anybody: row and seat, both counted from 1.
    pub kinds: Vec<(u16, u16, SeatKind)>,
}

/// Why there are no rows by a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GridError {
    /// No rows, or more than a map may have.
    #[error("must be 1 to {} rows", SeatMap::ROWS)]
    Rows,
    /// No seats, or more than a row may have.
    #[error("must be 1 to {} seats in a row", SeatMap::IN_A_ROW)]
    Seats,
    /// More seats in all than a map may have.
    #[error("must be at most {} seats", SeatMap::SEATS)]
    TooLarge,
    /// Some seat is off the plan.
    #[error("does not fit on the plan")]
    OffThePlan,
    /// The circle is too small.
    #[error("must be a radius of at least {} centimetres", Grid::TIGHTEST)]
    TooTight,
    /// A row's name is too long to be printed.
    #[error("must name rows by at most {} characters", Label::MOST)]
    Label,
}

impl Grid {
    /// The smallest radius of a curve, in centimetres.
    pub const TIGHTEST: u32 = 300;

    /// A rule with the usual measures, named and numbered from 1.
    pub const fn of(rows: u16, seats: u16) -> Self {
        Self {
            rows,
            seats,
            aisles: Vec::new(),
            lettering: Lettering::Numbers { from: 1 },
            numbering: Numbering::FromLeft,
            at: Point { x: 0, y: 600 },
            seat_width: 55,
            row_depth: 95,
            aisle_width: 110,
            curve: Curve::Straight,
            bands: Vec::new(),
            kinds: Vec::new(),
        }
    }

    /// The rows by this rule.
    pub fn build(&self) -> Result<Vec<Row>, GridError> {
        if !(1..=SeatMap::ROWS).contains(&self.rows.into()) {
            return Err(GridError::Rows);
        }
        if !(1..=SeatMap::IN_A_ROW).contains(&self.seats.into()) {
            return Err(GridError::Seats);
        }
        if usize::from(self.rows) * usize::from(self.seats) > SeatMap::SEATS {
            return Err(GridError::TooLarge);
        }
        if matches!(self.curve, Curve::Bow { radius } if radius < Self::TIGHTEST) {
            return Err(GridError::TooTight);
        }
        let across = self.across();
        (0..self.rows).map(|row| self.row(row, &across)).collect()
    }

    /// How far each seat stands from the middle, in centimetres.
    fn across(&self) -> Vec<i64> {
        let mut at = 0;
        let mut across = Vec::with_capacity(self.seats.into());
        for seat in 1..=self.seats {
            across.push(at);
            at += i64::from(self.seat_width);
            if self.has_aisle_after(seat) {
                at += i64::from(self.aisle_width);
            }
        }
        let middle = across.last().copied().unwrap_or(0) / 2;
        across.iter().map(|at| at - middle).collect()
    }

    fn row(&self, row: u16, across: &[i64]) -> Result<Row, GridError> {
        let y = i64::from(self.at.y) + i64::from(row) * i64::from(self.row_depth);
        let seats = (1..).zip(across).map(|(seat, across)| {
            // The sagitta of a circle, near enough for a drawing and the same on every machine.
            let bow = match self.curve {
                Curve::Straight => 0,
                Curve::Bow { radius } => across * across / (2 * i64::from(radius)),
            };
            let at = Point::parse(i64::from(self.at.x) + across, y - bow).map_err(|_| GridError::OffThePlan)?;
            let kind = self
                .kinds
                .iter()
                .find(|(r, s, _)| (*r, *s) == (row + 1, seat))
                .map_or_else(Default::default, |found| found.2);
            Ok(Seat { label: self.number(seat).into(), at, kind, is_last: self.has_aisle_after(seat) })
        });
        let category = self.bands.iter().find(|(last, _)| row < *last).map(|(_, category)| category.clone());
        Ok(Row { label: self.letter(row)?, category, seats: seats.collect::<Result<_, _>>()? })
    }

    fn has_aisle_after(&self, seat: u16) -> bool {
        seat < self.seats && self.aisles.contains(&seat)
    }

    /// The number of the seat that is the n-th from the left, counted from 1.
    const fn number(&self, seat: u16) -> u16 {
        let left = self.seats.div_ceil(2);
        match self.numbering {
            Numbering::FromLeft => seat,
            Numbering::FromRight => self.seats + 1 - seat,
            Numbering::OddEven if seat <= left => 2 * (left - seat) + 1,
            Numbering::OddEven => 2 * (seat - left),
        }
    }

    fn letter(&self, row: u16) -> Result<Label, GridError> {
        let text = match self.lettering {
            Lettering::Numbers { from } => (u32::from(from) + u32::from(row)).to_string(),
            Lettering::Letters => letters(row),
        };
        text.parse().map_err(|_| GridError::Label)
    }
}

/// `A` to `Z`, `AA` to `AZ`, `BA` and so on.
fn letters(number: u16) -> String {
    let (before, last) = (number / 26, char::from(b'A' + (number % 26).to_le_bytes()[0]));
    if before == 0 { last.to_string() } else { format!("{}{last}", letters(before - 1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(row: &Row) -> String {
        row.seats.iter().map(|seat| seat.label.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn rows_and_seats_are_named_by_the_rule() {
        let odd_even = Grid { numbering: Numbering::OddEven, ..Grid::of(1, 6) }.build().unwrap();
        assert_eq!(labels(&odd_even[0]), "5 3 1 2 4 6");
        let odd_even = Grid { numbering: Numbering::OddEven, ..Grid::of(1, 5) }.build().unwrap();
        assert_eq!(labels(&odd_even[0]), "5 3 1 2 4");
        let right = Grid { numbering: Numbering::FromRight, ..Grid::of(1, 3) }.build().unwrap();
        assert_eq!(labels(&right[0]), "3 2 1");
        let rows = Grid { lettering: Lettering::Letters, ..Grid::of(703, 1) }.build().unwrap();
        let names: Vec<_> = [0, 25, 26, 51, 52, 701, 702].map(|row: usize| rows[row].label.to_string()).into();
        assert_eq!(names, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
        let rows = Grid { lettering: Lettering::Numbers { from: 65_535 }, ..Grid::of(2, 1) }.build().unwrap();
        assert_eq!(rows[1].label.as_str(), "65536");
    }

    #[test]
    fn an_aisle_is_wider_and_parts_neighbours() {
        let rows = Grid { aisles: vec![2, 4], ..Grid::of(2, 4) }.build().unwrap();
        assert_eq!(rows[0].seats.iter().map(|seat| seat.at.x()).collect::<Vec<_>>(), [-137, -82, 83, 138]);
        assert_eq!(rows[0].stretches(), [0..2, 2..4], "no aisle behind the last seat");
        assert_eq!(rows[1].seats[0].at.y() - rows[0].seats[0].at.y(), 95);
    }

    #[test]
    fn a_curve_brings_the_ends_forward_and_leaves_the_middle() {
        let rows = Grid { curve: Curve::Bow { radius: 1_000 }, ..Grid::of(1, 21) }.build().unwrap();
        let depths: Vec<i32> = rows[0].seats.iter().map(|seat| seat.at.y()).collect();
        assert_eq!((depths[10], depths[0], depths[20]), (600, 449, 449));
    }

    #[test]
    fn bands_and_kinds_are_by_row_and_seat() {
        let front = Category("A".parse().unwrap());
        let grid =
            Grid { bands: vec![(1, front.clone())], kinds: vec![(2, 3, SeatKind::Accessible)], ..Grid::of(2, 3) };
        let rows = grid.build().unwrap();
        assert_eq!((rows[0].category.as_ref(), rows[1].category.as_ref()), (Some(&front), None));
        let kinds: Vec<_> = rows[1].seats.iter().map(|seat| seat.kind).collect();
        assert_eq!(kinds, [SeatKind::Regular, SeatKind::Regular, SeatKind::Accessible]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let check = |grid: Grid, wrong| assert_eq!(grid.build(), Err(wrong));
        check(Grid::of(0, 1), GridError::Rows);
        check(Grid::of(2_001, 1), GridError::Rows);
        check(Grid::of(1, 0), GridError::Seats);
        check(Grid::of(1, 129), GridError::Seats);
        check(Grid::of(157, 128), GridError::TooLarge);
        check(Grid { row_depth: 60_000, ..Grid::of(3, 1) }, GridError::OffThePlan);
        check(Grid { curve: Curve::Bow { radius: 1 }, ..Grid::of(1, 1) }, GridError::TooTight);
    }
}
