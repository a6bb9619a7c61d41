//! A party that finds no row for all of it: as few groups as can be, nobody alone if that can be, near to each other.

use super::{
    Group,
    scan::{RowView, Scan},
};
use crate::venue::{Point, places};

/// From how many of the groups nearest the focus the search goes out: all of them in a small hall.
const ANCHORS: usize = 64;
/// The same where a party is split in more than two.
const ANCHORS_OF_MANY: usize = 8;

/// What is made small: groups, people who sit alone, centimetres between the groups squared, centimetres to the focus.
type Cost = (usize, usize, u64, u64);

impl Scan<'_> {
    /// Several groups; nothing where there are too few seats.
    pub(super) fn split(&self) -> Option<Vec<Group>> {
        let all = self.party.quantity.get();
        let rows: Vec<RowView<'_>> = self.rows().collect();
        let pair = (1..all).rev().filter(|first| *first >= all - first).filter_map(|first| self.pair(&rows, first));
        let pair = pair.min_by_key(|(cost, _)| *cost).map(|(_, groups)| groups);
        pair.or_else(|| self.many(&rows))
    }

    /// Two groups of which the larger one has so many seats: exactly the nearest pair, as far as the anchors go.
    fn pair(&self, rows: &[RowView<'_>], larger: u8) -> Option<(Cost, Vec<Group>)> {
        let smaller = self.party.quantity.get() - larger;
        let alone = usize::from(larger == 1) + usize::from(smaller == 1);
        let mut best: Option<(Cost, Vec<Group>)> = None;
        // With accessible seats to be found, either of the two may have them.
        let sizes = if self.party.wheelchairs > 0 && larger != smaller { vec![larger, smaller] } else { vec![larger] };
        for size in sizes {
            let other = self.party.quantity.get() - size;
            for anchor in self.nearest_anchors(rows, size) {
                let limit = best.as_ref().map_or(u64::MAX, |((_, _, apart, _), _)| *apart);
                let Some((group, apart)) = self.nearest(rows, &[anchor], anchor, other, limit) else { continue };
                let cost = (2, alone, apart, self.far(anchor) + self.far(group));
                if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                    best = Some((cost, vec![anchor, group]));
                }
            }
        }
        best
    }

    /// Three groups and more: from each anchor of the largest size that there is, always the largest group that is needed
    /// and there, and of those the nearest.
    fn many(&self, rows: &[RowView<'_>]) -> Option<Vec<Group>> {
        let all = self.party.quantity.get();
        let anchors = (1..all).rev().map(|size| self.nearest_anchors(rows, size)).find(|found| !found.is_empty())?;
        let mut best: Option<(Cost, Vec<Group>)> = None;
        for anchor in anchors.into_iter().take(ANCHORS_OF_MANY) {
            let mut groups = vec![anchor];
            let (mut missing, mut apart) = (all - anchor.count, 0);
            while missing > 0 {
                // No group is larger than the largest that there is, except where that had to have accessible seats.
                let last = groups.last().filter(|_| self.party.wheelchairs == 0).map_or(missing, |last| last.count);
                let found =
                    (1..=missing.min(last)).rev().find_map(|size| self.nearest(rows, &groups, anchor, size, u64::MAX));
                let Some((group, far)) = found else { break };
                missing -= group.count;
                apart += far;
                groups.push(group);
            }
            let alone = groups.iter().filter(|group| group.count == 1).count();
            let far = groups.iter().map(|group| self.far(*group)).sum();
            let cost = (groups.len(), alone, apart, far);
            if missing == 0 && best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, groups));
            }
        }
        best.map(|(_, groups)| groups)
    }

    /// The groups of a size that are nearest the focus, with seats for all who need an accessible one.
    fn nearest_anchors(&self, rows: &[RowView<'_>], count: u8) -> Vec<Group> {
        let mut found: Vec<(u32, u32, Group)> = Vec::new();
        let mut furthest = None;
        for row in rows {
            if furthest.is_some_and(|far| row.row.nearest.saturating_mul(count.into()) > far) {
                continue;
            }
            for (first, surplus) in self.anchors(row, count) {
                let group = Group { row: row.index, first, count };
                found.push((surplus, row.row.far(first, count), group));
            }
            if found.len() > 4 * ANCHORS {
                keep_best(&mut found);
                furthest = found.last().filter(|(surplus, ..)| *surplus == 0).map(|(_, far, _)| *far);
            }
        }
        keep_best(&mut found);
        found.into_iter().map(|(_, _, group)| group).collect()
    }

    /// The group of a size that is nearest to another one, beside those that the party has already; nothing beyond
    /// `limit`. With the square of the distance between their middles.
    pub(super) fn nearest(
        &self,
        rows: &[RowView<'_>],
        taken: &[Group],
        anchor: Group,
        count: u8,
        limit: u64,
    ) -> Option<(Group, u64)> {
        let from = self.middle(anchor);
        let mut best: Option<(u64, u64, Group)> = None;
        for row in rows {
            let most = best.map_or(limit, |(apart, ..)| apart);
            if from.square_to_box(row.row.low, row.row.high) > most {
                continue;
            }
            let own = taken.iter().filter(|group| group.row == row.index).fold(0, |bits, group| bits | group.bits());
            for first in places(self.runs(&row.without(own), count)) {
                let group = Group { row: row.index, first, count };
                let cost = (from.square_to(row.row.middle(first, count)), self.far(group), group);
                if cost.0 <= limit && best.is_none_or(|least| cost < least) {
                    best = Some(cost);
                }
            }
        }
        best.map(|(apart, _, group)| (group, apart))
    }

    fn far(&self, group: Group) -> u64 {
        self.hall.rows.get(usize::from(group.row.0)).map_or(0, |row| row.far(group.first, group.count).into())
    }

    fn middle(&self, group: Group) -> Point {
        let row = self.hall.rows.get(usize::from(group.row.0));
        row.map_or_else(Point::default, |row| row.middle(group.first, group.count))
    }
}

fn keep_best(found: &mut Vec<(u32, u32, Group)>) {
    found.sort_unstable();
    found.truncate(ANCHORS);
}
