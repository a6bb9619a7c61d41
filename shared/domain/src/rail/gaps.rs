//! What is free in some rows of a class: how many seats of each row are free for which longest stretches.
//!
//! This is what a shard's summary carries. Gaps of different rows stand beside each other, so the summaries of a pool add up;
//! and a gap says nothing of quotas, so whoever reads it applies the stage that holds then. Counting needs the rows alone.

use std::collections::BTreeMap;

use super::{
    coach::CoachRow,
    matrix::Matrix,
    quota::Guard,
    row::Row,
    stretch::{Segments, Stretch},
};

/// The free stretches of rows, by the number of their block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    rows: BTreeMap<u16, BTreeMap<Stretch, u8>>,
}

/// How the bytes begin. What begins otherwise was written by a version that this one does not know.
const FORMAT: u8 = 1;

impl Gaps {
    /// Notes what is free in a row; what was noted of that block before is forgotten.
    pub fn note(&mut self, block: u16, row: &Row) {
        self.note_taken(block, row.points(), &row.taken());
    }

    fn note_taken(&mut self, block: u16, stops: u16, taken: &[Segments]) {
        let mut gaps = BTreeMap::new();
        for gap in taken.iter().flat_map(|seat| seat.gaps(stops)) {
            *gaps.entry(gap).or_insert(0_u8) += 1;
        }
        self.rows.insert(block, gaps);
    }

    /// Takes over what others noted.
    pub fn extend(&mut self, other: Self) {
        self.rows.extend(other.rows);
    }

    /// Whether anything is known of a block.
    pub fn knows(&self, block: u16) -> bool {
        self.rows.contains_key(&block)
    }

    /// How many seats of a class are left for each stretch. A row of which nothing is known is free: until somebody held a
    /// seat in its shard, nobody counted that.
    pub fn matrix(&self, stops: u16, rows: &[CoachRow], guard: &Guard<'_>) -> Matrix {
        let whole = Stretch::new(0, stops.saturating_sub(1)).ok();
        let gaps = rows.iter().enumerate().flat_map(|(place, row)| {
            let free = whole.map(|whole| (whole, row.layout.seats()));
            let known = self.rows.get(&row.block);
            let free = free.filter(|_| known.is_none());
            let known = known.into_iter().flatten().map(|(gap, seats)| (*gap, *seats));
            known.chain(free).map(move |(gap, seats)| (place, gap, u32::from(seats)))
        });
        Matrix::of_gaps(stops, gaps, guard)
    }

    /// As bytes: for each row its block, how many different gaps it has, and each gap with its number of seats. A row of
    /// which nothing is sold takes seven bytes, whatever the number of stops.
    pub fn pack(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        for (block, gaps) in &self.rows {
            bytes.extend(block.to_be_bytes());
            // Eight seats with at most 64 gaps each.
            bytes.extend(u16::try_from(gaps.len()).unwrap_or(u16::MAX).to_be_bytes());
            for (gap, seats) in gaps {
                bytes.extend([low(gap.from()), low(gap.to()), *seats]);
            }
        }
        bytes
    }

    /// Reads [`Gaps::pack`] back; nothing where the bytes are not of that kind.
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let (format, mut rest) = bytes.split_first()?;
        if *format != FORMAT {
            return None;
        }
        let mut rows = BTreeMap::new();
        while !rest.is_empty() {
            let (block, after) = rest.split_first_chunk::<2>()?;
            let (count, after) = after.split_first_chunk::<2>()?;
            let (own, after) = after.split_at_checked(3 * usize::from(u16::from_be_bytes(*count)))?;
            let gap = |gap: &[u8]| Some((Stretch::new(gap[0].into(), gap[1].into()).ok()?, gap[2]));
            let gaps = own.chunks_exact(3).map(gap).collect::<Option<BTreeMap<_, _>>>()?;
            rows.insert(u16::from_be_bytes(*block), gaps);
            rest = after;
        }
        Some(Self { rows })
    }
}

/// A stop's number as a byte: a train has at most 128.
fn low(stop: u16) -> u8 {
    u8::try_from(stop).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rail::{
        allocate::Seats,
        coach::Layout,
        quota::{Quota, Stage},
        row::Kind,
        train::Train,
    };

    fn row(block: u16) -> CoachRow {
        CoachRow { block, coach: 1, row: u8::try_from(block).unwrap() + 1, layout: Layout::OneOne }
    }

    fn cases() -> impl Strategy<Value = (u16, Vec<Vec<Stretch>>)> {
        (2..=Train::MAX_STOPS).prop_flat_map(|stops| {
            let stretch = (0..stops - 1, 1..stops)
                .prop_map(move |(from, length)| Stretch::new(from, (from + length).min(stops - 1)).unwrap());
            (Just(stops), proptest::collection::vec(proptest::collection::vec(stretch, 0..6), 2..80))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn summed_over_shards_they_count_what_looking_at_all_rows_counts(
            (stops, sold) in cases(), least in 0..130_u32, kept in 0..=100_u8, uncounted in any::<bool>(),
        ) {
            let km: Vec<u32> = (0..u32::from(stops)).collect();
            let quota = Quota::new(least, vec![Stage { until_minutes_before: 0, percent: kept }]).unwrap();
            let taken: Vec<Vec<Segments>> = sold
                .chunks_exact(2)
                .map(|row| row.iter().map(|seat| seat.iter().copied().collect()).collect())
                .collect();
            let rows: Vec<CoachRow> = (0..).zip(&taken).map(|(block, _)| row(block)).collect();
            let mut all = Gaps::default();
            for (shard, blocks) in rows.chunks(16).enumerate() {
                if uncounted && shard == 1 {
                    continue;
                }
                let mut gaps = Gaps::default();
                for row in blocks {
                    gaps.note_taken(row.block, stops, &taken[usize::from(row.block)]);
                }
                all.extend(Gaps::unpack(&gaps.pack()).unwrap());
            }
            let guard = quota.guard(rows.len(), 1, &km);
            let seen = Seats::of(stops, &rows, |block| all.knows(block).then(|| taken[usize::from(block)].clone()));
            prop_assert_eq!(all.matrix(stops, &rows, &guard), Matrix::of(&seen, &guard));
        }

        #[test]
        fn bytes_that_anybody_made_up_do_no_harm(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            bytes.insert(0, FORMAT);
            if let Some(gaps) = Gaps::unpack(&bytes) {
                prop_assert_eq!(Gaps::unpack(&gaps.pack()), Some(gaps.clone()));
                prop_assert!(gaps.matrix(30, &[row(0), row(7)], &Guard::OPEN).counts().len() == 435);
            }
        }
    }

    #[test]
    fn a_shard_of_which_nothing_is_sold_takes_little_room() {
        let mut gaps = Gaps::default();
        for block in 0..16 {
            gaps.note(block, &Row::empty(Kind::Coach, 5, 100));
        }
        assert_eq!(gaps.pack().len(), 1 + 16 * 7);
        assert_eq!(Gaps::unpack(&gaps.pack()), Some(gaps));
    }

    #[test]
    fn bytes_of_another_kind_are_refused() {
        for bytes in [&[][..], &[2], &[FORMAT, 0], &[FORMAT, 0, 1, 0, 1, 3, 4], &[FORMAT, 0, 1, 0, 1, 4, 4, 1]] {
            assert_eq!(Gaps::unpack(bytes), None, "{bytes:?}");
        }
        assert_eq!(Gaps::unpack(&[FORMAT]), Some(Gaps::default()));
    }
}
