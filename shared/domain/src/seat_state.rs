//! What clients see of a hall: two bits for each seat, packed, with a version that says whether anything has changed.
//!
//! The version is a hash of what is packed, so that processes that know nothing of each other name the same state by the
//! same number: no counter has to be kept. 20 000 seats are 5 015 bytes.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use crate::{
    row::RowBlock,
    venue::{SeatIndex, SeatSet, SectionId, Version},
};

/// What a client sees of one seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SeatState {
    /// It can be had.
    Free,
    /// Somebody is paying for it.
    Held,
    /// Somebody has it.
    Sold,
    /// It is not for sale, or not to everybody.
    Withheld,
}

impl SeatState {
    /// All of them, in the order of their bits.
    pub const ALL: [Self; 4] = [Self::Free, Self::Held, Self::Sold, Self::Withheld];

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Held => "held",
            Self::Sold => "sold",
            Self::Withheld => "withheld",
        }
    }

    const fn bits(self) -> u8 {
        match self {
            Self::Free => 0,
            Self::Held => 1,
            Self::Sold => 2,
            Self::Withheld => 3,
        }
    }

    const fn of_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::Free,
            1 => Self::Held,
            2 => Self::Sold,
            _ => Self::Withheld,
        }
    }
}

/// Who has what of a session's seats, as its blocks say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occupancy {
    /// Seats that nobody has.
    pub free: SeatSet,
    /// Seats that somebody holds who is past due: to be had once their order is settled.
    pub due: SeatSet,
    /// Seats that somebody holds, for now.
    pub held: SeatSet,
    /// Seats that somebody has for good.
    pub sold: SeatSet,
}

impl Occupancy {
    /// Reads the blocks of a session. A seat whose block is not among them is nobody's and not free.
    pub fn of(version: &Version, blocks: &BTreeMap<(SectionId, u16), RowBlock>, now: Timestamp) -> Self {
        let none = SeatSet::none(version.map());
        let mut all = Self { free: none.clone(), due: none.clone(), held: none.clone(), sold: none };
        for (row, section, found, first) in version.map().rows() {
            // Neighbours mostly share a block.
            let mut last: Option<(u16, Option<&RowBlock>)> = None;
            for (place, seat) in (0..found.seats.len()).zip(first.0..) {
                let Some(address) = version.addresses().of(SeatIndex(seat)) else { continue };
                let block = match last {
                    Some((number, block)) if number == address.block => block,
                    _ => blocks.get(&(section.id.clone(), address.block)),
                };
                last = Some((address.block, block));
                let Some(block) = block else { continue };
                let set = match block.seat(address.place).map(|found| found.entry) {
                    Some(entry) if entry.is_due(now) => &mut all.due,
                    Some(entry) if entry.until.is_some() => &mut all.held,
                    Some(_) => &mut all.sold,
                    None if block.free().contains(address.place) => &mut all.free,
                    None => continue,
                };
                set.insert_row(row, 1 << place);
            }
        }
        all
    }

    /// What clients see, where `offered` is for sale to everybody. Seats that are past due still count as held: who is paid
    /// and waits for a ticket is past due, too.
    pub fn states(&self, version: &Version, offered: &SeatSet) -> SeatStates {
        let mut states = SeatStates::withheld(version.number(), version.map().len());
        let mut free = self.free.clone();
        free.keep(offered);
        let sets = [
            (&free, SeatState::Free),
            (&self.due, SeatState::Held),
            (&self.held, SeatState::Held),
            (&self.sold, SeatState::Sold),
        ];
        for (set, state) in sets {
            for seat in set.iter(version.map()) {
                states.set(seat, state);
            }
        }
        states
    }
}

/// The states of all seats of one version of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatStates {
    map: u32,
    seats: u16,
    packed: Vec<u8>,
}

/// The bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Cut off, or of another layout.
    #[error("cannot be read")]
    Layout,
    /// A change to another state than this one.
    #[error("is a change to another state")]
    Base,
}

impl SeatStates {
    /// The layout of a whole map.
    const WHOLE: u8 = 1;
    /// The layout of a change.
    const DELTA: u8 = 2;
    /// Bytes before the states: layout, version of the map, version of the states, seats.
    const HEAD: usize = 1 + 4 + 8 + 2;

    /// All seats withheld.
    pub fn withheld(map: u32, seats: u16) -> Self {
        let mut states = Self { map, seats, packed: vec![0xff; usize::from(seats).div_ceil(4)] };
        // What is behind the last seat is always zero: equal states are equal bytes.
        for behind in seats..states.packed.len().saturating_mul(4).try_into().unwrap_or(seats) {
            states.write(behind, 0);
        }
        states
    }

    /// The version of the map that the seats are of.
    pub const fn map(&self) -> u32 {
        self.map
    }

    /// How many seats there are.
    pub const fn len(&self) -> u16 {
        self.seats
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.seats == 0
    }

    /// The state of a seat.
    pub fn get(&self, seat: SeatIndex) -> Option<SeatState> {
        let byte = self.packed.get(usize::from(seat.0 / 4)).filter(|_| seat.0 < self.seats)?;
        Some(SeatState::of_bits(byte >> (2 * (seat.0 % 4))))
    }

    /// Notes the state of a seat; one that there is not is passed over.
    pub fn set(&mut self, seat: SeatIndex, state: SeatState) {
        if seat.0 < self.seats {
            self.write(seat.0, state.bits());
        }
    }

