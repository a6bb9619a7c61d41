//! Where the entry of a seat lies: how rows are cut into blocks, and how seats keep their place when the map changes.
//!
//! Each section of a session is a pool of its own. Neighbours share a block where sixteen allow it, so that a party costs one
//! write. What is cut together says nothing about who is a neighbour of whom: that is the map's business.

use std::collections::BTreeMap;

use super::{Row, SeatIndex, SeatMap, SeatName, SectionId};
use crate::row::{Place, Places, RowBlock};

/// Where the entry of a seat lies, in the pool of its section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// The block's number in the section's pool, from 0.
    pub block: u16,
    /// The place in the block.
    pub place: Place,
}

/// The addresses of one version's seats, and those that seats of earlier versions had: an address is never given twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    seats: Vec<Address>,
    retired: Vec<(SectionId, Address)>,
}

/// More seats have been taken away over time than are remembered, or a section has had more blocks than can be numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the map has lost more than {} seats over time: make a new venue", Addresses::RETIRED)]
pub struct WornOut;

impl Addresses {
    /// The most addresses of removed seats that are remembered.
    pub const RETIRED: usize = SeatMap::SEATS;

    /// The addresses of a map that had no version before: at most 20 000 blocks.
    pub(super) fn first(map: &SeatMap) -> Result<Self, WornOut> {
        assign(map, &BTreeMap::new(), Vec::new(), &BTreeMap::new())
    }

    /// The addresses of the next version: seats keep theirs by name, new ones get new blocks.
    pub(super) fn next(&self, old: &SeatMap, new: &SeatMap) -> Result<Self, WornOut> {
        let mut known: BTreeMap<SeatName, Address> = BTreeMap::new();
        let mut retired = self.retired.clone();
        let stays = new.names();
        for (name, seat) in old.names() {
            match self.of(seat) {
                Some(address) if stays.contains_key(&name) => drop(known.insert(name, address)),
                Some(address) => retired.push((name.section, address)),
                None => {}
            }
        }
        if retired.len() > Self::RETIRED {
            return Err(WornOut);
        }
        retired.sort();
        assign(new, &known, retired, &self.used(old))
    }

    /// Addresses as they were stored; `None` where the map has another number of seats, or two share an address.
    pub fn restore(map: &SeatMap, seats: Vec<Address>, retired: Vec<(SectionId, Address)>) -> Option<Self> {
        let restored = Self { seats, retired };
        let all = restored.all(map);
        let given = restored.seats.len() + restored.retired.len();
        let blocks = all.values().flat_map(BTreeMap::values);
        let places: usize = blocks.map(|(live, retired)| usize::from(live.with(*retired).count())).sum();
        (restored.seats.len() == usize::from(map.len()) && places == given).then_some(restored)
    }

    /// Where the entry of a seat lies.
    pub fn of(&self, seat: SeatIndex) -> Option<Address> {
        self.seats.get(usize::from(seat.0)).copied()
    }

    /// The addresses of all seats, in order.
    pub fn seats(&self) -> &[Address] {
        &self.seats
    }

    /// The addresses that seats of earlier versions had.
    pub fn retired(&self) -> &[(SectionId, Address)] {
        &self.retired
    }

    /// The blocks of one section as a session begins with them, retired places closed, with their numbers. There are no
    /// gaps in the numbers.
    pub fn blocks(&self, map: &SeatMap, section: &SectionId) -> Vec<(u16, RowBlock)> {
        self.all(map).get(section).map(begin).unwrap_or_default()
    }

    /// [`Addresses::blocks`] of every section, also of those that only earlier versions had.
    pub fn every_block(&self, map: &SeatMap) -> BTreeMap<SectionId, Vec<(u16, RowBlock)>> {
        self.all(map).into_iter().map(|(section, used)| (section, begin(&used))).collect()
    }

    /// How many blocks each section has, sections of earlier versions too: whose last seats are gone still have theirs, all
    /// closed, so that one that comes back goes on where it ended.
    pub fn used(&self, map: &SeatMap) -> BTreeMap<SectionId, u16> {
        let all = self.all(map).into_iter();
        all.filter_map(|(section, blocks)| Some((section, blocks.keys().next_back()? + 1))).collect()
    }

    /// The live and the retired places of every block.
    fn all(&self, map: &SeatMap) -> BTreeMap<SectionId, Used> {
        let mut all: BTreeMap<SectionId, Used> = BTreeMap::new();
        for (_, section, row, first) in map.rows() {
            let blocks = all.entry(section.id.clone()).or_default();
            for address in self.seats.iter().skip(first.0.into()).take(row.seats.len()) {
                let (live, _) = blocks.entry(address.block).or_default();
                *live = live.with(Places::one(address.place));
            }
        }
        for (section, address) in &self.retired {
            let (_, retired) = all.entry(section.clone()).or_default().entry(address.block).or_default();
            *retired = retired.with(Places::one(address.place));
        }
        all
    }
}

