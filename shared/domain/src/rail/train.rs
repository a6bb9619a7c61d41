//! Trains: a number, and stops with their times.
//!
//! Times are minutes after midnight, local time, of the day on which the train leaves its first stop. A train that is
//! under way over midnight simply has stops past minute 1 440.

use super::{station::Telecode, stretch::Stretch};

/// A time of day as timetables print it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

/// The text is not a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a time of day from 00:00 to 23:59")]
pub struct TimeError;

/// Minutes of a day.
pub const DAY: u16 = 24 * 60;

impl TimeOfDay {
    /// The minute of the day.
    pub const fn minute(self) -> u16 {
        self.0
    }
}

impl std::fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl std::str::FromStr for TimeOfDay {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let (hour, minute) = text.split_once(':').ok_or(TimeError)?;
        let number = |text: &str, digits: std::ops::RangeInclusive<usize>| -> Result<u16, TimeError> {
            let is_number = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| text.parse().ok()).flatten().ok_or(TimeError)
        };
        let (hour, minute) = (number(hour, 1..=2)?, number(minute, 2..=2)?);
        if hour < 24 && minute < 60 { Ok(Self(hour * 60 + minute)) } else { Err(TimeError) }
    }
}

/// A stop as a timetable prints it: times of day alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Where.
    pub station: Telecode,
    /// When the train comes in; of no meaning at its first stop.
    pub arrives: Option<TimeOfDay>,
    /// When it leaves; of no meaning at its last stop.
    pub departs: Option<TimeOfDay>,
    /// Kilometres from the first stop.
    pub km: u32,
}

/// A stop of a train.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Where.
    pub station: Telecode,
    /// When the train comes in, in minutes after midnight of the day it set out; at the first stop when it leaves.
    pub arrives: u16,
    /// When it leaves; at the last stop when it comes in.
    pub departs: u16,
    /// Kilometres from the first stop.
    pub km: u32,
}

/// A train as the timetable has it, on no particular day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Train {
    number: String,
    stops: Vec<Stop>,
}

/// Why stops do not make a train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// It has no number, or a long one.
    #[error("must have a number of 1 to {} characters", Train::MAX_NUMBER)]
    Number,
    /// There are too few stops or too many.
    #[error("must have 2 to {} stops", Train::MAX_STOPS)]
    Stops,
    /// A stop on the way has no time. Stops count from 1.
    #[error("stop {0} has no time")]
    NoTime(u16),
    /// It comes before the one before it, or leaves before it comes in. Stops count from 1.
    #[error("stop {0} is earlier than the one before it")]
    Backwards(u16),
    /// It lies nearer to the first stop than the one before it. Stops count from 1.
    #[error("stop {0} is nearer than the one before it")]
    Nearer(u16),
    /// It arrives too long after it set out.
    #[error("must arrive within {} days", Train::MAX_DAYS)]
    TooLong,
}

impl Train {
    /// The longest number, in characters: trains that run under two carry both.
    pub const MAX_NUMBER: usize = 16;
    /// The most stops: one more than a set of segments holds.
    pub const MAX_STOPS: u16 = super::stretch::Segments::MAX + 1;
    /// The longest journey.
    pub const MAX_DAYS: u16 = 10;

    /// A train as a timetable prints it: a time of day that is earlier than the one before it is on the next day.
    pub fn from_calls(number: &str, calls: &[Call]) -> Result<Self, TrainError> {
        let last = calls.len().saturating_sub(1);
        let mut stops = Vec::with_capacity(calls.len());
        let mut clock = Clock::default();
        for (place, (call, position)) in calls.iter().zip(1..).enumerate() {
            let missing = TrainError::NoTime(position);
            // The ends of the line have one time that means something; some timetables print the same or none for the other.
            let arrives = if place == 0 { call.departs } else { call.arrives };
            let arrives = clock.next(arrives.ok_or(missing)?)?;
            let departs = if place == last { arrives } else { clock.next(call.departs.ok_or(missing)?)? };
            stops.push(Stop { station: call.station, arrives, departs, km: call.km });
        }
        Self::new(number, stops)
    }

