//! What is sold, as each strategy keeps it, and what a process has learnt about it.

use domain::pool::Layout;

use crate::{Micros, limits::SECOND};

/// Blocks as the product has them.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    pub(crate) layout: Layout,
    pub(crate) free: Vec<u8>,
    /// What the summaries said last, by shard.
    pub(crate) summaries: Vec<u32>,
    /// Whether the pool is marked sold out.
    pub(crate) marked: bool,
}

impl Blocks {
    pub(crate) fn new(layout: Layout) -> Self {
        let free: Vec<u8> = (0..layout.blocks()).map(|block| layout.capacity_of(block)).collect();
        let mut blocks = Self { layout, free, summaries: Vec::new(), marked: false };
        blocks.summaries = blocks.count();
        blocks
    }

    /// What is free, by shard.
    pub(crate) fn count(&self) -> Vec<u32> {
        (0..self.layout.shards()).map(|shard| self.layout.blocks_of(shard).map(|it| self.free_in(it)).sum()).collect()
    }

    pub(crate) fn free_in(&self, block: u16) -> u32 {
        u32::from(self.free[usize::from(block)])
    }

    /// Takes so many from a block, if it has them; else how many it has.
    pub(crate) fn take(&mut self, block: u16, count: u8) -> Result<(), u8> {
        let free = &mut self.free[usize::from(block)];
        *free = free.checked_sub(count).ok_or(*free)?;
        Ok(())
    }

    pub(crate) fn give_back(&mut self, block: u16, count: u8) {
        self.free[usize::from(block)] += count;
        self.marked = false;
    }
}

/// What one environment has learnt in the last second or two.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    /// Blocks that refused: how many were free there, and until when that is believed.
    refused: Vec<(u16, u8, Micros)>,
    /// Whether the pool was marked, until when that is believed.
    marker: Option<(bool, Micros)>,
    summaries: Option<(Vec<u32>, Micros)>,
}

/// How long a marker and a full block are believed, as in the product.
const BELIEVED: Micros = SECOND;

impl Memory {
    pub(crate) fn may_have(&self, block: u16, count: u8, now: Micros) -> bool {
        !self.refused.iter().any(|(known, free, until)| *known == block && *free < count && now < *until)
    }

    pub(crate) fn refused(&mut self, block: u16, free: u8, now: Micros) {
        self.refused.retain(|(known, _, until)| *known != block && now < *until);
        self.refused.push((block, free, now + BELIEVED));
    }

    pub(crate) fn marker(&self, now: Micros) -> Option<bool> {
        self.marker.filter(|(_, until)| now < *until).map(|(marked, _)| marked)
    }

    pub(crate) const fn learn_marker(&mut self, marked: bool, now: Micros) {
        self.marker = Some((marked, now + BELIEVED));
    }

    pub(crate) fn summaries(&self, now: Micros) -> Option<&[u32]> {
        self.summaries.as_ref().filter(|(_, until)| now < *until).map(|(summaries, _)| summaries.as_slice())
    }

    /// Believed for one to two seconds, so that processes do not all ask at once.
    pub(crate) fn learn_summaries(&mut self, summaries: Vec<u32>, now: Micros, jitter: Micros) {
        self.summaries = Some((summaries, now + BELIEVED + jitter % SECOND));
    }
}

/// Counters: one, or several among which a buyer's request chooses.
#[derive(Clone, Debug)]
pub(crate) struct Counters {
    pub(crate) free: Vec<u32>,
    /// Until when a transaction is in the way of others.
    pub(crate) locked: Vec<Micros>,
}

impl Counters {
    /// So many counters that share the tickets as evenly as they can.
    pub(crate) fn new(count: u32, tickets: u32) -> Self {
        let share = |number: u32| tickets / count + u32::from(number < tickets % count);
        Self { free: (0..count).map(share).collect(), locked: vec![0; count as usize] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_share_all_tickets() {
        for (count, tickets) in [(1, 50_000), (10, 50_000), (7, 100)] {
            assert_eq!(Counters::new(count, tickets).free.iter().sum::<u32>(), tickets);
        }
    }

    #[test]
    fn what_was_learnt_is_forgotten_after_a_second() {
        let mut memory = Memory::default();
        memory.refused(3, 1, 0);
        assert!(!memory.may_have(3, 2, SECOND - 1) && memory.may_have(3, 1, 0) && memory.may_have(4, 2, 0));
        assert!(memory.may_have(3, 2, SECOND));
        memory.learn_marker(true, 0);
        assert_eq!((memory.marker(SECOND - 1), memory.marker(SECOND)), (Some(true), None));
    }
}
