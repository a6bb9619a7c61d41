//! A train of 16 coaches and 30 stops under random demand, against what could be sold if seats were assigned afterwards.

use fastrand::Rng;

use super::*;
use crate::{
    Timestamp,
    block::Token,
    id::{Id as _, OrderId},
    rail::{
        coach::{Class, Coach, Formation, Layout},
        matrix::Matrix,
        quota::{Quota, Stage},
        row::{Change, Entry, Kind, Row},
    },
};

const STOPS: u16 = 30;
/// How much is asked for, in percent of all there is: more than fits.
const DEMAND_PERCENT: u32 = 150;

fn train() -> (Vec<CoachRow>, u32) {
    let class: Class = "second".parse().unwrap();
    let coach = |number| Coach { number, class: class.clone(), layout: Layout::ThreeTwo, rows: 17 };
    let train = Formation::new((1..=16).map(coach).collect()).unwrap();
    (train.rows(&class), train.seats(&class))
}

/// A random journey: any two stops, each pair as likely as any other.
fn journey(chance: &mut Rng) -> Stretch {
    let (one, other) = (chance.u16(..STOPS), chance.u16(..STOPS - 1));
    let other = if other >= one { other + 1 } else { other };
    Stretch::new(one.min(other), one.max(other)).unwrap()
}

/// An order and the blocks it has seats in.
type Sold = (OrderId, Vec<u16>);

/// The train as it is stored, and as the search for seats sees it.
struct Train {
    rows: Vec<Row>,
    seats: Seats<'static>,
    orders: i64,
}

impl Train {
    fn new(rows: &[CoachRow]) -> Self {
        let empty = |row: &CoachRow| Row::empty(Kind::Coach, row.layout.seats(), STOPS);
        Self { rows: rows.iter().map(empty).collect(), seats: Seats::of(STOPS, rows, |_| None), orders: 0 }
    }

    /// Sells seats through the blocks themselves, which refuse what is taken; says whose they are and in which blocks.
    fn sell(&mut self, claim: &Claim, chance: &mut Rng) -> Option<Sold> {
        let chosen = self.seats.allocate(claim, chance.u64(..))?;
        self.orders += 1;
        let order = OrderId::new(Timestamp::from_millisecond(self.orders).unwrap(), [0; 10]);
        for chosen in &chosen {
            let places = chosen.places(claim.stretch).unwrap();
            let entry = Entry { places, until: None, token: Token([0; 6]), instead_of: None };
            self.write(chosen.row.block, &Change::Hold { order, entry, evict: Vec::new() });
        }
        Some((order, chosen.iter().map(|chosen| chosen.row.block).collect()))
    }

    fn give_back(&mut self, order: OrderId, blocks: &[u16]) {
        for block in blocks {
            let examined = self.rows[usize::from(*block)].examine(order).unwrap();
            self.write(*block, &Change::Release { examined });
        }
    }

    fn write(&mut self, block: u16, change: &Change) {
        let row = &mut self.rows[usize::from(block)];
        row.apply(change).unwrap();
        self.seats.learn(block, row.taken());
    }

    /// Looks at every seat of every block, without the index that the search uses.
    fn has_free(&self, stretch: Stretch) -> bool {
        let is_free = |row: &Row, seat| row.sold(seat).iter().all(|(sold, _)| !sold.overlaps(stretch));
        self.rows.iter().any(|row| (0..row.seats()).any(|seat| is_free(row, seat)))
    }

    fn segments(&self) -> u32 {
        self.rows.iter().flat_map(Row::taken).map(Segments::count).sum()
    }
}

/// What could be sold if nobody had a seat before the train leaves: a claim fits where no segment is full. Stretches are
/// intervals, and intervals of which at most n meet at any point can always be seated on n seats.
struct Afterwards {
    seats: u32,
    load: Vec<u32>,
}

impl Afterwards {
    fn new(seats: u32) -> Self {
        Self { seats, load: vec![0; usize::from(STOPS) - 1] }
    }

    fn segments(&mut self, stretch: Stretch) -> &mut [u32] {
        &mut self.load[usize::from(stretch.from())..usize::from(stretch.to())]
    }

    fn sell(&mut self, stretch: Stretch, count: u32) -> bool {
        let seats = self.seats;
        let fits = self.segments(stretch).iter().all(|load| load + count <= seats);
        if fits {
            for load in self.segments(stretch) {
                *load += count;
            }
        }
        fits
    }

    fn give_back(&mut self, stretch: Stretch) {
        for load in self.segments(stretch) {
            *load -= 1;
        }
    }
}

/// Hundredths of a percent.
fn share(part: u32, whole: u32) -> u32 {
    part * 10_000 / whole
}

