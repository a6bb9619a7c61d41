//! What an on-sale came to.

use crate::{
    Micros,
    limits::{MILLI, SECOND},
    request::{Answer, Request},
    world::Tables,
};

/// How finely the sale is drawn.
const BIN: Micros = 100 * MILLI;

/// What an on-sale came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Tickets that were sold, and those that nobody got.
    pub sold: u32,
    /// Tickets that were left when everybody had gone, or time was up.
    pub left: u32,
    /// Tickets that were sold twice: the difference between what was sold and what there was.
    pub oversold: u32,
    /// When the last ticket was sold.
    pub sold_after: Micros,
    /// From a winner's first request to the answer: the half did not take longer, and 99 of a hundred.
    pub answer: (Micros, Micros),
    /// From a winner's first request until the order was written, likewise.
    pub written: (Micros, Micros),
    /// All write units, of all tables.
    pub write_units: u64,
    /// Write units of writes that led to nothing: refused, undone, or of requests that were refused.
    pub wasted_units: u64,
    /// Calls that a partition refused because it was too busy. They cost no units.
    pub throttled: u64,
    /// Transactions that met another.
    pub conflicts: u64,
    /// Requests that gateway or function turned away.
    pub turned_away: u64,
    /// Answers `busy`, and failures because the database was too busy.
    pub come_back: u64,
    /// Buyers who were told that nothing is left.
    pub told_sold_out: u64,
    /// Of them those who were told although something was left.
    pub told_too_early: u64,
    /// Environments of the function that answers.
    pub environments: u32,
    /// Tickets sold by the end of each tenth of a second.
    pub curve: Vec<u32>,
    /// The most orders that were won within one second.
    pub fastest_second: u32,
}

/// What is counted while it lasts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) asked: u64,
    pub(crate) turned_away: u64,
    pub(crate) busy: u64,
    pub(crate) unavailable: u64,
    pub(crate) conflicts: u64,
    pub(crate) summaries: u64,
    sold: u32,
    sold_after: Micros,
    /// Tickets and orders of each tenth of a second.
    bins: Vec<(u32, u32)>,
    answers: Vec<Micros>,
    orders: Vec<Micros>,
    wasted: u64,
    told: u64,
    told_too_early: u64,
}

impl Tally {
    pub(crate) fn won(&mut self, tickets: u8, now: Micros, took: Micros) {
        self.sold += u32::from(tickets);
        self.sold_after = now;
        self.answers.push(took);
        let bin = usize::try_from(now / BIN).unwrap_or(usize::MAX);
        if bin >= self.bins.len() {
            self.bins.resize(bin + 1, (0, 0));
        }
        self.bins[bin].0 += u32::from(tickets);
        self.bins[bin].1 += 1;
    }

    pub(crate) fn written(&mut self, took: Micros) {
        self.orders.push(took);
    }

    pub(crate) const fn told_sold_out(&mut self, left: u32) {
        self.told += 1;
        if left > 0 {
            self.told_too_early += 1;
        }
    }

    /// Counts what a request wrote in vain.
    pub(crate) fn units(&mut self, request: &Request, answer: Answer) {
        self.wasted += u64::from(if answer == Answer::Won { request.refused } else { request.spent });
    }

    pub(crate) fn outcome(mut self, tables: &Tables, tickets: u32, environments: u32) -> Outcome {
        let all = [&tables.activity, &tables.inventory, &tables.orders, &tables.catalogue];
        let mut sold = 0;
        let curve = self.bins.iter().map(|bin| {
            sold += bin.0;
            sold
        });
        let second = self.bins.windows(usize::try_from(SECOND / BIN).unwrap_or(1).min(self.bins.len().max(1)));
        Outcome {
            sold: self.sold,
            left: tickets.saturating_sub(self.sold),
            oversold: self.sold.saturating_sub(tickets),
            sold_after: self.sold_after,
            curve: curve.collect(),
            fastest_second: second.map(|bins| bins.iter().map(|bin| bin.1).sum()).max().unwrap_or_default(),
            answer: half_and_most(&mut self.answers),
            written: half_and_most(&mut self.orders),
            write_units: all.iter().map(|table| table.written).sum(),
            wasted_units: self.wasted,
            throttled: all.iter().map(|table| table.throttled).sum(),
            conflicts: self.conflicts,
            turned_away: self.turned_away,
            come_back: self.busy + self.unavailable,
            told_sold_out: self.told,
            told_too_early: self.told_too_early,
            environments,
        }
    }
}

/// The time that half, and that 99 of a hundred, did not exceed; zero where there is none.
fn half_and_most(times: &mut [Micros]) -> (Micros, Micros) {
    times.sort_unstable();
    let at = |percent: usize| {
        let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
        times.get(place).copied().unwrap_or_default()
    };
    (at(50), at(99))
}
