//! Where stock lies: pools, their blocks, and the shards that blocks are kept in.

use std::{fmt, str::FromStr};

use crate::id::BASE32;

/// The key of one sellable quantity: 10 bytes, 16 characters.
///
/// Derived by hashing what the pool is of (the session and the price option, say), so nobody has to look it up.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PoolKey([u8; 10]);

/// The text is not the key of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a pool key")]
pub struct PoolKeyError;

impl PoolKey {
    /// Takes the first ten bytes of a hash; 80 bits keep a thousand million pools apart with odds of one in a million.
    pub fn from_hash(hash: &[u8; 32]) -> Self {
        let mut key = [0; 10];
        key.copy_from_slice(&hash[..10]);
        Self(key)
    }
}

impl fmt::Display for PoolKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", BASE32.encode_display(&self.0))
    }
}

impl fmt::Debug for PoolKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PoolKey {
    type Err = PoolKeyError;

    fn from_str(text: &str) -> Result<Self, PoolKeyError> {
        let bytes = BASE32.decode(text.as_bytes()).map_err(|_| PoolKeyError)?;
        bytes.try_into().map(Self).map_err(|_| PoolKeyError)
    }
}

/// One block of one pool: the smallest thing that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockAddress {
    /// The pool.
    pub pool: PoolKey,
    /// The block's number in the pool, from 0.
    pub number: u16,
}

impl BlockAddress {
    /// The shard that the block is kept in.
    pub const fn shard(&self) -> u16 {
        self.number / Layout::BLOCKS_PER_SHARD
    }
}

/// How a quantity is cut into blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    capacity: u32,
}

/// The pool would be larger than the layout can number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be at most {}", Layout::MAX_CAPACITY)]
pub struct TooLarge;

impl Layout {
    /// Tickets in a full block: sixteen entries stay under 1 KiB, so that a write costs one write unit.
    pub const TICKETS_PER_BLOCK: u8 = 16;
    /// Blocks under one partition key: enough that no key is hot, few enough that a pool is read in few queries.
    pub const BLOCKS_PER_SHARD: u16 = 16;
    /// The largest pool: one million tickets, 62 500 blocks.
    pub const MAX_CAPACITY: u32 = 1_000_000;

    /// The layout of `capacity` tickets.
    pub const fn of(capacity: u32) -> Result<Self, TooLarge> {
        if capacity > Self::MAX_CAPACITY { Err(TooLarge) } else { Ok(Self { capacity }) }
    }

    /// How many tickets there are.
    pub const fn capacity(&self) -> u32 {
        self.capacity
    }

    /// How many blocks there are; the last one may be partly filled.
    pub fn blocks(&self) -> u16 {
        u16::try_from(self.capacity.div_ceil(u32::from(Self::TICKETS_PER_BLOCK))).unwrap_or(u16::MAX)
    }

    /// How many shards there are.
    pub fn shards(&self) -> u16 {
        self.blocks().div_ceil(Self::BLOCKS_PER_SHARD)
    }

    /// How many tickets the block of that number holds.
    pub fn capacity_of(&self, block: u16) -> u8 {
        let full = u32::from(Self::TICKETS_PER_BLOCK);
        let before = u32::from(block) * full;
        u8::try_from(self.capacity.saturating_sub(before).min(full)).unwrap_or(Self::TICKETS_PER_BLOCK)
    }

    /// The numbers of the blocks in one shard.
    pub fn blocks_of(&self, shard: u16) -> std::ops::Range<u16> {
        let first = shard.saturating_mul(Self::BLOCKS_PER_SHARD);
        first..first.saturating_add(Self::BLOCKS_PER_SHARD).min(self.blocks()).max(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fifty_thousand_tickets_are_196_shards() {
        let layout = Layout::of(50_000).unwrap();
        assert_eq!((layout.blocks(), layout.shards()), (3_125, 196));
    }

    proptest! {
        #[test]
        fn blocks_hold_exactly_the_capacity(capacity in 0..=Layout::MAX_CAPACITY) {
            let layout = Layout::of(capacity).unwrap();
            let sum: u32 = (0..layout.blocks()).map(|block| u32::from(layout.capacity_of(block))).sum();
            prop_assert_eq!(sum, capacity);
            let in_shards: usize = (0..layout.shards()).map(|shard| layout.blocks_of(shard).len()).sum();
            prop_assert_eq!(in_shards, usize::from(layout.blocks()));
        }
    }

    #[test]
    fn a_pool_key_is_sixteen_characters() {
        let key = PoolKey::from_hash(&[9; 32]);
        assert_eq!(key.to_string().len(), 16);
        assert_eq!(key.to_string().parse(), Ok(key));
    }
}
