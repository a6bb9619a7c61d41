//! Versions of a seat map, and what it means for a session to move from one to the next.

use std::{collections::BTreeMap, fmt};

use super::{Address, Addresses, SeatIndex, SeatMap, SeatName, SeatSet, SectionId, WornOut};
use crate::row::{Places, RowBlock};

/// One version of a venue's seat map. It never changes: an event refers to it by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    number: u32,
    map: SeatMap,
    addresses: Addresses,
}

/// Seats that somebody has and that the newer map does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Lost(pub Vec<SeatName>);

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} seats that are held or sold would be lost", self.0.len())
    }
}

/// What a session needs to move to a newer version, in this order: closed seats can no longer be sold by whoever still has the
/// older map, and a new block is there before anybody looks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Move {
    /// Places to close, by section and block.
    pub close: BTreeMap<(SectionId, u16), Places>,
    /// Blocks to create, by section and number.
    pub create: BTreeMap<(SectionId, u16), RowBlock>,
}

impl Version {
    /// The first version of a map.
    pub fn first(map: SeatMap) -> Result<Self, WornOut> {
        let addresses = Addresses::first(&map)?;
        Ok(Self { number: 1, map, addresses })
    }

    /// The next version: every seat that is still there keeps its address.
    pub fn next(&self, map: SeatMap) -> Result<Self, WornOut> {
        let addresses = self.addresses.next(&self.map, &map)?;
        Ok(Self { number: self.number + 1, map, addresses })
    }

    /// A version as it was stored.
    pub const fn restore(number: u32, map: SeatMap, addresses: Addresses) -> Self {
        Self { number, map, addresses }
    }

    /// Its number, from 1.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Its seats.
    pub const fn map(&self) -> &SeatMap {
        &self.map
    }

    /// Where their entries lie.
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The places of seats by section and block: one write each. Seats that the map does not have are left out.
    pub fn places(&self, seats: &[SeatIndex]) -> BTreeMap<(SectionId, u16), Places> {
        let mut places: BTreeMap<(SectionId, u16), Places> = BTreeMap::new();
        for seat in seats {
            let Some((name, address)) = self.map.name(*seat).zip(self.addresses.of(*seat)) else { continue };
            let block = places.entry((name.section, address.block)).or_default();
            *block = block.with(Places::one(address.place));
        }
        places
    }

    /// The seat whose entry lies at an address of a section's pool. Where somebody has a seat, every later version has it.
    pub fn seat_at(&self, section: &SectionId, address: Address) -> Option<SeatIndex> {
        let rows = self.map.rows().filter(|(_, own, ..)| own.id == *section);
        let mut seats = rows.flat_map(|(_, _, row, first)| (first.0..).map(SeatIndex).take(row.seats.len()));
        seats.find(|seat| self.addresses.of(*seat) == Some(address))
    }

    /// What a session needs to move to a newer version, or the seats that somebody has and would lose. `taken` is of this
    /// version. Whatever is sold meanwhile is told by the block that refuses to close it.
    pub fn to(&self, newer: &Self, taken: &SeatSet) -> Result<Move, Lost> {
        let gone = removed(&self.map, &newer.map);
        let mut lost = gone.clone();
        lost.keep(taken);
        if !lost.is_none() {
            return Err(Lost(lost.iter(&self.map).filter_map(|seat| self.map.name(seat)).collect()));
        }
        let close = self.places(&gone.iter(&self.map).collect::<Vec<_>>());
        let mut create = BTreeMap::new();
        for section in newer.map.sections() {
            let have = self.addresses.blocks(&self.map, &section.id).len();
            let blocks = newer.addresses.blocks(&newer.map, &section.id).into_iter().skip(have);
            create.extend(blocks.map(|(number, block)| ((section.id.clone(), number), block)));
        }
        Ok(Move { close, create })
    }
}

/// The seats of one map, by name, that another does not have.
pub fn removed(old: &SeatMap, new: &SeatMap) -> SeatSet {
    let stays = new.names();
    let gone = old.names().into_iter().filter(|(name, _)| !stays.contains_key(name));
    SeatSet::of(old, gone.map(|(_, seat)| seat))
}
