//! Quotas: a share of a class that is kept for long journeys until, stage by stage, it is released.
//!
//! A quota keeps *rows*, not a number: whether a seat may be sold for a stretch follows from the row, the stretch and the
//! time alone. So it needs no counter that could drift or be hot, and the write that sells the seat needs no further
//! condition.

use crate::rail::stretch::Stretch;

/// Until when how much of a class is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// How long before departure the stage ends, in minutes.
    pub until_minutes_before: u32,
    /// The share of the rows that is kept, in percent.
    pub percent: u8,
}

/// What is kept for long journeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    least_km: u32,
    stages: Vec<Stage>,
}

/// Why stages do not make a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuotaError {
    /// There is none, or there are too many.
    #[error("must have 1 to {} stages", Quota::MAX_STAGES)]
    Stages,
    /// A share is above a hundred percent, or a later stage keeps more than an earlier one.
    #[error("each stage must keep at most 100 percent, and no more than the stage before")]
    Shares,
    /// A stage does not end later than the one before.
    #[error("each stage must end nearer to the departure than the stage before")]
    Order,
}

impl Quota {
    /// The most stages.
    pub const MAX_STAGES: usize = 8;

    /// Keeps rows for journeys of at least that many kilometres. Stages come in the order of time; what they keep only
    /// shrinks, because a row that is open may have been sold already.
    pub fn new(least_km: u32, stages: Vec<Stage>) -> Result<Self, QuotaError> {
        if stages.is_empty() || stages.len() > Self::MAX_STAGES {
            return Err(QuotaError::Stages);
        }
        if stages.iter().any(|stage| stage.percent > 100) {
            return Err(QuotaError::Shares);
        }
        for pair in stages.windows(2) {
            if pair[1].percent > pair[0].percent {
                return Err(QuotaError::Shares);
            }
            if pair[1].until_minutes_before >= pair[0].until_minutes_before {
                return Err(QuotaError::Order);
            }
        }
        Ok(Self { least_km, stages })
    }

    /// From how many kilometres on a journey is long.
    pub const fn least_km(&self) -> u32 {
        self.least_km
    }

    /// Its stages, in the order of time.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// What is kept of a class with that many rows, that many minutes before the train departs at its first stop; `km` are
    /// the kilometres from there to each stop.
    pub fn guard<'k>(&self, rows: usize, minutes_before: i64, km: &'k [u32]) -> Guard<'k> {
        let stage = self.stages.iter().find(|stage| i64::from(stage.until_minutes_before) < minutes_before);
        let percent = stage.map_or(0, |stage| usize::from(stage.percent));
        Guard { open: rows - rows * percent / 100, least_km: self.least_km, km }
    }
}

/// What a quota keeps at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Guard<'k> {
    open: usize,
    least_km: u32,
    km: &'k [u32],
}

impl Guard<'_> {
    /// Keeps nothing.
    pub const OPEN: Self = Self { open: usize::MAX, least_km: 0, km: &[] };

    /// Whether rows are kept for a journey of that length.
    pub fn is_long(&self, stretch: Stretch) -> bool {
        let km = |stop: u16| self.km.get(usize::from(stop)).copied().unwrap_or_default();
        km(stretch.to()).saturating_sub(km(stretch.from())) >= self.least_km
    }

    /// Whether the seats of a row (by its place among the rows of its class) are kept as long as somebody may still come
    /// for them. The last rows are, so that a party for a long journey finds neighbours.
    pub const fn keeps(&self, row: usize) -> bool {
        row >= self.open
    }

    /// Whether a seat that is free for `gap` may not be sold for `stretch`. What is left between two sold stretches and too
    /// short for a long journey is of no use to the quota: it may go to anybody.
    pub fn bars(&self, row: usize, gap: Stretch, stretch: Stretch) -> bool {
        self.keeps(row) && !self.is_long(stretch) && self.is_long(gap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KM: [u32; 6] = [0, 100, 250, 400, 700, 1_000];

    fn stage(until_minutes_before: u32, percent: u8) -> Stage {
        Stage { until_minutes_before, percent }
    }

    fn stretch(from: u16, to: u16) -> Stretch {
        Stretch::new(from, to).unwrap()
    }

    fn quota() -> Quota {
        Quota::new(600, vec![stage(10 * 24 * 60, 50), stage(24 * 60, 20)]).unwrap()
    }

    #[test]
    fn what_is_kept_shrinks_stage_by_stage() {
        let kept = |minutes| (0..10).filter(|row| quota().guard(10, minutes, &KM).keeps(*row)).count();
        for (minutes, rows) in [(20_000, 5), (14_401, 5), (14_400, 2), (1_441, 2), (1_440, 0), (0, 0), (-5, 0)] {
            assert_eq!(kept(minutes), rows, "{minutes} minutes before");
        }
    }

    #[test]
    fn a_short_journey_gets_no_kept_seat_that_a_long_one_could_have() {
        let guard = quota().guard(10, 20_000, &KM);
        let check =
            |row, gap, claim, barred| assert_eq!(guard.bars(row, gap, claim), barred, "{row} {gap:?} {claim:?}");
        check(9, stretch(0, 5), stretch(0, 1), true);
        check(9, stretch(0, 5), stretch(0, 4), false);
        check(9, stretch(0, 3), stretch(0, 1), false);
        check(4, stretch(0, 5), stretch(0, 1), false);
        assert!(!Guard::OPEN.keeps(5_000));
    }

    #[test]
    fn stages_follow_each_other_and_never_take_back() {
        assert_eq!(Quota::new(1, vec![]), Err(QuotaError::Stages));
        assert_eq!(Quota::new(1, vec![stage(10, 101)]), Err(QuotaError::Shares));
        assert_eq!(Quota::new(1, vec![stage(10, 20), stage(5, 30)]), Err(QuotaError::Shares));
        assert_eq!(Quota::new(1, vec![stage(10, 20), stage(10, 10)]), Err(QuotaError::Order));
    }
}