/// Sells to parties of up to `largest` until much more was asked for than there is; says how full the train is and how full
/// it could be.
fn fill(seed: u64, largest: u8) -> (u32, u32) {
    let mut chance = Rng::with_seed(seed);
    let (rows, seats) = train();
    let (mut train, mut bound) = (Train::new(&rows), Afterwards::new(seats));
    let all = seats * u32::from(STOPS - 1);
    let mut asked = 0;
    while asked < all * DEMAND_PERCENT / 100 {
        let stretch = journey(&mut chance);
        let count = chance.u8(1..=largest);
        asked += u32::from(count) * u32::from(stretch.segments());
        bound.sell(stretch, u32::from(count));
        let claim = Claim { stretch, count, together: Together::Preferred, wishes: Vec::new() };
        if train.sell(&claim, &mut chance).is_none() && count == 1 {
            assert!(!train.has_free(stretch), "a free seat was refused for {stretch:?}");
        }
    }
    (share(train.segments(), all), share(bound.load.iter().sum(), all))
}

#[test]
fn random_journeys_fill_a_train_as_well_as_seats_assigned_afterwards() {
    for seed in [1, 2, fastrand::u64(..)] {
        eprintln!("seed {seed}");
        let (sold, bound) = fill(seed, 1);
        eprintln!("sold {sold}, could be {bound} (hundredths of a percent)");
        assert!(sold + 100 >= bound, "seed {seed}: {sold} of {bound}");
        let (sold, bound) = fill(seed, 4);
        eprintln!("parties: sold {sold}, could be {bound}");
        assert!(sold + 200 >= bound, "seed {seed}, parties: {sold} of {bound}");
    }
}

/// One in five who asks gives their ticket back some time later.
#[test]
fn tickets_given_back_are_sold_again_and_no_free_seat_is_refused() {
    let seed = fastrand::u64(..);
    eprintln!("seed {seed}");
    let mut chance = Rng::with_seed(seed);
    let (rows, seats) = train();
    let (mut train, mut bound) = (Train::new(&rows), Afterwards::new(seats));
    let mut asked: Vec<(Stretch, Option<Sold>, bool)> = Vec::new();
    for _ in 0..9_000 {
        if chance.u8(..5) == 0 && !asked.is_empty() {
            let (stretch, held, could) = asked.swap_remove(chance.usize(..asked.len()));
            if let Some((order, blocks)) = held {
                train.give_back(order, &blocks);
            }
            if could {
                bound.give_back(stretch);
            }
            continue;
        }
        let stretch = journey(&mut chance);
        let claim = Claim { stretch, count: 1, together: Together::Preferred, wishes: Vec::new() };
        let held = train.sell(&claim, &mut chance);
        assert!(held.is_some() || !train.has_free(stretch), "seed {seed}: a free seat was refused for {stretch:?}");
        asked.push((stretch, held, bound.sell(stretch, 1)));
    }
    let all = seats * u32::from(STOPS - 1);
    let (sold, could) = (share(train.segments(), all), share(bound.load.iter().sum(), all));
    eprintln!("sold {sold}, could be {could} (hundredths of a percent)");
    assert!(sold + 500 >= could, "seed {seed}: {sold} of {could}");
}

/// However many ask for short journeys, what is kept stays free from end to end until it is released.
#[test]
fn short_journeys_do_not_eat_what_is_kept_for_long_ones() {
    let seed = fastrand::u64(..);
    eprintln!("seed {seed}");
    let mut chance = Rng::with_seed(seed);
    let (rows, seats) = train();
    let km: Vec<u32> = (0..u32::from(STOPS)).map(|stop| stop * 50).collect();
    let quota = Quota::new(1_000, vec![Stage { until_minutes_before: 600, percent: 25 }]).unwrap();
    let guard = |minutes_before| quota.guard(rows.len(), minutes_before, &km);
    let mut seats_left = Seats::of(STOPS, &rows, |_| None);
    let end_to_end = Stretch::new(0, STOPS - 1).unwrap();
    for minutes_before in [601, 600] {
        for _ in 0..6_000 {
            let stretch = journey(&mut chance);
            let claim = Claim { stretch, count: 1, together: Together::Apart, wishes: Vec::new() };
            if guard(minutes_before).is_long(stretch) {
                continue;
            }
            for chosen in seats_left.clone().kept_by(guard(minutes_before)).allocate(&claim, 0).unwrap_or_default() {
                let known = &seats_left.rows()[usize::from(chosen.row.block)];
                let (mut taken, seat) = (known.taken().to_vec(), usize::from(chosen.seats[0]));
                taken[seat] = taken[seat].with(Segments::of(stretch));
                seats_left.learn(chosen.row.block, taken);
            }
        }
        let left = Matrix::of(&seats_left, &guard(minutes_before)).left(end_to_end);
        let expected = if minutes_before > 600 { seats / 4 } else { 0 };
        assert_eq!(left, expected, "seed {seed}, {minutes_before} minutes before");
    }
}