    fn write(&mut self, seat: u16, bits: u8) {
        let shift = 2 * (seat % 4);
        if let Some(byte) = self.packed.get_mut(usize::from(seat / 4)) {
            *byte = *byte & !(3 << shift) | bits << shift;
        }
    }

    /// Names this state: the same number wherever the same seats are in the same states (FNV-1a, 64 bits, over version of
    /// the map and states).
    pub fn version(&self) -> u64 {
        let bytes = self.map.to_be_bytes().into_iter().chain(self.packed.iter().copied());
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    /// The whole map: 1, version of the map (4 bytes), version of the states (8), number of seats (2), then two bits for
    /// each seat, four seats in a byte from its lowest bits. Numbers are big-endian.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::HEAD + self.packed.len());
        bytes.push(Self::WHOLE);
        bytes.extend(self.map.to_be_bytes());
        bytes.extend(self.version().to_be_bytes());
        bytes.extend(self.seats.to_be_bytes());
        bytes.extend(&self.packed);
        bytes
    }

    /// Reads [`SeatStates::encode`] back.
    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut rest = Reader(bytes);
        if rest.take::<1>()? != [Self::WHOLE] {
            return Err(Unreadable::Layout);
        }
        let (map, version) = (u32::from_be_bytes(rest.take()?), u64::from_be_bytes(rest.take()?));
        let seats = u16::from_be_bytes(rest.take()?);
        let states = Self { map, seats, packed: rest.0.to_vec() };
        let is_whole = states.packed.len() == usize::from(seats).div_ceil(4) && states.version() == version;
        if is_whole { Ok(states) } else { Err(Unreadable::Layout) }
    }

    /// What has changed since an older state of the same map: 2, version before (8 bytes), version after (8), then for each
    /// seat that changed, in order, the number of seats between it and the one before, times four, plus its state, as
    /// LEB128. Nothing where the whole map is shorter, or is another one.
    pub fn since(&self, older: &Self) -> Option<Vec<u8>> {
        if (self.map, self.seats) != (older.map, older.seats) {
            return None;
        }
        let mut bytes = vec![Self::DELTA];
        bytes.extend(older.version().to_be_bytes());
        bytes.extend(self.version().to_be_bytes());
        let mut next = 0;
        let changed = self.packed.iter().zip(&older.packed).enumerate().filter(|(_, (new, old))| new != old);
        for (place, (new, old)) in changed {
            for quarter in (0..4_u8).filter(|quarter| (new ^ old) >> (2 * quarter) & 3 != 0) {
                let seat = u64::try_from(place).ok()? * 4 + u64::from(quarter);
                write_number((seat - next) << 2 | u64::from(new >> (2 * quarter) & 3), &mut bytes);
                next = seat + 1;
            }
            if bytes.len() >= Self::HEAD + self.packed.len() {
                return None;
            }
        }
        Some(bytes)
    }

    /// Applies [`SeatStates::since`]; leaves the state as it was where that fails.
    pub fn apply(&mut self, delta: &[u8]) -> Result<(), Unreadable> {
        let mut rest = Reader(delta);
        if rest.take::<1>()? != [Self::DELTA] {
            return Err(Unreadable::Layout);
        }
        let (before, after) = (u64::from_be_bytes(rest.take()?), u64::from_be_bytes(rest.take()?));
        if before != self.version() {
            return Err(Unreadable::Base);
        }
        let (mut changed, mut next) = (self.clone(), 0_u64);
        while !rest.0.is_empty() {
            let number = rest.number()?;
            let seat =
                next.checked_add(number >> 2).filter(|seat| *seat < self.seats.into()).ok_or(Unreadable::Layout)?;
            let index = u16::try_from(seat).map_err(|_| Unreadable::Layout)?;
            changed.write(index, number.to_le_bytes()[0] & 3);
            next = seat + 1;
        }
        if changed.version() != after {
            return Err(Unreadable::Layout);
        }
        *self = changed;
        Ok(())
    }
}

/// The last states of a session that a process has seen, so that a client is told only what has changed.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    /// With their versions, so that a poll computes none.
    states: VecDeque<(u64, SeatStates)>,
}

/// What a client is told that may have seen a state before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nothing has changed.
    Same,
    /// What has changed since.
    Delta(Vec<u8>),
    /// Everything.
    Whole(Vec<u8>),
}

impl Recent {
    /// How many states are kept: at one a second, a client that asks every half minute is told what changed.
    pub const KEPT: usize = 32;

    /// Notes the state as it is now.
    pub fn note(&mut self, states: SeatStates) {
        let version = states.version();
        if self.states.back().is_none_or(|(last, _)| *last != version) {
            self.states.push_back((version, states));
        }
        if self.states.len() > Self::KEPT {
            self.states.pop_front();
        }
    }

    /// What a client is told that has seen the version `seen`; nothing before any state was noted.
    pub fn tell(&self, seen: Option<u64>) -> Option<Told> {
        let (version, now) = self.states.back()?;
        let older = self.states.iter().rev().find(|(version, _)| Some(*version) == seen);
        Some(match older {
            Some((seen, _)) if seen == version => Told::Same,
            Some((_, older)) => now.since(older).map_or_else(|| Told::Whole(now.encode()), Told::Delta),
            None => Told::Whole(now.encode()),
        })
    }
}

struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(Unreadable::Layout)?;
        self.0 = rest;
        Ok(*head)
    }

    fn number(&mut self) -> Result<u64, Unreadable> {
        let mut number = 0;
        // 20 000 seats and their state are 17 bits.
        for shift in [0, 7, 14, 21] {
            let [byte] = self.take()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Unreadable::Layout)
    }
}

fn write_number(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests;
