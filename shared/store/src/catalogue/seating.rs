//! How an event sells numbered seats, as a part of its item.

use domain::{
    Timestamp,
    id::{Id as _, OptionId, VenueId},
    seating::{HoldBack, OrphanRule, Seating},
    venue::Category,
};
use serde::{Deserialize, Serialize};

use super::event::moment;
use crate::Failed;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SeatingItem {
    /// Venue.
    v: String,
    /// Version of its map.
    n: u32,
    /// Which price option sells a category.
    p: Vec<(String, String)>,
    /// The word of the rule about single seats.
    r: String,
    /// What is withheld.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    b: Vec<HoldBackItem>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct HoldBackItem {
    /// Channel.
    c: String,
    /// Parts of the map.
    p: Vec<String>,
    /// From when on everybody may have them, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    t: Option<i64>,
}

impl SeatingItem {
    pub(super) fn of(seating: &Seating) -> Self {
        Self {
            v: seating.venue.bare(),
            n: seating.version,
            p: seating.prices.iter().map(|(category, option)| (category.to_string(), option.bare())).collect(),
            r: seating.rule.word().to_owned(),
            b: seating.hold_backs.iter().map(HoldBackItem::of).collect(),
        }
    }

    pub(super) fn read(self) -> Result<Seating, Failed> {
        let price = |(category, option): (String, String)| {
            let category = category.parse().map(Category).map_err(Failed::corrupt)?;
            Ok((category, OptionId::from_bare(&option).map_err(Failed::corrupt)?))
        };
        Ok(Seating {
            venue: VenueId::from_bare(&self.v).map_err(Failed::corrupt)?,
            version: self.n,
            prices: self.p.into_iter().map(price).collect::<Result<_, Failed>>()?,
            rule: OrphanRule::of_word(&self.r).ok_or_else(|| Failed::corrupt("a rule about single seats"))?,
            hold_backs: self.b.into_iter().map(HoldBackItem::read).collect::<Result<_, _>>()?,
        })
    }
}

impl HoldBackItem {
    fn of(hold_back: &HoldBack) -> Self {
        Self {
            c: hold_back.channel.to_string(),
            p: hold_back.parts.iter().map(ToString::to_string).collect(),
            t: hold_back.released.map(Timestamp::as_millisecond),
        }
    }

    fn read(self) -> Result<HoldBack, Failed> {
        Ok(HoldBack {
            channel: self.c.parse().map_err(Failed::corrupt)?,
            parts: self.p.iter().map(|part| part.parse()).collect::<Result<_, _>>().map_err(Failed::corrupt)?,
            released: self.t.map(moment).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};

    use super::*;

    #[test]
    fn seating_reads_back_as_it_was() {
        let category = |text: &str| Category(text.parse().unwrap());
        let (one, two) = (OptionId::from_bytes([1; 16]), OptionId::from_bytes([2; 16]));
        for (rule, released) in [
            (OrphanRule::Off, None),
            (OrphanRule::Between, Some(Timestamp::from_millisecond(1_234).unwrap())),
            (OrphanRule::Edges, None),
        ] {
            let parts = ["stalls", "stalls/12", "stalls/12排/7"].map(|part| part.parse().unwrap()).into();
            let seating = Seating {
                venue: VenueId::from_bytes([3; 16]),
                version: u32::MAX,
                prices: BTreeMap::from([(category("A"), one), (category("池座"), two)]),
                rule,
                hold_backs: vec![HoldBack { channel: "赞助".parse().unwrap(), parts, released }],
            };
            let item: HashMap<_, _> = to_item(SeatingItem::of(&seating)).unwrap();
            assert_eq!(from_item::<SeatingItem>(item).unwrap().read().unwrap(), seating);
        }
    }
}
