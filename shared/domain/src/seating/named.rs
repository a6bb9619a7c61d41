//! Seats that a buyer names: whether they may be had, and if not, which seats stand in the way and what there is instead.

use super::{Group, Hall, Offer, Party, scan::Scan, scan::view};
use crate::venue::{RowIndex, SeatIndex, SeatMap, SeatName, SeatSet, places};

/// Why a party does not get the seats that it named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The number of seats is not that of the party.
    #[error("as many seats have to be named as are wanted")]
    Count,
    /// Others have these.
    #[error("seats are taken")]
    Taken(Vec<SeatIndex>),
    /// These are not for this buyer, or not at this price.
    #[error("seats are not on offer")]
    NotOffered(Vec<SeatIndex>),
    /// These are for people who need them, and nobody of the party has said so.
    #[error("seats are for people who need an accessible one")]
    Accessible(Vec<SeatIndex>),
    /// These would be left alone, though there are seats for the group that leave nobody alone.
    #[error("single seats would be left over")]
    LeavesAlone {
        /// The seats that would be left.
        alone: Vec<SeatIndex>,
        /// The nearest seats that would not leave any.
        instead: Vec<SeatIndex>,
    },
}

/// A refusal with the names of the seats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The seats that stand in the way.
    pub seats: Vec<SeatName>,
    /// What there is instead.
    pub instead: Vec<SeatName>,
}

impl Refusal {
    /// Names the seats.
    pub fn named(&self, map: &SeatMap) -> Named {
        let names = |seats: &[SeatIndex]| seats.iter().filter_map(|seat| map.name(*seat)).collect();
        match self {
            Self::Count => Named::default(),
            Self::Taken(seats) | Self::NotOffered(seats) | Self::Accessible(seats) => {
                Named { seats: names(seats), instead: Vec::new() }
            }
            Self::LeavesAlone { alone, instead } => Named { seats: names(alone), instead: names(instead) },
        }
    }
}

impl Hall {
    /// Whether a party may have the seats that it names.
    ///
    /// A group of neighbours may leave a single seat only where no run of as many neighbours is left that would not. Who
    /// needs an accessible seat is not asked to move.
    pub fn check(&self, offer: &Offer, party: &Party, wanted: &SeatSet) -> Result<(), Refusal> {
        if wanted.count() != usize::from(party.quantity.get()) {
            return Err(Refusal::Count);
        }
        self.refuse_any(Refusal::Taken, wanted, |row, _| offer.open.row(row))?;
        self.refuse_any(Refusal::NotOffered, wanted, |row, _| offer.usable.row(row))?;
        let wheelchairs = u32::from(party.wheelchairs);
        let accessible: u32 = self
            .each(wanted)
            .map(|(row, chosen)| (chosen & self.rows[usize::from(row.0)].accessible).count_ones())
            .sum();
        if wheelchairs == 0 || accessible > wheelchairs {
            let reserved =
                |row: &super::HallRow| if wheelchairs == 0 { row.accessible | row.companion } else { row.accessible };
            self.refuse_any(Refusal::Accessible, wanted, |_, row| !reserved(row))?;
        }
        self.check_orphans(offer, party, wanted)
    }

    /// Refuses where a seat is wanted that is not allowed.
    fn refuse_any(
        &self,
        refusal: fn(Vec<SeatIndex>) -> Refusal,
        wanted: &SeatSet,
        allowed: impl Fn(RowIndex, &super::HallRow) -> u128,
    ) -> Result<(), Refusal> {
        let wrong =
            self.each(wanted).map(|(row, chosen)| (row, chosen & !allowed(row, &self.rows[usize::from(row.0)])));
        let wrong: Vec<SeatIndex> = wrong.flat_map(|(row, bits)| self.indices(row, bits)).collect();
        if wrong.is_empty() { Ok(()) } else { Err(refusal(wrong)) }
    }

    fn check_orphans(&self, offer: &Offer, party: &Party, wanted: &SeatSet) -> Result<(), Refusal> {
        for (index, chosen) in self.each(wanted) {
            let row = &self.rows[usize::from(index.0)];
            let alone = view(index, row, offer, party).orphans(chosen, party.rule);
            if alone == 0 {
                continue;
            }
            for group in groups(index, row.link, chosen) {
                let beside = ((group.bits() & row.link) << 1) | ((group.bits() >> 1) & row.link);
                if alone & beside == 0 || group.bits() & row.accessible != 0 {
                    continue;
                }
                if let Some(instead) = self.instead(offer, party, wanted, group) {
                    let alone = self.indices(index, alone & beside).collect();
                    return Err(Refusal::LeavesAlone { alone, instead: self.seats(&[instead]) });
                }
            }
        }
        Ok(())
    }

    /// The nearest seats for one group of a party that leave nobody alone, while its other groups stay.
    fn instead(&self, offer: &Offer, party: &Party, wanted: &SeatSet, group: Group) -> Option<Group> {
        let mut others = wanted.clone();
        others.remove_row(group.row, group.bits());
        let (mut open, mut usable) = (offer.open.clone(), offer.usable.clone());
        open.remove(&others);
        usable.remove(&others);
        let offer = Offer { open, usable };
        let party = Party { wheelchairs: 0, ..*party };
        let scan = Scan::new(self, &offer, &party, party.rule);
        let rows: Vec<_> = scan.rows().collect();
        scan.nearest(&rows, &[], group, group.count, u64::MAX).map(|(instead, _)| instead)
    }

    /// The rows in which something is wanted.
    fn each<'s>(&'s self, wanted: &'s SeatSet) -> impl Iterator<Item = (RowIndex, u128)> + 's {
        let rows = (0..).map(RowIndex).zip(wanted.rows().iter().copied()).take(self.rows.len());
        rows.filter(|(_, chosen)| *chosen != 0)
    }

    fn indices(&self, row: RowIndex, bits: u128) -> impl Iterator<Item = SeatIndex> + use<> {
        let first = self.rows.get(usize::from(row.0)).map_or(0, |row| row.first.0);
        places(bits).map(move |place| SeatIndex(first + u16::from(place)))
    }
}

/// The groups of neighbours that chosen seats of a row make.
fn groups(row: RowIndex, link: u128, chosen: u128) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for place in places(chosen) {
        match groups.last_mut() {
            Some(last) if last.first + last.count == place && link >> (place - 1) & 1 == 1 => last.count += 1,
            _ => groups.push(Group { row, first: place, count: 1 }),
        }
    }
    groups
}
