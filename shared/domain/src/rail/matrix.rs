//! How many seats of a class are left from each stop to each later one.

use crate::rail::{allocate::Seats, quota::Guard, stretch::Stretch};

/// Free seats for every stretch of a run. It is for showing; a sale looks at the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    stops: u16,
    /// The stretches in the order of their beginning, then of their end.
    left: Vec<u32>,
}

impl Matrix {
    /// Counts the free seats of a class.
    ///
    /// A seat that is free for `[a, b)` can be sold for every stretch in it, so each gap is counted once, at its corner,
    /// and the sums over all corners that cover a stretch are taken in one walk: the work is a few steps per gap and per
    /// stretch, not the product of seats and stretches.
    pub fn of(seats: &Seats<'_>, guard: &Guard<'_>) -> Self {
        Self::of_gaps(seats.stops(), seats.gaps().map(|(row, gap)| (row, gap, 1)), guard)
    }

    /// Counts free stretches that are told as the place of their row among the rows of the class, the stretch, and how many
    /// seats of the row are free for just that. A stretch that the run does not have is not counted.
    pub fn of_gaps(stops: u16, gaps: impl IntoIterator<Item = (usize, Stretch, u32)>, guard: &Guard<'_>) -> Self {
        let mut open = Corners::new(stops);
        let mut kept = Corners::new(stops);
        for (row, gap, seats) in gaps.into_iter().filter(|(_, gap, _)| gap.to() < stops) {
            // A kept seat counts for long journeys alone, but only where such a journey still fits.
            let corners = if guard.keeps(row) && guard.is_long(gap) { &mut kept } else { &mut open };
            corners.add(gap, seats);
        }
        let (open, kept) = (open.sums(), kept.sums());
        let stretches = stretches(stops);
        let count = |stretch: Stretch| {
            let kept = if guard.is_long(stretch) { kept.at(stretch) } else { 0 };
            open.at(stretch) + kept
        };
        Self { stops, left: stretches.map(count).collect() }
    }

    /// How many seats are left for a stretch; none for one that the run does not have.
    pub fn left(&self, stretch: Stretch) -> u32 {
        let place = |stretch: Stretch| {
            let (from, stops) = (usize::from(stretch.from()), usize::from(self.stops));
            // Rows of the triangle before this one have stops-1, stops-2, … cells.
            let before = from * stops - from * (from + 1) / 2;
            before + usize::from(stretch.segments()) - 1
        };
        if stretch.to() >= self.stops { 0 } else { self.left.get(place(stretch)).copied().unwrap_or_default() }
    }

    /// How many stops the run has.
    pub const fn stops(&self) -> u16 {
        self.stops
    }

    /// The counts as they are stored: by the stop where a stretch begins, then by that where it ends.
    pub fn counts(&self) -> &[u32] {
        &self.left
    }

    /// The matrix as it was stored; nothing where the numbers are not those of a run with that many stops.
    pub fn restore(stops: u16, left: Vec<u32>) -> Option<Self> {
        (stretches(stops).count() == left.len()).then_some(Self { stops, left })
    }
}

fn stretches(stops: u16) -> impl Iterator<Item = Stretch> {
    (0..stops).flat_map(move |from| (from + 1..stops).filter_map(move |to| Stretch::new(from, to).ok()))
}

/// How many gaps have each beginning and end.
struct Corners {
    stops: usize,
    cells: Vec<u32>,
}

impl Corners {
    fn new(stops: u16) -> Self {
        let stops = usize::from(stops);
        Self { stops, cells: vec![0; stops * stops] }
    }

    fn add(&mut self, gap: Stretch, seats: u32) {
        let place = usize::from(gap.from()) * self.stops + usize::from(gap.to());
        if let Some(cell) = self.cells.get_mut(place) {
            *cell += seats;
        }
    }

    /// Lets each cell count the gaps that begin no later and end no earlier.
    fn sums(mut self) -> Self {
        for from in 0..self.stops {
            for to in (0..self.stops).rev() {
                let here = from * self.stops + to;
                let (wider, earlier) = (to + 1 < self.stops, from > 0);
                let mut sum = self.cells[here];
                sum += if wider { self.cells[here + 1] } else { 0 };
                sum += if earlier { self.cells[here - self.stops] } else { 0 };
                sum -= if wider && earlier { self.cells[here + 1 - self.stops] } else { 0 };
                self.cells[here] = sum;
            }
        }
        self
    }

    fn at(&self, stretch: Stretch) -> u32 {
        let place = usize::from(stretch.from()) * self.stops + usize::from(stretch.to());
        self.cells.get(place).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rail::{
        coach::{CoachRow, Layout},
        quota::{Quota, Stage},
        stretch::Segments,
    };

    /// Rows of two seats with these stretches sold.
    fn seats(stops: u16, sold: &[Vec<Stretch>]) -> Seats<'static> {
        let row =
            |block: u16| CoachRow { block, coach: 1, row: u8::try_from(block).unwrap() + 1, layout: Layout::OneOne };
        let taken = |seats: &[Vec<Stretch>]| -> Vec<Segments> {
            (0..2).map(|seat| seats.get(seat).into_iter().flatten().copied().collect()).collect()
        };
        Seats::new(stops, (0..).zip(sold.chunks(2)).map(|(block, pair)| (row(block), taken(pair))))
    }

    fn cases() -> impl Strategy<Value = (u16, Vec<Vec<Stretch>>)> {
        (2..20_u16).prop_flat_map(|stops| {
            let stretch = (0..stops - 1, 1..stops)
                .prop_map(move |(from, length)| Stretch::new(from, (from + length).min(stops - 1)).unwrap());
            (Just(stops), proptest::collection::vec(proptest::collection::vec(stretch, 0..4), 1..9))
        })
    }

    proptest! {
        #[test]
        fn the_matrix_counts_what_counting_one_by_one_counts((stops, sold) in cases(), least in 0..20_u32, kept in 0..=100_u8) {
            let km: Vec<u32> = (0..u32::from(stops)).collect();
            let quota = Quota::new(least, vec![Stage { until_minutes_before: 0, percent: kept }]).unwrap();
            let seats = seats(stops, &sold);
            let guard = quota.guard(seats.rows().len(), 1, &km);
            let matrix = Matrix::of(&seats, &guard);
            for stretch in stretches(stops) {
                let free = |seat: &Segments, row| {
                    seat.gap_around(stretch, stops).is_some_and(|gap| !guard.bars(row, gap, stretch))
                };
                let rows = seats.rows().iter().enumerate();
                let count: usize = rows.map(|(row, seats)| seats.taken().iter().filter(|seat| free(seat, row)).count()).sum();
                prop_assert_eq!(usize::try_from(matrix.left(stretch)).unwrap(), count, "{:?}", stretch);
            }
            prop_assert_eq!(Matrix::restore(stops, matrix.counts().to_vec()), Some(matrix));
        }
    }

    #[test]
    fn a_run_of_a_hundred_stops_has_4950_stretches() {
        let sold = vec![vec![Stretch::new(10, 20).unwrap()], vec![]];
        let matrix = Matrix::of(&seats(100, &sold), &Guard::OPEN);
        assert_eq!(matrix.counts().len(), 4_950);
        let left = |from, to| matrix.left(Stretch::new(from, to).unwrap());
        assert_eq!((left(0, 99), left(0, 10), left(20, 99), left(15, 16), left(0, 100)), (1, 2, 2, 1, 0));
        assert_eq!(Matrix::restore(99, matrix.counts().to_vec()), None);
    }
}