    /// A train with stops in their order.
    pub fn new(number: &str, stops: Vec<Stop>) -> Result<Self, TrainError> {
        if number.is_empty() || number.chars().count() > Self::MAX_NUMBER {
            return Err(TrainError::Number);
        }
        if stops.len() < 2 || stops.len() > usize::from(Self::MAX_STOPS) {
            return Err(TrainError::Stops);
        }
        let is_backward = |stop: &Stop| stop.departs < stop.arrives;
        if stops.first().is_some_and(is_backward) {
            return Err(TrainError::Backwards(1));
        }
        for (pair, position) in stops.windows(2).zip(2..) {
            if pair[1].arrives < pair[0].departs || is_backward(&pair[1]) {
                return Err(TrainError::Backwards(position));
            }
            if pair[1].km < pair[0].km {
                return Err(TrainError::Nearer(position));
            }
        }
        if stops.last().is_some_and(|stop| stop.departs >= Self::MAX_DAYS * DAY) {
            return Err(TrainError::TooLong);
        }
        Ok(Self { number: number.to_owned(), stops })
    }

    /// Its number; `G1`, or `D3136/D3137` where it changes on the way.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Its stops, in order.
    pub fn stops(&self) -> &[Stop] {
        &self.stops
    }

    /// How many stops it has.
    pub fn stop_count(&self) -> u16 {
        u16::try_from(self.stops.len()).unwrap_or(Self::MAX_STOPS)
    }

    /// Kilometres from the first stop to each.
    pub fn km(&self) -> Vec<u32> {
        self.stops.iter().map(|stop| stop.km).collect()
    }

    /// How many midnights pass before it arrives.
    pub fn midnights(&self) -> u16 {
        let days = |minute: Option<u16>| minute.unwrap_or_default() / DAY;
        days(self.stops.last().map(|stop| stop.arrives)) - days(self.stops.first().map(|stop| stop.departs))
    }

    /// The shortest stretch from any of some stations to any of others; nothing where the train does not run that way. A
    /// train on a ring may stop twice at a station: it is boarded as late and left as early as possible.
    pub fn stretch(&self, from: &[Telecode], to: &[Telecode]) -> Option<Stretch> {
        let mut boarded = None;
        let mut best: Option<Stretch> = None;
        for (stop, place) in self.stops.iter().zip(0_u16..) {
            if to.contains(&stop.station) {
                let found = boarded.and_then(|from| Stretch::new(from, place).ok());
                best = match (best, found) {
                    (Some(best), Some(found)) if self.minutes(best) <= self.minutes(found) => Some(best),
                    (best, found) => found.or(best),
                };
            }
            if from.contains(&stop.station) {
                boarded = Some(place);
            }
        }
        best
    }

    /// How long a stretch takes, in minutes; nothing where the train does not have it.
    pub fn minutes(&self, stretch: Stretch) -> Option<u16> {
        let stop = |place: u16| self.stops.get(usize::from(place));
        Some(stop(stretch.to())?.arrives - stop(stretch.from())?.departs)
    }
}

/// Counts days while it is told times of day in order.
#[derive(Default)]
struct Clock {
    now: u16,
}

