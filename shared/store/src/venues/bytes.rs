//! A version of a seat map as bytes. It is written once and read by every process that sells from it, so it is small: of a
//! seat that follows from the one before it there is one byte of constant value, of which deflate leaves next to nothing.
//!
//! Numbers are LEB128, signed ones in zigzag, texts stand behind their length. A seat is a byte that says how it follows
//! from the one before it in its row (see [`Follows`]), then its number where it is not told by that, then by how much the
//! step to it differs from the step before. An address is a byte in the same way.

mod reader;

use std::collections::BTreeMap;

use domain::{
    row::Place,
    venue::{Address, Addresses, Category, Label, Point, Row, Seat, SeatKind, SeatMap, Section, SectionId, Version},
};
use miniz_oxide::{deflate::compress_to_vec, inflate::decompress_to_vec_with_limit};

use self::reader::Reader;
use crate::Failed;

/// What the bytes begin with: another layout would begin with another number.
const LAYOUT: u8 = 1;
/// How hard deflate tries: a map is written once.
const EFFORT: u8 = 9;
/// The most bytes that a map can be before they are deflated. The worst has labels and coordinates without any order, and
/// has lost as many seats as are remembered, each from a section of its own.
const MOST: usize = 4 << 20;

/// The address is the next place of the same block.
const NEXT_PLACE: u8 = 0;
/// The address is the first place of the next block.
const NEXT_BLOCK: u8 = 1;
/// The address is written out.
const ANYWHERE: u8 = 2;

/// How the number of a seat follows from the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Follows(Option<i32>);

impl Follows {
    /// The steps that are told by their place in this list, from 1; 0 is any text.
    const STEPS: [i32; 6] = [1, -1, 2, -2, 0, 3];

    fn of(before: Option<&Label>, label: &Label) -> Self {
        let step = |step: &&i32| before.is_some_and(|before| stepped(before, **step).as_ref() == Some(label));
        Self(Self::STEPS.iter().find(step).copied())
    }

    fn bits(self) -> u8 {
        let place = self.0.and_then(|step| Self::STEPS.iter().position(|known| *known == step));
        place.and_then(|place| u8::try_from(place + 1).ok()).unwrap_or(0)
    }

    fn of_bits(bits: u8) -> Option<Self> {
        let step = |place: u8| Self::STEPS.get(usize::from(place)).copied();
        bits.checked_sub(1).map_or(Some(Self(None)), |place| step(place).map(|step| Self(Some(step))))
    }
}

/// The number that many behind another.
fn stepped(before: &Label, step: i32) -> Option<Label> {
    let number = before.as_str().parse::<i32>().ok()?.checked_add(step)?;
    number.to_string().parse().ok()
}

/// Writes a version without its number, deflated.
pub(super) fn write(version: &Version) -> Vec<u8> {
    let mut bytes = vec![LAYOUT];
    let map = version.map();
    put_point(&mut bytes, map.focus());
    put(&mut bytes, map.sections().len());
    for section in map.sections() {
        put_section(&mut bytes, section);
    }
    put_addresses(&mut bytes, version.addresses());
    compress_to_vec(&bytes, EFFORT)
}

fn put_section(bytes: &mut Vec<u8>, section: &Section) {
    put_text(bytes, section.id.as_str());
    put_text(bytes, &section.name);
    put_text(bytes, section.category.0.as_str());
    bytes.push(section.focus.is_some().into());
    if let Some(focus) = section.focus {
        put_point(bytes, focus);
    }
    put(bytes, section.rows.len());
    let mut start = Point::default();
    for row in &section.rows {
        put_text(bytes, row.label.as_str());
        put_text(bytes, row.category.as_ref().map_or("", |category| category.0.as_str()));
        put(bytes, row.seats.len());
        start = put_seats(bytes, &row.seats, start);
    }
}

/// Writes the seats of a row, and says where it begins: the next one is not far.
fn put_seats(bytes: &mut Vec<u8>, seats: &[Seat], start: Point) -> Point {
    let (mut before, mut at, mut step) = (None, start, (0, 0));
    for seat in seats {
        let follows = Follows::of(before, &seat.label);
        let kind = SeatKind::ALL.iter().position(|kind| *kind == seat.kind).unwrap_or(0);
        bytes.push(follows.bits() | u8::from(seat.is_last) << 3 | u8::try_from(kind).unwrap_or(0) << 4);
        if follows.0.is_none() {
            put_text(bytes, seat.label.as_str());
        }
        let next = (i64::from(seat.at.x()) - i64::from(at.x()), i64::from(seat.at.y()) - i64::from(at.y()));
        put_signed(bytes, next.0 - step.0);
        put_signed(bytes, next.1 - step.1);
        // The step to the first seat of a row says nothing about the steps in it.
        step = if before.is_some() { next } else { (0, 0) };
        (before, at) = (Some(&seat.label), seat.at);
    }
    seats.first().map_or(start, |seat| seat.at)
}

