//! On which days a train runs, and the moments at which a run is where.

use std::collections::BTreeSet;

use jiff::{
    Span, Timestamp,
    civil::{Date, Weekday},
    tz::TimeZone,
};

use super::train::Train;

/// Days of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weekdays(u8);

impl Weekdays {
    /// Every day.
    pub const ALL: Self = Self(0b111_1111);

    /// Whether a day is one of them.
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & Self::bit(day) != 0
    }

    /// A bit for each, Monday the lowest.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Reads [`Weekdays::bits`] back; other bits are left out.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    fn bit(day: Weekday) -> u8 {
        1 << day.to_monday_zero_offset()
    }
}

impl FromIterator<Weekday> for Weekdays {
    fn from_iter<T: IntoIterator<Item = Weekday>>(days: T) -> Self {
        Self(days.into_iter().fold(0, |sum, day| sum | Self::bit(day)))
    }
}

/// On which days a train sets out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    days: Weekdays,
    from: Date,
    to: Date,
    without: BTreeSet<Date>,
    also: BTreeSet<Date>,
}

/// Why days do not make a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The last day is before the first.
    #[error("must end on the day it begins or later")]
    Backwards,
    /// There are too many exceptions.
    #[error("must have at most {} exceptions", Calendar::MAX_EXCEPTIONS)]
    Exceptions,
    /// A day is both left out and added.
    #[error("a day cannot be both left out and added")]
    Both,
}

impl Calendar {
    /// The most days that are left out or added.
    pub const MAX_EXCEPTIONS: usize = 400;

    /// The days of the week from one date to another, both included.
    pub fn new(days: Weekdays, from: Date, to: Date) -> Result<Self, CalendarError> {
        if to < from {
            return Err(CalendarError::Backwards);
        }
        Ok(Self { days, from, to, without: BTreeSet::new(), also: BTreeSet::new() })
    }

    /// The same without some days and with others; these may lie outside the calendar's time.
    pub fn except(self, without: BTreeSet<Date>, also: BTreeSet<Date>) -> Result<Self, CalendarError> {
        if without.len() + also.len() > Self::MAX_EXCEPTIONS {
            return Err(CalendarError::Exceptions);
        }
        if !without.is_disjoint(&also) {
            return Err(CalendarError::Both);
        }
        Ok(Self { without, also, ..self })
    }

    /// The days of the week on which it usually runs.
    pub const fn weekdays(&self) -> Weekdays {
        self.days
    }

    /// Its first day and its last.
    pub const fn span(&self) -> (Date, Date) {
        (self.from, self.to)
    }

    /// The days that are left out, and those that are added.
    pub const fn exceptions(&self) -> (&BTreeSet<Date>, &BTreeSet<Date>) {
        (&self.without, &self.also)
    }

    /// Whether the train sets out on a date.
    pub fn runs_on(&self, date: Date) -> bool {
        let is_usual = self.from <= date && date <= self.to && self.days.contains(date.weekday());
        self.also.contains(&date) || (is_usual && !self.without.contains(&date))
    }

    /// The dates on which the train sets out, from one to another, both included.
    pub fn dates(&self, from: Date, to: Date) -> impl Iterator<Item = Date> + '_ {
        from.series(Span::new().days(1)).take_while(move |date| *date <= to).filter(|date| self.runs_on(*date))
    }
}

/// The date that many days later, or earlier if negative; stays within what can be written down.
pub fn days_later(date: Date, days: i32) -> Date {
    date.saturating_add(Span::new().days(days))
}

/// A train on a date: what is sold.
#[derive(Clone, Copy, Debug)]
pub struct Run<'t> {
    /// The train.
    pub train: &'t Train,
    /// The date on which it sets out.
    pub date: Date,
}

impl Run<'_> {
    /// When it leaves a stop; nothing where it does not stop so often.
    pub fn departs(&self, stop: u16, zone: &TimeZone) -> Option<Timestamp> {
        self.at(self.train.stops().get(usize::from(stop))?.departs, zone)
    }

    /// When it comes in at a stop.
    pub fn arrives(&self, stop: u16, zone: &TimeZone) -> Option<Timestamp> {
        self.at(self.train.stops().get(usize::from(stop))?.arrives, zone)
    }

    /// Railways print local time. What the clock shows twice is the earlier moment, what it skips the later one.
    fn at(&self, minute: u16, zone: &TimeZone) -> Option<Timestamp> {
        let local =
            self.date.to_datetime(jiff::civil::Time::midnight()).checked_add(Span::new().minutes(minute)).ok()?;
        zone.to_ambiguous_timestamp(local).compatible().ok()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::rail::train::tests::train;

    fn dates(calendar: &Calendar, from: Date, to: Date) -> Vec<i8> {
        calendar.dates(from, to).map(Date::day).collect()
    }

    #[test]
    fn a_train_runs_on_its_days_but_for_the_exceptions() {
        let days = [Weekday::Friday, Weekday::Sunday].into_iter().collect();
        let calendar = Calendar::new(days, date(2026, 5, 3), date(2026, 5, 17)).unwrap();
        let (from, to) = (date(2026, 5, 1), date(2026, 5, 31));
        assert_eq!(dates(&calendar, from, to), [3, 8, 10, 15, 17]);
        let except = |without: &[Date], also: &[Date]| {
            calendar.clone().except(without.iter().copied().collect(), also.iter().copied().collect())
        };
        let changed = except(&[date(2026, 5, 10)], &[date(2026, 5, 12), date(2026, 5, 25)]).unwrap();
        assert_eq!(dates(&changed, from, to), [3, 8, 12, 15, 17, 25]);
        assert_eq!(except(&[from], &[from]), Err(CalendarError::Both));
        let many: Vec<Date> = (0..401).map(|day| days_later(from, day)).collect();
        assert_eq!(except(&many, &[]), Err(CalendarError::Exceptions));
        assert_eq!(Calendar::new(days, to, from), Err(CalendarError::Backwards));
        assert_eq!(Calendar::new(Weekdays::ALL, from, from).map(|day| dates(&day, from, to)), Ok(vec![1]));
    }

    #[test]
    fn a_run_over_midnight_arrives_on_a_later_date() {
        let night = train("D1", &["BJP - 22:00", "TXP 23:50 00:10", "SHH 07:00 -"]).unwrap();
        let run = Run { train: &night, date: date(2026, 12, 31) };
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let at = |text: &str| Some(text.parse().unwrap());
        assert_eq!(run.departs(0, &zone), at("2026-12-31T14:00:00Z"));
        assert_eq!(run.arrives(1, &zone), at("2026-12-31T15:50:00Z"));
        assert_eq!(run.departs(1, &zone), at("2026-12-31T16:10:00Z"));
        assert_eq!(run.arrives(2, &zone), at("2026-12-31T23:00:00Z"));
        assert_eq!(run.arrives(3, &zone), None);
    }

    #[test]
    fn local_time_counts_where_clocks_change() {
        let night = train("N1", &["BJP - 23:00", "SHH 04:00 -"]).unwrap();
        let run = Run { train: &night, date: date(2026, 3, 28) };
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(run.arrives(1, &berlin), Some("2026-03-29T02:00:00Z".parse().unwrap()));
    }
}