/// The live and the retired places of a section's blocks, by number.
type Used = BTreeMap<u16, (Places, Places)>;

/// A section's blocks as a session begins with them.
fn begin(used: &Used) -> Vec<(u16, RowBlock)> {
    let count = used.keys().next_back().map_or(0, |last| last + 1);
    let block = |number| {
        let (live, retired) = used.get(&number).copied().unwrap_or_default();
        let size = live.with(retired).bits().checked_ilog2().map_or(0, |highest| highest + 1);
        let size = u8::try_from(size).unwrap_or(Place::COUNT);
        RowBlock::restore(size, Places::first(size).without(live), BTreeMap::new())
    };
    (0..count).filter_map(|number| Some((number, block(number)?))).collect()
}

/// Gives every seat that has no address one in a new block.
fn assign(
    map: &SeatMap,
    known: &BTreeMap<SeatName, Address>,
    retired: Vec<(SectionId, Address)>,
    used: &BTreeMap<SectionId, u16>,
) -> Result<Addresses, WornOut> {
    let mut used = used.clone();
    let mut seats = Vec::with_capacity(map.len().into());
    for (_, section, found, first) in map.rows() {
        let old = |seat: u16| known.get(&map.name(SeatIndex(seat))?).copied();
        let mut addresses: Vec<Option<Address>> = (first.0..).take(found.seats.len()).map(old).collect();
        let next = used.entry(section.id.clone()).or_default();
        for block in cut(&runs(found, &addresses)) {
            for (place, seat) in (0..).zip(block) {
                let place = Place::parse(place).map_err(|_| WornOut)?;
                addresses[seat] = Some(Address { block: *next, place });
            }
            *next = next.checked_add(1).ok_or(WornOut)?;
        }
        seats.extend(addresses.into_iter().flatten());
    }
    Ok(Addresses { seats, retired })
}

/// Neighbours without an address, by their places in the row.
fn runs(row: &Row, addresses: &[Option<Address>]) -> Vec<Vec<usize>> {
    let is_new = |place: &usize| addresses[*place].is_none();
    let stretches = row.stretches().into_iter();
    stretches
        .flat_map(|stretch| {
            let places: Vec<usize> = stretch.collect();
            let parts = places.chunk_by(|one, other| is_new(one) == is_new(other)).map(<[usize]>::to_vec);
            parts.filter(|part| part.first().is_some_and(is_new)).collect::<Vec<_>>()
        })
        .collect()
}

/// Puts runs of neighbours into blocks of at most sixteen: whole where they fit, several short ones together, long ones in
/// equal parts, so that the fewest parties lie across two blocks.
fn cut(runs: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let most = usize::from(Place::COUNT);
    let mut blocks: Vec<Vec<usize>> = Vec::new();
    for run in runs {
        match blocks.last_mut() {
            Some(last) if last.len() + run.len() <= most => last.extend(run),
            _ => {
                let parts = run.len().div_ceil(most).max(1);
                let bound = |part: usize| run.len() * part / parts;
                blocks.extend((0..parts).map(|part| run[bound(part)..bound(part + 1)].to_vec()));
            }
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(runs: &[usize]) -> Vec<usize> {
        let mut next = 0;
        let runs: Vec<Vec<usize>> = runs
            .iter()
            .map(|length| {
                (0..*length)
                    .map(|_| {
                        next += 1;
                        next - 1
                    })
                    .collect()
            })
            .collect();
        let blocks = cut(&runs);
        assert_eq!(blocks.concat(), (0..next).collect::<Vec<_>>(), "every seat once, in order");
        blocks.iter().map(Vec::len).collect()
    }

    #[test]
    fn neighbours_share_a_block_where_sixteen_allow_it() {
        assert_eq!(lengths(&[16]), [16]);
        assert_eq!(lengths(&[17]), [8, 9], "equal parts");
        assert_eq!(lengths(&[40]), [13, 13, 14]);
        assert_eq!(lengths(&[10, 30]), [10, 15, 15], "cut at the aisle");
        assert_eq!(lengths(&[2, 2, 2, 2]), [8], "short runs together");
        assert_eq!(lengths(&[10, 10, 6]), [10, 16], "a run is not cut where it fits into the next");
        assert_eq!(lengths(&[128]), [16; 8]);
        assert_eq!(lengths(&[]), [0; 0]);
    }
}
