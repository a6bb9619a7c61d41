//! Which seats a party gets: best available, named seats, and the rule that nobody is left a single seat.
//!
//! A [`Hall`] is a map made ready for searching: a word of bits for each row, so that all runs of neighbours of a row are
//! found, and those that would leave somebody alone taken out, by a handful of shifts. It is made once for each version of a
//! map. Everything here is advice: whether a seat is still there, its block says.

use crate::{
    order::Quantity,
    venue::{Point, RowIndex, SeatIndex, SeatKind, SeatMap, SeatSet},
};

mod named;
mod sale;
mod scan;
mod split;

pub use named::{Named, Refusal};
pub use sale::{Channel, ChannelError, HoldBack, Part, PartError, Seating, Unknown, withheld};

use scan::Scan;

/// A map made ready for searching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hall {
    rows: Vec<HallRow>,
}

/// One row made ready for searching. Bit n stands for the n-th seat.
#[derive(Clone, Debug, PartialEq, Eq)]
struct HallRow {
    first: SeatIndex,
    /// Whether the seat and the next one are neighbours.
    link: u128,
    accessible: u128,
    companion: u128,
    at: Vec<Point>,
    /// How far the seats before the n-th are from the focus, together, in centimetres.
    far: Vec<u32>,
    nearest: u32,
    /// The corners of the row.
    low: Point,
    high: Point,
}

/// Neighbours in one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Group {
    /// The row.
    pub row: RowIndex,
    /// The first seat's place in the row.
    pub first: u8,
    /// How many seats.
    pub count: u8,
}

/// What there is for one buyer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    open: SeatSet,
    usable: SeatSet,
}

impl Offer {
    /// Of the seats that nobody has, those that this buyer may take: of the right price, and not withheld.
    pub fn new(open: SeatSet, mut usable: SeatSet) -> Self {
        usable.keep(&open);
        Self { open, usable }
    }

    /// Seats that nobody has.
    pub const fn open(&self) -> &SeatSet {
        &self.open
    }

    /// Seats that this buyer may take.
    pub const fn usable(&self) -> &SeatSet {
        &self.usable
    }

    /// Notes that somebody has these seats.
    fn take(&mut self, groups: &[Group]) {
        let gone = groups.iter().fold(SeatSet::like(&self.open), |mut gone, group| {
            gone.insert_row(group.row, group.bits());
            gone
        });
        self.open.remove(&gone);
        self.usable.remove(&gone);
    }
}

/// The organiser's switch: which single seats must not be left between others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OrphanRule {
    /// Anything goes.
    Off,
    /// None between two taken seats.
    #[default]
    Between,
    /// None between two taken seats, nor between one and an aisle.
    Edges,
}

impl OrphanRule {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Off, Self::Between, Self::Edges];

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Between => "between",
            Self::Edges => "edges",
        }
    }

    /// Reads [`OrphanRule::word`] back.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.word() == word)
    }
}

/// Who wants to sit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// How many.
    pub quantity: Quantity,
    /// How many of them need an accessible seat. Accessible and companion seats are for such parties alone.
    pub wheelchairs: u8,
    /// Which single seats they must not leave.
    pub rule: OrphanRule,
}

/// Which of the best a party gets: where many look at once, each takes another, or all but one of them are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Among how many, as if so many parties had come at once; 1 is the very best.
    pub among: u8,
    /// A number drawn at random.
    pub chance: u32,
}

impl Choice {
    /// The very best.
    pub const BEST: Self = Self { among: 1, chance: 0 };
    /// The most among which is chosen.
    pub const MOST: u8 = u8::MAX;

    /// The most that are passed over where parties are split.
    const MOST_SPLIT: u32 = 3;

    fn passed_over(self) -> u32 {
        self.chance % u32::from(self.among.clamp(1, Self::MOST))
    }
}

/// How well a party is seated. Each is tried where the one before finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grade {
    Together,
    TogetherLax,
    Split(usize),
    SplitLax(usize),
}

impl Grade {
    const fn is_lax(self) -> bool {
        matches!(self, Self::TogetherLax | Self::SplitLax(_))
    }
}

impl Group {
    /// The group's seats as bits of their row.
    pub const fn bits(self) -> u128 {
        crate::venue::lowest(self.count as usize) << self.first
    }
}

impl Hall {
    /// Makes a map ready for searching.
    pub fn of(map: &SeatMap) -> Self {
        let rows = map.rows().map(|(_, section, row, first)| {
            let focus = section.focus.unwrap_or_else(|| map.focus());
            HallRow::of(first, row, focus)
        });
        Self { rows: rows.collect() }
    }

