//! How an event sells the seats of a map: which price option sells which category, what is withheld for whom and until when.

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::Timestamp;

use super::OrphanRule;
use crate::{
    id::{OptionId, VenueId},
    venue::{Category, Label, SeatMap, SeatName, SeatSet, SectionId, is_word},
};

/// A way to the tickets by which withheld seats can be had: a sponsor, a box office. Whoever knows the word comes by it, so an
/// organiser who gives it to a few chooses one that nobody guesses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Channel(Box<str>);

/// Not a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {} characters without blanks at either end", Channel::MOST)]
pub struct ChannelError;

impl Channel {
    /// The most characters.
    pub const MOST: usize = 64;
}

impl FromStr for Channel {
    type Err = ChannelError;

    fn from_str(text: &str) -> Result<Self, ChannelError> {
        if is_word(text, Self::MOST) { Ok(Self(text.into())) } else { Err(ChannelError) }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Some part of a map, in the words of an organiser.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// A whole section.
    Section(SectionId),
    /// A whole row.
    Row(SectionId, Label),
    /// One seat.
    Seat(SeatName),
}

/// The map has no such part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the map has no such part")]
pub struct Unknown(pub Part);

impl Part {
    /// The seats of several parts of a map.
    pub fn seats(parts: &[Self], map: &SeatMap) -> Result<SeatSet, Unknown> {
        let mut all = SeatSet::none(map);
        for part in parts {
            let mut found = SeatSet::none(map);
            for (index, section, row, _) in map.rows() {
                let bits = match part {
                    Self::Section(id) if *id == section.id => u128::MAX,
                    Self::Row(id, label) if *id == section.id && *label == row.label => u128::MAX,
                    Self::Seat(name) if name.section == section.id && name.row == row.label => {
                        super::bits(row.seats.iter().map(|seat| seat.label == name.seat))
                    }
                    Self::Section(_) | Self::Row(..) | Self::Seat(_) => 0,
                };
                found.insert_row(index, bits & crate::venue::lowest(row.seats.len()));
            }
            if found.is_none() {
                return Err(Unknown(part.clone()));
            }
            all.add(&found);
        }
        Ok(all)
    }
}

/// The text is not a part of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be section, section/row or section/row/seat, for example stalls/12")]
pub struct PartError;

impl FromStr for Part {
    type Err = PartError;

    fn from_str(text: &str) -> Result<Self, PartError> {
        let section = |id: &str| id.parse().map_err(|_| PartError);
        match text.split('/').collect::<Vec<_>>()[..] {
            [id] => Ok(Self::Section(section(id)?)),
            [id, row] => Ok(Self::Row(section(id)?, row.parse().map_err(|_| PartError)?)),
            _ => text.parse().map(Self::Seat).map_err(|_| PartError),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Section(section) => section.fmt(f),
            Self::Row(section, row) => write!(f, "{section}/{row}"),
            Self::Seat(name) => name.fmt(f),
        }
    }
}

/// Seats that are kept for a channel until a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldBack {
    /// For whom.
    pub channel: Channel,
    /// What.
    pub parts: Vec<Part>,
    /// From when on they are for everybody; never where nothing is said.
    pub released: Option<Timestamp>,
}

impl HoldBack {
    /// Whether somebody who comes by a channel, or by none, is refused these seats now.
    pub fn withholds(&self, channel: Option<&Channel>, now: Timestamp) -> bool {
        channel != Some(&self.channel) && self.released.is_none_or(|released| now < released)
    }
}

/// What is withheld now from somebody who comes by a channel, or by none. A part that a newer map does not have any more
/// withholds nothing.
pub fn withheld(map: &SeatMap, hold_backs: &[HoldBack], channel: Option<&Channel>, now: Timestamp) -> SeatSet {
    let mut all = SeatSet::none(map);
    for hold_back in hold_backs.iter().filter(|hold_back| hold_back.withholds(channel, now)) {
        for part in &hold_back.parts {
            if let Ok(seats) = Part::seats(std::slice::from_ref(part), map) {
                all.add(&seats);
            }
        }
    }
    all
}

/// How an event sells numbered seats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seating {
    /// Of which venue.
    pub venue: VenueId,
    /// Which version of its map.
    pub version: u32,
    /// Which price option sells a category. Seats of a category without one are not for sale.
    pub prices: BTreeMap<Category, OptionId>,
    /// Which single seats must not be left.
    pub rule: OrphanRule,
    /// What is withheld.
    pub hold_backs: Vec<HoldBack>,
}

impl Seating {
    /// Whether a price option sells seats.
    pub fn sells(&self, option: OptionId) -> bool {
        self.prices.values().any(|other| *other == option)
    }

    /// When the next seats come free for everybody that are withheld now.
    pub fn next_release(&self, now: Timestamp) -> Option<Timestamp> {
        self.hold_backs.iter().filter_map(|hold_back| hold_back.released).filter(|released| now < *released).min()
    }

    /// The seats that any price option sells.
    pub fn sold(&self, map: &SeatMap) -> SeatSet {
        self.sold_where(map, |_| true)
    }

    /// The seats that a price option sells.
    pub fn sold_by(&self, map: &SeatMap, option: OptionId) -> SeatSet {
        self.sold_where(map, |other| other == option)
    }

    fn sold_where(&self, map: &SeatMap, is_asked: impl Fn(OptionId) -> bool) -> SeatSet {
        let mut seats = SeatSet::none(map);
        for (index, section, row, _) in map.rows() {
            let category = row.category.as_ref().unwrap_or(&section.category);
            if self.prices.get(category).is_some_and(|option| is_asked(*option)) {
                seats.insert_row(index, crate::venue::lowest(row.seats.len()));
            }
        }
        seats
    }

    /// The seats that a buyer who comes by a channel, or by none, may have of a price option now, taken or not.
    pub fn offered(&self, map: &SeatMap, option: OptionId, channel: Option<&Channel>, now: Timestamp) -> SeatSet {
        let mut seats = self.sold_by(map, option);
        seats.remove(&withheld(map, &self.hold_backs, channel, now));
        seats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_a_word_that_may_be_long() {
        for text in ["box", "赞助", &"x".repeat(64)] {
            assert_eq!(text.parse::<Channel>().unwrap().to_string(), text);
        }
        for bad in ["", " box", "box\n", &"x".repeat(65)] {
            assert_eq!(bad.parse::<Channel>(), Err(ChannelError), "{bad:?}");
        }
    }

    #[test]
    fn a_part_is_written_as_a_path_and_reads_back() {
        for text in ["stalls", "stalls/12", "stalls/12/7"] {
            assert_eq!(text.parse::<Part>().unwrap().to_string(), text);
        }
        for bad in ["", "Stalls", "stalls/", "stalls//7", "stalls/12/7/8", "/12"] {
            assert_eq!(bad.parse::<Part>(), Err(PartError), "{bad:?}");
        }
    }
}
