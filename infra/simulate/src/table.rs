//! A table of `DynamoDB`: partitions that each serve so much, and units that are counted.

use crate::{
    Micros,
    bucket::Bucket,
    limits::{PARTITION_READS, PARTITION_WRITES},
};

/// The call was refused because a partition is too busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Throttled;

/// A table whose load is spread by the hash of the key.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    partitions: Vec<(Bucket, Bucket)>,
    pub(crate) written: u64,
    pub(crate) read: u64,
    pub(crate) throttled: u64,
}

impl Table {
    /// A table that serves so many write units in a second, if they are spread well: a partition for each thousand.
    pub(crate) fn new(writes_per_second: u32) -> Self {
        // A partition's second is not a sliding one; a tenth of it is what it takes at once.
        let partition =
            (Bucket::new(PARTITION_WRITES, PARTITION_WRITES / 10), Bucket::new(PARTITION_READS, PARTITION_READS / 10));
        let count = writes_per_second.div_ceil(PARTITION_WRITES).max(1);
        Self { partitions: vec![partition; count as usize], written: 0, read: 0, throttled: 0 }
    }

    /// Uses write units of a key's partition, whatever becomes of the write: refused conditions are billed.
    pub(crate) fn write(&mut self, key: u64, units: u32, now: Micros) -> Result<(), Throttled> {
        let place = self.place(key);
        let taken = self.partitions[place].0.take(units, now);
        self.count(taken, units).map(|units| self.written += units)
    }

    /// Uses read units of a key's partition.
    pub(crate) fn read(&mut self, key: u64, units: u32, now: Micros) -> Result<(), Throttled> {
        let place = self.place(key);
        let taken = self.partitions[place].1.take(units, now);
        self.count(taken, units).map(|units| self.read += units)
    }

    /// Uses write units of several keys, all or none: a transaction.
    pub(crate) fn write_all(&mut self, keys: &[u64], units: u32, now: Micros) -> Result<(), Throttled> {
        let all = keys.iter().all(|key| {
            let place = self.place(*key);
            self.partitions[place].0.has(units, now)
        });
        if !all {
            self.throttled += 1;
            return Err(Throttled);
        }
        keys.iter().try_for_each(|key| self.write(*key, units, now))
    }

    fn count(&mut self, taken: bool, units: u32) -> Result<u64, Throttled> {
        if taken {
            return Ok(u64::from(units));
        }
        self.throttled += 1;
        Err(Throttled)
    }

    fn place(&self, key: u64) -> usize {
        let count = self.partitions.len() as u64;
        usize::try_from(spread(key) % count).unwrap_or_default()
    }
}

/// Spreads keys as a hash does (the finaliser of `SplitMix64`).
pub(crate) const fn spread(key: u64) -> u64 {
    let key = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::SECOND;

    #[test]
    fn one_key_never_gets_more_than_one_partition() {
        let mut table = Table::new(40_000);
        let asked = 10 * 5_000;
        let made = (0..asked).filter(|at| table.write(7, 1, at * SECOND / 5_000).is_ok()).count();
        assert!((9_990..=10_110).contains(&made), "{made} in ten seconds");
        assert_eq!((table.written, table.throttled), (made as u64, asked - made as u64));
    }

    #[test]
    fn many_keys_get_what_the_table_has() {
        let mut table = Table::new(4_000);
        let made = (0..100_000_u64).filter(|at| table.write(*at, 1, at * SECOND / 10_000).is_ok()).count();
        assert!((39_000..=40_400).contains(&made), "{made} in ten seconds");
    }
}