    /// The best seats for a party: neighbours in one row nearest the focus, without leaving anybody alone if that can be;
    /// else several groups, as few and as near to each other as can be. Nothing where there are too few seats.
    pub fn best(&self, offer: &Offer, party: &Party, choice: Choice) -> Option<Vec<Group>> {
        let (grade, mut best) = self.very_best(offer, party)?;
        let mut left = offer.clone();
        left.take(&best);
        // A hall in which parties have to split up is nearly full, and each search is longer.
        let most = if best.len() > 1 { Choice::MOST_SPLIT } else { u32::MAX };
        for _ in 0..choice.passed_over().min(most) {
            match self.very_best(&left, party) {
                // Nobody is seated worse for others who may not be there. What they would leave is looked at as if they
                // were not.
                Some((next, groups)) if next == grade => {
                    left.take(&groups);
                    if grade.is_lax() || self.leaves_nobody_alone(offer, party, &groups) {
                        best = groups;
                    }
                }
                _ => break,
            }
        }
        Some(best)
    }

    /// How many seats there are for such a party, whatever its size: none where too few are accessible, and for a party without
    /// a wheelchair only those that are not kept for others.
    pub fn left(&self, offer: &Offer, party: &Party) -> u32 {
        let scan = Scan::new(self, offer, party, OrphanRule::Off);
        let accessible: u32 = scan.rows().map(|row| (row.usable() & row.row.accessible).count_ones()).sum();
        if accessible < u32::from(party.wheelchairs) {
            return 0;
        }
        scan.rows().map(|row| row.usable().count_ones()).sum()
    }

    fn very_best(&self, offer: &Offer, party: &Party) -> Option<(Grade, Vec<Group>)> {
        let strict = Scan::new(self, offer, party, party.rule);
        let lax = Scan::new(self, offer, party, OrphanRule::Off);
        let one = |group| vec![group];
        None.or_else(|| strict.together().map(one).map(|found| (Grade::Together, found)))
            .or_else(|| lax.together().map(one).map(|found| (Grade::TogetherLax, found)))
            .or_else(|| strict.split().map(|found| (Grade::Split(found.len()), found)))
            .or_else(|| lax.split().map(|found| (Grade::SplitLax(found.len()), found)))
    }

    fn leaves_nobody_alone(&self, offer: &Offer, party: &Party, groups: &[Group]) -> bool {
        groups.iter().all(|group| {
            let others = groups.iter().filter(|other| other.row == group.row);
            let chosen = others.fold(0, |bits, other| bits | other.bits());
            let row = self.rows.get(usize::from(group.row.0));
            row.is_none_or(|row| scan::view(group.row, row, offer, party).orphans(chosen, party.rule) == 0)
        })
    }

    /// The seats of groups, in order.
    pub fn seats(&self, groups: &[Group]) -> Vec<SeatIndex> {
        let mut groups = groups.to_vec();
        groups.sort_unstable();
        let seats = groups.iter().filter_map(|group| {
            let first = self.rows.get(usize::from(group.row.0))?.first.0 + u16::from(group.first);
            Some((first..first + u16::from(group.count)).map(SeatIndex))
        });
        seats.flatten().collect()
    }
}

impl HallRow {
    fn of(first: SeatIndex, row: &crate::venue::Row, focus: Point) -> Self {
        let of_kind = |kind| bits(row.seats.iter().map(|seat| seat.kind == kind));
        let last = row.seats.len().saturating_sub(1);
        let at: Vec<Point> = row.seats.iter().map(|seat| seat.at).collect();
        let distances: Vec<u32> = at.iter().map(|at| at.distance(focus)).collect();
        let far = std::iter::once(0).chain(distances.iter().scan(0, |sum, far| {
            *sum += far;
            Some(*sum)
        }));
        Self {
            first,
            link: bits(row.seats.iter().map(|seat| !seat.is_last)) & crate::venue::lowest(last),
            accessible: of_kind(SeatKind::Accessible),
            companion: of_kind(SeatKind::Companion),
            far: far.collect(),
            nearest: distances.iter().copied().min().unwrap_or(0),
            low: at.iter().copied().reduce(Point::lower).unwrap_or_default(),
            high: at.iter().copied().reduce(Point::upper).unwrap_or_default(),
            at,
        }
    }

    /// How far the seats of a group are from the focus, together.
    fn far(&self, first: u8, count: u8) -> u32 {
        let (from, to) = (usize::from(first), usize::from(first) + usize::from(count));
        self.far.get(to).zip(self.far.get(from)).map_or(u32::MAX, |(to, from)| to - from)
    }

    /// The middle of a group.
    fn middle(&self, first: u8, count: u8) -> Point {
        let seat = |place: u8| self.at.get(usize::from(place)).copied().unwrap_or_default();
        seat(first).between(seat(first + count - 1))
    }
}

fn bits(flags: impl Iterator<Item = bool>) -> u128 {
    flags.enumerate().filter(|(_, flag)| *flag).fold(0, |bits, (place, _)| bits | 1 << place)
}

#[cfg(test)]
mod tests;
