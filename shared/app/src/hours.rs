//! Walking the hours: what reconcilers look at on one tick, and how far their cursor may move.

use std::ops::RangeInclusive;

/// Hours that one tick looks at, at most: what is further behind is looked at on the next ticks.
const MOST: i64 = 80;

/// The hours to look at, from the cursor on.
pub fn behind(cursor: i64, now: i64) -> RangeInclusive<i64> {
    cursor..=now.min(cursor.saturating_add(MOST - 1))
}

/// The hours to look at whatever the cursor says: an hour's work may be written a moment after the hour has ended.
pub fn recent(cursor: i64, now: i64) -> RangeInclusive<i64> {
    (now - 1).max(behind(cursor, now).end() + 1)..=now
}

/// Where the cursor moves: to the first hour that is not done, and never into the last two hours.
pub fn advanced(cursor: i64, now: i64, first_undone: Option<i64>) -> i64 {
    let done = behind(cursor, now).end() + 1;
    first_undone.unwrap_or(done).min(now - 1).max(cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hour_is_looked_at_and_the_last_two_always() {
        let hours = |cursor, now| behind(cursor, now).chain(recent(cursor, now)).collect::<Vec<_>>();
        assert_eq!(hours(8, 10), [8, 9, 10]);
        assert_eq!(hours(10, 10), [10]);
        assert_eq!(hours(0, 1_000).len(), 82);
        assert_eq!(hours(0, 80).len(), 81);
        assert!(hours(0, 1_000).ends_with(&[79, 999, 1_000]));
    }

    #[test]
    fn the_cursor_stops_at_what_is_not_done_and_before_the_last_two_hours() {
        for (cursor, now, undone, expected) in [
            (5, 10, None, 9),
            (5, 10, Some(7), 7),
            (5, 10, Some(10), 9),
            (9, 10, None, 9),
            (10, 10, None, 10),
            (0, 1_000, None, 80),
            (0, 1_000, Some(999), 80),
        ] {
            let behind_undone = undone.filter(|hour| *hour <= *behind(cursor, now).end());
            assert_eq!(advanced(cursor, now, behind_undone), expected);
        }
    }
}