fn put_addresses(bytes: &mut Vec<u8>, addresses: &Addresses) {
    let mut before: Option<Address> = None;
    for address in addresses.seats() {
        let next_place = before.map(|before| (before.block, u16::from(before.place.get()) + 1));
        let next_block = before.map(|before| (before.block.wrapping_add(1), 0));
        let own = Some((address.block, u16::from(address.place.get())));
        if own == next_place {
            bytes.push(NEXT_PLACE);
        } else if own == next_block {
            bytes.push(NEXT_BLOCK);
        } else {
            bytes.push(ANYWHERE);
            put_address(bytes, *address);
        }
        before = Some(*address);
    }
    let mut retired: BTreeMap<&SectionId, Vec<Address>> = BTreeMap::new();
    for (section, address) in addresses.retired() {
        retired.entry(section).or_default().push(*address);
    }
    put(bytes, retired.len());
    for (section, addresses) in retired {
        put_text(bytes, section.as_str());
        put(bytes, addresses.len());
        for address in addresses {
            put_address(bytes, address);
        }
    }
}

fn put_address(bytes: &mut Vec<u8>, address: Address) {
    put(bytes, address.block.into());
    bytes.push(address.place.get());
}

fn put_point(bytes: &mut Vec<u8>, point: Point) {
    put_signed(bytes, point.x().into());
    put_signed(bytes, point.y().into());
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put(bytes, text.len());
    bytes.extend_from_slice(text.as_bytes());
}

fn put_signed(bytes: &mut Vec<u8>, number: i64) {
    // Zigzag: small numbers of either sign are small numbers.
    put_number(bytes, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

fn put(bytes: &mut Vec<u8>, count: usize) {
    put_number(bytes, u64::try_from(count).unwrap_or(u64::MAX));
}

fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// Reads [`write()`] back.
pub(super) fn read(number: u32, deflated: &[u8]) -> Result<Version, Failed> {
    let bytes = decompress_to_vec_with_limit(deflated, MOST).map_err(Failed::corrupt)?;
    version(number, Reader::of(&bytes)).ok_or_else(|| Failed::corrupt("a seat map"))
}

fn version(number: u32, mut bytes: Reader<'_>) -> Option<Version> {
    if bytes.byte()? != LAYOUT {
        return None;
    }
    let focus = bytes.point()?;
    let count = bytes.count()?;
    let sections = (0..count).map(|_| section(&mut bytes)).collect::<Option<_>>()?;
    let map = SeatMap::new(focus, sections).ok()?;
    let seats = read_addresses(&mut bytes, map.len())?;
    let mut retired = Vec::new();
    for _ in 0..bytes.count()? {
        let section: SectionId = bytes.text()?.parse().ok()?;
        for _ in 0..bytes.count()? {
            retired.push((section.clone(), address(&mut bytes)?));
        }
    }
    let addresses = Addresses::restore(&map, seats, retired)?;
    bytes.is_at_end().then(|| Version::restore(number, map, addresses))
}

fn section(bytes: &mut Reader<'_>) -> Option<Section> {
    let id = bytes.text()?.parse().ok()?;
    let name = bytes.text()?.to_owned();
    let category = Category(bytes.text()?.parse().ok()?);
    let focus = if bytes.byte()? == 0 { None } else { Some(bytes.point()?) };
    let count = bytes.count()?;
    let mut start = Point::default();
    let rows = (0..count).map(|_| row(bytes, &mut start)).collect::<Option<_>>()?;
    Some(Section { id, name, category, focus, rows })
}

fn row(bytes: &mut Reader<'_>, start: &mut Point) -> Option<Row> {
    let label = bytes.text()?.parse().ok()?;
    let category = match bytes.text()? {
        "" => None,
        text => Some(Category(text.parse().ok()?)),
    };
    let count = bytes.count()?;
    let mut seats: Vec<Seat> = Vec::new();
    let (mut at, mut step) = (*start, (0, 0));
    for _ in 0..count {
        let bits = bytes.byte()?;
        let before = seats.last().map(|seat| &seat.label);
        let label = match Follows::of_bits(bits & 7)?.0 {
            Some(step) => stepped(before?, step)?,
            None => bytes.text()?.parse().ok()?,
        };
        let next = (bytes.signed()?.checked_add(step.0)?, bytes.signed()?.checked_add(step.1)?);
        step = if before.is_some() { next } else { (0, 0) };
        at = Point::parse(i64::from(at.x()).checked_add(next.0)?, i64::from(at.y()).checked_add(next.1)?).ok()?;
        let kind = *SeatKind::ALL.get(usize::from(bits >> 4))?;
        seats.push(Seat { label, at, kind, is_last: bits >> 3 & 1 == 1 });
    }
    *start = seats.first().map_or(*start, |seat| seat.at);
    Some(Row { label, category, seats })
}

fn read_addresses(bytes: &mut Reader<'_>, seats: u16) -> Option<Vec<Address>> {
    let mut all: Vec<Address> = Vec::with_capacity(seats.into());
    for _ in 0..seats {
        let next = match (bytes.byte()?, all.last()) {
            (NEXT_PLACE, Some(before)) => {
                Address { block: before.block, place: Place::parse(u64::from(before.place.get()) + 1).ok()? }
            }
            (NEXT_BLOCK, Some(before)) => Address { block: before.block.checked_add(1)?, place: Place::parse(0).ok()? },
            (ANYWHERE, _) => address(bytes)?,
            _ => return None,
        };
        all.push(next);
    }
    Some(all)
}

fn address(bytes: &mut Reader<'_>) -> Option<Address> {
    Some(Address { block: u16::try_from(bytes.count()?).ok()?, place: Place::parse(bytes.byte()?.into()).ok()? })
}

#[cfg(test)]
mod tests;
