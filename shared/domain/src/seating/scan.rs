//! Runs of neighbours by shifting: all of a row at once.

use super::{Group, Hall, HallRow, Offer, OrphanRule, Party};
use crate::venue::{RowIndex, places};

/// A search for one party under one rule.
pub(super) struct Scan<'s> {
    pub(super) hall: &'s Hall,
    pub(super) offer: &'s Offer,
    pub(super) party: &'s Party,
    rule: OrphanRule,
}

/// A row as a search sees it: what nobody has, and what the party may take.
#[derive(Clone, Copy)]
pub(super) struct RowView<'s> {
    pub(super) index: RowIndex,
    pub(super) row: &'s HallRow,
    open: u128,
    usable: u128,
}

impl RowView<'_> {
    /// The seats that the party may take.
    pub(super) const fn usable(self) -> u128 {
        self.usable
    }

    /// The row once somebody has these seats too.
    pub(super) const fn without(self, taken: u128) -> Self {
        Self { open: self.open & !taken, usable: self.usable & !taken, ..self }
    }

    /// The first seats of every run of `count` neighbours that the party may take.
    fn runs(&self, count: u8) -> u128 {
        let mut starts = self.usable;
        for place in 1..count {
            starts &= (self.usable >> place) & (self.row.link >> (place - 1));
        }
        starts
    }

    /// The same without runs that leave a single seat.
    fn clean_runs(&self, count: u8, rule: OrphanRule) -> u128 {
        let starts = self.runs(count);
        if starts == 0 || rule == OrphanRule::Off {
            return starts;
        }
        let (left, right) = self.lonely(rule);
        // Seat n is left alone by a run that begins at n + 1, or that ends at n - 1.
        let by_left = (left & self.row.link) << 1;
        let by_right = (right & (self.row.link << 1)).checked_shr(count.into()).unwrap_or(0);
        starts & !by_left & !by_right
    }

    /// The seats that nobody has and that have nobody free beside them on the left, and on the right: whoever takes the
    /// other neighbour leaves them alone. A single accessible or companion seat is no loss: such are sold singly.
    fn lonely(&self, rule: OrphanRule) -> (u128, u128) {
        let HallRow { link, accessible, companion, .. } = *self.row;
        let (has_left, has_right) = (link << 1, link);
        let counts = self.open & !accessible & !companion;
        let left = counts & !((self.open << 1) & has_left);
        let right = counts & !((self.open >> 1) & has_right);
        match rule {
            OrphanRule::Off => (0, 0),
            OrphanRule::Between => (left & has_left, right & has_right),
            OrphanRule::Edges => (left, right),
        }
    }

    /// The seats that are left alone by whoever takes `chosen`, and were not before.
    pub(super) fn orphans(&self, chosen: u128, rule: OrphanRule) -> u128 {
        let link = self.row.link;
        let after = self.without(chosen);
        let (left, right) = after.lonely(rule);
        // Alone on both sides, by the rule on the sides that are taken; and next to what was chosen.
        let beside = ((chosen & link) << 1) | ((chosen >> 1) & link);
        left & right & beside
    }
}

impl<'s> Scan<'s> {
    pub(super) const fn new(hall: &'s Hall, offer: &'s Offer, party: &'s Party, rule: OrphanRule) -> Self {
        Self { hall, offer, party, rule }
    }

    /// The rows in which the party may take something.
    pub(super) fn rows(&self) -> impl Iterator<Item = RowView<'s>> {
        let (hall, offer, party) = (self.hall, self.offer, self.party);
        (0..)
            .zip(&hall.rows)
            .map(move |(index, row)| view(RowIndex(index), row, offer, party))
            .filter(|row| row.usable != 0)
    }

    /// The runs of a row that the rule allows.
    pub(super) fn runs(&self, row: &RowView<'_>, count: u8) -> u128 {
        row.clean_runs(count, self.rule)
    }

    /// Those with seats for all who need an accessible one, each with how many too many it would take.
    pub(super) fn anchors<'a>(&self, row: &'a RowView<'_>, count: u8) -> impl Iterator<Item = (u8, u32)> + use<'a> {
        let needed = u32::from(self.party.wheelchairs);
        let accessible = row.row.accessible;
        places(self.runs(row, count)).filter_map(move |first| {
            let group = Group { row: row.index, first, count };
            (accessible & group.bits()).count_ones().checked_sub(needed).map(|surplus| (first, surplus))
        })
    }

    /// The run of the whole party that is nearest the focus.
    pub(super) fn together(&self) -> Option<Group> {
        let count = self.party.quantity.get();
        let mut best: Option<((u32, u32), Group)> = None;
        for row in self.rows() {
            // No run of this row can be nearer than that.
            let bound = row.row.nearest.saturating_mul(count.into());
            if best.is_some_and(|((surplus, far), _)| surplus == 0 && bound >= far) {
                continue;
            }
            for (first, surplus) in self.anchors(&row, count) {
                let cost = (surplus, row.row.far(first, count));
                if best.is_none_or(|(least, _)| cost < least) {
                    best = Some((cost, Group { row: row.index, first, count }));
                }
            }
        }
        best.map(|(_, group)| group)
    }
}

/// A row as a party sees it.
pub(super) fn view<'s>(index: RowIndex, row: &'s HallRow, offer: &Offer, party: &Party) -> RowView<'s> {
    let reserved = if party.wheelchairs == 0 { row.accessible | row.companion } else { 0 };
    RowView { index, row, open: offer.open.row(index), usable: offer.usable.row(index) & !reserved }
}
