//! Changing a ticket to another train: what is allowed until when, and what it costs.
//!
//! A change is a new order that says which tickets of which order it takes the place of. It holds its own seats; the tickets
//! it replaces stay valid until, in one transaction, the new order becomes paid and they are given back. So a passenger
//! never stands there with neither, and of the two orders at most one ever owns a ticket; that is why the new one may hold
//! the same minutes of the same person ([`super::row::Entry::instead_of`]).

use jiff::{Timestamp, civil::Date};

use crate::money::Money;

/// A ticket as far as a change depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trip<'t> {
    /// When the train leaves the stop where the passenger boards.
    pub departs: Timestamp,
    /// The local date of that.
    pub date: Date,
    /// The city that the passenger goes to.
    pub destination: &'t str,
    /// What the ticket costs.
    pub fare: Money,
}

/// To which dates a ticket may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dates {
    /// To any that is on sale.
    Any,
    /// To the date of the ticket or an earlier one.
    NotLater,
    /// To the date of the ticket alone.
    Same,
}

/// What is allowed up to a moment before, or after, the train leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Up to how many minutes before departure; negative for after it.
    pub until_minutes_before: i32,
    /// To which dates.
    pub dates: Dates,
    /// Whether to another city.
    pub other_destination: bool,
    /// How much is kept of what would be given back, in percent.
    pub fee_percent: u8,
}

/// An operator's rules for changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    most: u8,
    stages: Vec<Stage>,
}

/// Why stages do not make a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// There are too many.
    #[error("must have at most {} stages", Policy::MAX_STAGES)]
    Stages,
    /// A stage does not end later than the one before.
    #[error("each stage must end later than the stage before")]
    Order,
    /// More would be kept than there is.
    #[error("a fee must be at most 100 percent")]
    Percent,
}

/// Why a ticket may not be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It was changed as often as is allowed.
    #[error("the ticket was changed before")]
    TooOften,
    /// The time for changes is over.
    #[error("it is too late to change the ticket")]
    TooLate,
    /// Not to that date, not now.
    #[error("the ticket cannot be changed to that date any more")]
    Date,
    /// Not to another city, not now.
    #[error("the ticket cannot be changed to another destination any more")]
    Destination,
    /// The other train has left.
    #[error("the other train has left")]
    Left,
    /// The fares are in different currencies.
    #[error("the currencies differ")]
    Currency,
}

/// What a change costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Nothing.
    None,
    /// The new tickets cost so much more: they are paid before the change is made.
    Pay(Money),
    /// So much is given back once it is made; the rest of the difference is kept.
    GiveBack {
        /// What the passenger gets.
        amount: Money,
        /// What is kept.
        fee: Money,
    },
}

impl Policy {
    /// The most stages.
    pub const MAX_STAGES: usize = 8;

    /// Rules by which a ticket is changed at most `most` times; stages in the order of time. Without a stage, never.
    pub fn new(most: u8, stages: Vec<Stage>) -> Result<Self, PolicyError> {
        if stages.len() > Self::MAX_STAGES {
            return Err(PolicyError::Stages);
        }
        if stages.iter().any(|stage| stage.fee_percent > 100) {
            return Err(PolicyError::Percent);
        }
        if !stages.windows(2).all(|pair| pair[1].until_minutes_before < pair[0].until_minutes_before) {
            return Err(PolicyError::Order);
        }
        Ok(Self { most, stages })
    }

    /// How often a ticket may be changed.
    pub const fn most(&self) -> u8 {
        self.most
    }

    /// Its stages, in the order of time.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// What it costs now to change a ticket that was changed so many times.
    pub fn change(&self, old: &Trip<'_>, new: &Trip<'_>, changed: u8, now: Timestamp) -> Result<Difference, Refused> {
        if changed >= self.most {
            return Err(Refused::TooOften);
        }
        let stage = self.stage(old.departs, now).ok_or(Refused::TooLate)?;
        if new.departs <= now {
            return Err(Refused::Left);
        }
        let is_date_good = match stage.dates {
            Dates::Any => true,
            Dates::NotLater => new.date <= old.date,
            Dates::Same => new.date == old.date,
        };
        if !is_date_good {
            return Err(Refused::Date);
        }
        if !stage.other_destination && new.destination != old.destination {
            return Err(Refused::Destination);
        }
        difference(old.fare, new.fare, stage.fee_percent).ok_or(Refused::Currency)
    }

    /// What it costs to take another train instead of one that does not run: no rule but that the other has not left.
    pub fn instead_of_cancelled(old: &Trip<'_>, new: &Trip<'_>, now: Timestamp) -> Result<Difference, Refused> {
        if new.departs <= now {
            return Err(Refused::Left);
        }
        difference(old.fare, new.fare, 0).ok_or(Refused::Currency)
    }

    /// The stage of a ticket: a stage lasts up to, and not with, its last moment.
    pub fn stage(&self, departs: Timestamp, now: Timestamp) -> Option<&Stage> {
        let seconds_before = departs.as_second() - now.as_second();
        self.stages.iter().find(|stage| seconds_before > 60 * i64::from(stage.until_minutes_before))
    }
}

