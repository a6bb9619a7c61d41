//! What seats are called: labels as they are printed, ids of sections, and the name that is the same in every version.

use std::{fmt, str::FromStr};

/// What is printed on a row or a seat: 1 to 8 characters without blanks around them or a stroke, such as `12`, `AA`, `12排`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label(Box<str>);

/// The text cannot be printed on a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {} characters, without blanks around them or a stroke", Label::MOST)]
pub struct LabelError;

impl Label {
    /// The most characters.
    pub const MOST: usize = 8;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Label {
    type Err = LabelError;

    fn from_str(text: &str) -> Result<Self, LabelError> {
        if is_word(text, Self::MOST) && !text.contains('/') { Ok(Self(text.into())) } else { Err(LabelError) }
    }
}

/// Whether a text has 1 to so many characters that can be printed, and no blanks around them.
pub(crate) fn is_word(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count()) && text.trim() == text && !text.chars().any(char::is_control)
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<u16> for Label {
    fn from(number: u16) -> Self {
        Self(number.to_string().into())
    }
}

/// What decides the price of a seat: rows of one category are sold by one price option.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Category(pub Label);

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of a section in its map: 1 to 16 of `a` to `z`, digits and hyphens, beginning with a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SectionId(Box<str>);

/// The text is not the id of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {} of a-z, 0-9 and -, not beginning with -", SectionId::MOST)]
pub struct SectionIdError;

impl SectionId {
    /// The most characters.
    pub const MOST: usize = 16;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SectionId {
    type Err = SectionIdError;

    fn from_str(text: &str) -> Result<Self, SectionIdError> {
        let is_word = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        let is_id = (1..=Self::MOST).contains(&text.len()) && is_word && !text.starts_with('-');
        if is_id { Ok(Self(text.into())) } else { Err(SectionIdError) }
    }
}

impl fmt::Display for SectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A seat by its name: the same seat in every version of its map. Written `stalls/12/7`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeatName {
    /// The section.
    pub section: SectionId,
    /// The row in it.
    pub row: Label,
    /// The seat in that.
    pub seat: Label,
}

/// The text is not the name of a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be section/row/seat, for example stalls/12/7")]
pub struct SeatNameError;

impl FromStr for SeatName {
    type Err = SeatNameError;

    fn from_str(text: &str) -> Result<Self, SeatNameError> {
        let mut parts = text.split('/');
        let (Some(section), Some(row), Some(seat), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(SeatNameError);
        };
        Ok(Self {
            section: section.parse().map_err(|_| SeatNameError)?,
            row: row.parse().map_err(|_| SeatNameError)?,
            seat: seat.parse().map_err(|_| SeatNameError)?,
        })
    }
}

impl fmt::Display for SeatName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.section, self.row, self.seat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_what_fits_on_a_seat() {
        for good in ["1", "AA", "12排", "A 1", "12345678"] {
            assert_eq!(good.parse::<Label>().map(|label| label.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", " 1", "1 ", "123456789", "1/2", "a\tb", "\u{7f}"] {
            assert_eq!(bad.parse::<Label>(), Err(LabelError), "{bad:?}");
        }
    }

    #[test]
    fn a_section_is_named_by_a_word() {
        for good in ["a", "block-104", "0123456789abcdef"] {
            assert!(good.parse::<SectionId>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "Stalls", "a b", "池座", "0123456789abcdefg", "a#b"] {
            assert_eq!(bad.parse::<SectionId>(), Err(SectionIdError), "{bad:?}");
        }
    }

    #[test]
    fn a_name_reads_back() {
        assert_eq!("stalls/12/7".parse::<SeatName>().unwrap().to_string(), "stalls/12/7");
        for bad in ["", "stalls", "stalls/12", "stalls/12/7/8", "/12/7", "stalls//7", "Stalls/12/7"] {
            assert_eq!(bad.parse::<SeatName>(), Err(SeatNameError), "{bad:?}");
        }
    }
}