impl Clock {
    fn next(&mut self, time: TimeOfDay) -> Result<u16, TrainError> {
        let today = self.now / DAY * DAY + time.minute();
        self.now = if today < self.now { today + DAY } else { today };
        // A day more than is allowed, so that no train is so long that its minutes do not fit.
        if self.now < (Train::MAX_DAYS + 1) * DAY { Ok(self.now) } else { Err(TrainError::TooLong) }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn time(text: &str) -> Option<TimeOfDay> {
        (!text.is_empty()).then(|| text.parse().unwrap())
    }

    /// A train from lines like `BJP - 08:00`: telecode, arrival, departure.
    pub(crate) fn train(number: &str, lines: &[&str]) -> Result<Train, TrainError> {
        let call = |(line, km): (&&str, u32)| {
            let mut parts = line.split(' ').map(|part| part.trim_matches('-'));
            let station = parts.next().unwrap().parse().unwrap();
            let arrives = time(parts.next().unwrap_or_default());
            Call { station, arrives, departs: time(parts.next().unwrap_or_default()), km: km * 100 }
        };
        Train::from_calls(number, &lines.iter().zip(0..).map(call).collect::<Vec<_>>())
    }

    fn codes(text: &str) -> Vec<Telecode> {
        text.split(' ').map(|code| code.parse().unwrap()).collect()
    }

    #[test]
    fn a_time_earlier_than_the_one_before_is_on_the_next_day() {
        let night = train("D1", &["BJP - 22:00", "TXP 23:58 00:02", "NJH 07:00 07:05", "SHH 06:30 -"]).unwrap();
        let minutes: Vec<_> = night.stops().iter().map(|stop| (stop.arrives, stop.departs)).collect();
        assert_eq!(minutes, [(1_320, 1_320), (1_438, 1_442), (1_860, 1_865), (3_270, 3_270)]);
        assert_eq!(night.midnights(), 2);
        assert_eq!(night.minutes(Stretch::new(1, 2).unwrap()), Some(418));
        assert_eq!(night.minutes(Stretch::new(1, 9).unwrap()), None);
    }

    #[test]
    fn what_is_printed_at_the_ends_of_the_line_does_not_matter() {
        let plain = train("G1", &["BJP - 09:00", "NJH 12:00 12:02", "SHH 13:00 -"]).unwrap();
        let odd = train("G1", &["BJP 00:00 09:00", "NJH 12:00 12:02", "SHH 13:00 13:04"]).unwrap();
        assert_eq!((plain.midnights(), &plain), (0, &odd));
    }

    #[test]
    fn a_train_needs_stops_with_times() {
        let check = |lines: &[&str], error| assert_eq!(train("G1", lines).err(), Some(error));
        check(&[], TrainError::Stops);
        check(&["BJP - 09:00"], TrainError::Stops);
        check(&["BJP - -", "SHH 13:00 -"], TrainError::NoTime(1));
        check(&["BJP - 09:00", "NJH 12:00 -", "SHH 13:00 -"], TrainError::NoTime(2));
        check(&["BJP - 09:00", "SHH - 13:00"], TrainError::NoTime(2));
        assert_eq!(train("", &["BJP - 09:00", "SHH 10:00 -"]), Err(TrainError::Number));
        let stop = |minute, km| Stop { station: codes("BJP")[0], arrives: minute, departs: minute, km };
        assert_eq!(Train::new("G1", vec![stop(5, 0), stop(4, 1)]), Err(TrainError::Backwards(2)));
        assert_eq!(Train::new("G1", vec![stop(5, 2), stop(6, 1)]), Err(TrainError::Nearer(2)));
        assert_eq!(Train::new("G1", vec![stop(5, 0), stop(10 * DAY, 1)]), Err(TrainError::TooLong));
        let forever: Vec<String> =
            (0..40).map(|day| format!("BJP {:02}:00 {:02}:30", 23 - day % 24, 23 - day % 24)).collect();
        check(&forever.iter().map(String::as_str).collect::<Vec<_>>(), TrainError::TooLong);
    }

    #[test]
    fn a_hundred_stops_are_no_trouble() {
        let stop = |number: u16| Stop {
            station: format!(
                "A{}{}",
                char::from(b'A' + u8::try_from(number / 26).unwrap()),
                char::from(b'A' + u8::try_from(number % 26).unwrap())
            )
            .parse()
            .unwrap(),
            arrives: number * 20,
            departs: number * 20 + 5,
            km: u32::from(number) * 30,
        };
        let long = Train::new("K1", (0..100).map(stop).collect()).unwrap();
        let all = long.stretch(&codes("AAA"), &codes("ADV")).unwrap();
        assert_eq!((all.segments(), long.midnights()), (99, 1));
        assert!(Train::new("K1", (0..Train::MAX_STOPS).map(stop).collect()).is_ok());
        assert_eq!(Train::new("K1", (0..=Train::MAX_STOPS).map(stop).collect()), Err(TrainError::Stops));
    }

    #[test]
    fn a_ring_is_boarded_late_and_left_early() {
        let ring = ["BJP - 08:00", "TXP 09:00 09:01", "NJH 10:00 10:01", "BJP 11:00 11:01", "TXP 13:00 -"];
        let ring = train("D7", &ring).unwrap();
        let stretch = |from, to| ring.stretch(&codes(from), &codes(to)).map(|stretch| (stretch.from(), stretch.to()));
        assert_eq!(stretch("BJP", "TXP"), Some((0, 1)), "an hour rather than two");
        assert_eq!(stretch("BJP", "NJH"), Some((0, 2)));
        assert_eq!(stretch("NJH", "TXP"), Some((2, 4)));
        assert_eq!(stretch("BJP", "BJP"), Some((0, 3)));
        assert_eq!(stretch("SHH NJH", "TXP BJP"), Some((2, 3)));
        assert_eq!(stretch("SHH", "BJP"), None);
    }

    #[test]
    fn times_are_those_of_a_day() {
        assert_eq!("7:05".parse::<TimeOfDay>().unwrap().minute(), 425);
        assert_eq!("7:05".parse::<TimeOfDay>().unwrap().to_string(), "07:05");
        for bad in ["", "24:00", "12:60", "12", "12:5", "-1:00", "+1:00", "012:00", "12:00:00"] {
            assert_eq!(bad.parse::<TimeOfDay>(), Err(TimeError), "{bad}");
        }
    }
}