/// Nothing where the currencies differ. The fee is rounded down: the fraction is the passenger's.
pub(crate) fn difference(old: Money, new: Money, fee_percent: u8) -> Option<Difference> {
    if let Some(more) = new.minus(old) {
        return Some(if more.is_zero() { Difference::None } else { Difference::Pay(more) });
    }
    let less = old.minus(new)?;
    let fee = less.share(u64::from(fee_percent), 100);
    Some(Difference::GiveBack { amount: less.minus(fee)?, fee })
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, civil::date};
    use proptest::prelude::*;

    use super::*;
    use crate::money::Currency;

    const HOUR: i64 = 3_600;

    fn yuan(minor: u64) -> Money {
        Money::new(minor, Currency::CNY)
    }

    /// Any date until two days before; then not later, nor elsewhere; after departure the same day.
    fn policy() -> Policy {
        let stage = |until_minutes_before, dates, other_destination, fee_percent| Stage {
            until_minutes_before,
            dates,
            other_destination,
            fee_percent,
        };
        let stages = vec![
            stage(48 * 60, Dates::Any, true, 5),
            stage(0, Dates::NotLater, false, 20),
            stage(-12 * 60, Dates::Same, false, 20),
        ];
        Policy::new(1, stages).unwrap()
    }

    fn trip(day: i8, hour: i8, destination: &str, fare: u64) -> Trip<'_> {
        let date = date(2026, 7, day);
        let departs = date.at(hour, 0, 0, 0).in_tz("Asia/Shanghai").unwrap().timestamp();
        Trip { departs, date, destination, fare: yuan(fare) }
    }

    /// What is said so many seconds before the old train leaves, on 10 July at 10:00 to 上海 for 100.
    fn change(seconds_before: i64, new: &Trip<'_>, changed: u8) -> Result<Difference, Refused> {
        let old = trip(10, 10, "上海", 10_000);
        policy().change(&old, new, changed, old.departs - SignedDuration::from_secs(seconds_before))
    }

    #[test]
    fn what_is_allowed_narrows_as_the_train_leaves() {
        let check = |seconds_before, new: &Trip<'_>, expected: Result<(), Refused>| {
            assert_eq!(change(seconds_before, new, 0).map(|_| ()), expected, "{seconds_before} {new:?}");
        };
        let (later, earlier) = (trip(12, 9, "上海", 1), trip(9, 9, "上海", 1));
        let (elsewhere, tonight) = (trip(9, 9, "南京", 1), trip(10, 20, "上海", 1));
        check(48 * HOUR + 1, &later, Ok(()));
        check(48 * HOUR + 1, &elsewhere, Ok(()));
        check(48 * HOUR, &later, Err(Refused::Date));
        check(48 * HOUR, &elsewhere, Err(Refused::Destination));
        check(48 * HOUR, &earlier, Ok(()));
        check(25 * HOUR, &earlier, Err(Refused::Left));
        check(1, &tonight, Ok(()));
        check(0, &tonight, Ok(()));
        check(0, &earlier, Err(Refused::Left));
        check(-9 * HOUR, &tonight, Ok(()));
        check(-10 * HOUR, &tonight, Err(Refused::Left));
        check(-12 * HOUR, &trip(10, 23, "上海", 1), Err(Refused::TooLate));
        assert_eq!(change(49 * HOUR, &later, 1), Err(Refused::TooOften));
    }

    #[test]
    fn the_difference_is_paid_or_given_back_less_a_fee() {
        let to = |fare| change(HOUR, &trip(10, 20, "上海", fare), 0).unwrap();
        assert_eq!(to(10_000), Difference::None);
        assert_eq!(to(12_500), Difference::Pay(yuan(2_500)));
        assert_eq!(to(9_001), Difference::GiveBack { amount: yuan(800), fee: yuan(199) }, "a fifth of 9.99 is 1.998");
        let dollars = Trip { fare: Money::new(1, "USD".parse().unwrap()), ..trip(10, 20, "上海", 1) };
        assert_eq!(change(HOUR, &dollars, 0), Err(Refused::Currency));
    }

    #[test]
    fn stages_follow_each_other() {
        let stage = |until_minutes_before, fee_percent| Stage {
            until_minutes_before,
            dates: Dates::Any,
            other_destination: true,
            fee_percent,
        };
        assert_eq!(Policy::new(1, vec![stage(0, 0), stage(0, 0)]), Err(PolicyError::Order));
        assert_eq!(Policy::new(1, vec![stage(0, 101)]), Err(PolicyError::Percent));
        assert_eq!(Policy::new(1, (0..9).map(|number| stage(-number, 0)).collect()), Err(PolicyError::Stages));
        let never = Policy::new(1, vec![]).unwrap();
        let old = trip(10, 10, "上海", 1);
        assert_eq!(never.change(&old, &old, 0, Timestamp::UNIX_EPOCH), Err(Refused::TooLate));
    }

    proptest! {
        #[test]
        fn no_money_appears_or_is_lost(old in 0..1_000_000_u64, new in 0..1_000_000_u64, percent in 0..=100_u8) {
            let kept = match difference(yuan(old), yuan(new), percent).unwrap() {
                Difference::None => old,
                Difference::Pay(more) => old + more.minor,
                Difference::GiveBack { amount, fee } => {
                    prop_assert!(fee.minor * 100 <= (old - new) * u64::from(percent));
                    old - amount.minor - fee.minor
                }
            };
            prop_assert_eq!(kept, new);
        }
    }
}
