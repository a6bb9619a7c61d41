//! What this process knows of the seats of sessions, each read by one caller while the others wait for the same answer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{Timestamp, id::SessionId, seat_state::Recent, tenant::TenantId, venue::SeatSet};

use super::SessionSeats;
use crate::{
    Failed,
    lately::{Moment, Single, is_fresh},
};

/// Sessions that are remembered: at most 200 KB each, with the states that clients may have seen.
const MOST: usize = 64;

/// How fresh an answer has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// At most so many milliseconds old.
    Within(i64),
    /// Read consistently, since then.
    Since(Moment),
}

/// How fresh blocks have to be when they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// As they were a moment ago, for half the price.
    Lately,
    /// As they are.
    Now,
}

impl Wanted {
    pub(super) const fn reading(self) -> Reading {
        match self {
            Self::Within(_) => Reading::Lately,
            Self::Since(_) => Reading::Now,
        }
    }
}

/// The seats of a session with the states that were told before.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) seats: Arc<SessionSeats>,
    pub(super) recent: Arc<Recent>,
    /// Of which version of the event.
    event: u32,
    reading: Reading,
}

#[derive(Debug, Default)]
struct Slot {
    kept: Single<Kept>,
    notes: Mutex<Notes>,
}

/// What this process learnt of a session beside what it read.
#[derive(Debug, Default)]
struct Notes {
    /// Seats that somebody has, learnt since the last read began.
    gone: Option<SeatSet>,
    /// The same, learnt at any time.
    ever: Option<SeatSet>,
    /// Seats that others took, by the second.
    rush: usize,
}

impl Slot {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notes {
    fn note(&mut self, seats: &SeatSet) {
        for known in [&mut self.gone, &mut self.ever] {
            known.get_or_insert_with(|| SeatSet::like(seats)).add(seats);
        }
    }

    fn take_back(&mut self, seats: &SeatSet) {
        for known in [&mut self.gone, &mut self.ever].into_iter().flatten() {
            known.remove(seats);
        }
    }

    /// How many seats went between two reads that this process never knew to be gone, by the second.
    fn taken_by_others(&self, old: &SessionSeats, new: &SessionSeats) -> usize {
        let millis = new.read.duration_since(old.read).as_millis();
        if old.states.map() != new.states.map() || millis <= 0 {
            return self.rush;
        }
        let mut taken = old.occupancy.free.clone();
        taken.remove(&new.occupancy.free);
        if let Some(known) = &self.ever {
            taken.remove(known);
        }
        taken.count().saturating_mul(1_000) / usize::try_from(millis).unwrap_or(usize::MAX)
    }
}

/// The seats of sessions.
#[derive(Debug, Default)]
pub(crate) struct KnownSeats(Mutex<HashMap<(TenantId, SessionId), Arc<Slot>>>);

impl KnownSeats {
    /// The seats of a session, from memory where they are fresh enough and of no older version of the event.
    pub(super) async fn get(
        &self,
        key: (TenantId, SessionId),
        event: u32,
        wanted: Wanted,
        now: Timestamp,
        read: impl Future<Output = Result<SessionSeats, Failed>>,
    ) -> Result<Kept, Failed> {
        let slot = self.slot(key);
        let asked = match wanted {
            Wanted::Within(_) => slot.kept.moment(),
            Wanted::Since(asked) => asked,
        };
        let fits = |kept: &Kept, was_read| {
            let is_fresh = match wanted {
                Wanted::Within(millis) => was_read || is_fresh(kept.seats.read, now, millis),
                Wanted::Since(_) => was_read && kept.reading == Reading::Now,
            };
            is_fresh && kept.event >= event
        };
        let read = async {
            // What is learnt while this read is under way may not be in it.
            slot.notes().gone = None;
            read.await
        };
        let keep = |seats, before: Option<&Kept>| {
            if let Some(before) = before {
                let mut notes = slot.notes();
                notes.rush = notes.taken_by_others(&before.seats, &seats);
            }
            let mut recent = before.map(|before| Arc::clone(&before.recent)).unwrap_or_default();
            Arc::make_mut(&mut recent).note(seats.states.clone());
            Kept { seats: Arc::new(seats), recent, event, reading: wanted.reading() }
        };
        slot.kept.get(asked, fits, read, keep).await
    }

    /// This moment, for [`Wanted::Since`].
    pub(super) fn moment(&self, key: (TenantId, SessionId)) -> Moment {
        self.slot(key).kept.moment()
    }

    /// Notes that somebody has seats of a session, until it is read again.
    pub(super) fn note_gone(&self, key: (TenantId, SessionId), seats: &SeatSet) {
        self.slot(key).notes().note(seats);
    }

    /// Takes a note back.
    pub(super) fn note_back(&self, key: (TenantId, SessionId), seats: &SeatSet) {
        self.slot(key).notes().take_back(seats);
    }

    /// Seats of a session that somebody has had since it was read.
    pub(super) fn gone(&self, key: (TenantId, SessionId)) -> Option<SeatSet> {
        self.slot(key).notes().gone.clone()
    }

    /// How many seats of a session others take in a second.
    pub(super) fn rush(&self, key: (TenantId, SessionId)) -> usize {
        self.slot(key).notes().rush
    }

    fn slot(&self, key: (TenantId, SessionId)) -> Arc<Slot> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forget_idle(&mut slots, &key);
        Arc::clone(slots.entry(key).or_default())
    }
}

/// Makes room: forgets all that nobody is asking for at this moment, and where that is not enough everything.
fn forget_idle(slots: &mut MutexGuard<'_, HashMap<(TenantId, SessionId), Arc<Slot>>>, key: &(TenantId, SessionId)) {
    if slots.len() >= MOST && !slots.contains_key(key) {
        slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        if slots.len() >= MOST {
            slots.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use domain::{
        id::Id as _,
        seat_state::{Occupancy, SeatState, Told},
        venue::{Category, Grid, Point, SeatIndex, SeatMap, SeatSet, Section, Version},
    };

    use super::*;
    use crate::{Plan, lately::soon};

    /// A hall of three seats in which each read finds one more sold, until all are.
    struct Counted {
        known: KnownSeats,
        plan: Arc<Plan>,
        reads: Cell<u16>,
    }

    fn key(session: u8) -> (TenantId, SessionId) {
        ("demo".parse().unwrap(), SessionId::from_bytes([session; 16]))
    }

    impl Counted {
        fn new() -> Self {
            let category = Category("A".parse().unwrap());
            let rows = Grid::of(1, 3).build().unwrap();
            let section = Section { id: "a".parse().unwrap(), name: "a".into(), category, focus: None, rows };
            let map = SeatMap::new(Point::default(), vec![section]).unwrap();
            let plan = Arc::new(Plan::of(Version::first(map).unwrap()));
            Self { known: KnownSeats::default(), plan, reads: Cell::new(0) }
        }

        /// At most so many milliseconds old, or read now.
        fn get(&self, session: u8, event: u32, within: Option<i64>, millis: i64) -> Kept {
            let now = Timestamp::from_millisecond(millis).unwrap();
            let wanted = within.map_or_else(|| Wanted::Since(self.known.moment(key(session))), Wanted::Within);
            let read = async { Ok(self.read(now)) };
            soon(self.known.get(key(session), event, wanted, now, read)).unwrap()
        }

        fn read(&self, now: Timestamp) -> SessionSeats {
            let mut states = domain::seat_state::SeatStates::withheld(1, 3);
            (0..self.reads.get()).for_each(|seat| states.set(SeatIndex(seat), SeatState::Sold));
            let map = self.plan.map();
            let (none, mut free) = (SeatSet::none(map), SeatSet::all(map));
            free.remove(&SeatSet::of(map, (0..self.reads.get()).map(SeatIndex)));
            let occupancy = Occupancy { free, due: none.clone(), held: none.clone(), sold: none };
            self.reads.set(self.reads.get() + 1);
            let plan = Arc::clone(&self.plan);
            SessionSeats { plan, occupancy, version: states.version(), states, read: now }
        }
    }

    #[test]
    fn seats_are_read_once_a_second_and_whenever_the_event_has_changed() {
        let counted = Counted::new();
        for (event, within, millis, reads) in [
            (1, Some(1_000), 0, 1),
            (1, Some(1_000), 999, 1),
            (1, Some(1_000), 1_000, 2),
            (2, Some(1_000), 1_001, 3),
            (1, Some(1_000), 1_002, 3),
            (2, Some(30_000), 20_000, 3),
            (2, None, 20_000, 4),
            (2, None, 20_000, 5),
        ] {
            counted.get(1, event, within, millis);
            assert_eq!(counted.reads.get(), reads, "{event} {within:?} {millis}");
        }
    }

    #[test]
    fn what_is_there_since_a_moment_was_read_consistently_after_it() {
        let counted = Counted::new();
        let now = Timestamp::UNIX_EPOCH;
        let since = |moment| {
            let read = async { Ok(counted.read(now)) };
            soon(counted.known.get(key(1), 1, Wanted::Since(moment), now, read)).unwrap();
            counted.reads.get()
        };
        let first = counted.known.moment(key(1));
        counted.get(1, 1, Some(1_000), 0);
        assert_eq!((since(first), since(first)), (2, 2), "the first read was not a consistent one, the second was");
        assert_eq!(since(counted.known.moment(key(1))), 3);
    }

    #[test]
    fn what_was_told_before_is_remembered() {
        let counted = Counted::new();
        let seen = counted.get(1, 1, None, 0).seats.version;
        let newer = counted.get(1, 1, None, 1);
        assert_eq!(newer.recent.tell(Some(newer.seats.version)), Some(Told::Same));
        // A hall this small is told whole, unless nothing has changed.
        assert!(matches!(newer.recent.tell(Some(seen)), Some(Told::Whole(_) | Told::Delta(_))));
        assert_ne!(seen, newer.seats.version);
    }

    #[test]
    fn what_somebody_took_is_known_until_the_next_read() {
        let counted = Counted::new();
        let (known, map) = (&counted.known, counted.plan.map());
        counted.get(1, 1, None, 0);
        assert_eq!(known.gone(key(1)), None);
        for seat in [0, 2] {
            known.note_gone(key(1), &SeatSet::of(map, [SeatIndex(seat)]));
        }
        counted.get(1, 1, Some(1_000), 999);
        assert_eq!(known.gone(key(1)), Some(SeatSet::of(map, [SeatIndex(0), SeatIndex(2)])));
        counted.get(1, 1, Some(1_000), 1_000);
        assert_eq!(known.gone(key(1)), None);
    }

    #[test]
    fn a_rush_is_what_others_take_in_a_second() {
        let counted = Counted::new();
        let (known, map) = (&counted.known, counted.plan.map());
        counted.get(1, 1, None, 0);
        assert_eq!(known.rush(key(1)), 0);
        // One seat goes with each read: the first to somebody else, within half a second.
        counted.get(1, 1, None, 500);
        assert_eq!(known.rush(key(1)), 2);
        // The second to a buyer of this process.
        known.note_gone(key(1), &SeatSet::of(map, [SeatIndex(1)]));
        counted.get(1, 1, None, 1_500);
        assert_eq!(known.rush(key(1)), 0);
        // The third was to be, and was taken back.
        known.note_gone(key(1), &SeatSet::of(map, [SeatIndex(2)]));
        known.note_back(key(1), &SeatSet::of(map, [SeatIndex(2)]));
        assert_eq!(known.gone(key(1)), Some(SeatSet::none(map)));
        counted.get(1, 1, None, 2_500);
        assert_eq!(known.rush(key(1)), 1);
    }

    #[test]
    fn a_failed_read_is_not_kept_and_no_more_than_the_bound_is() {
        let counted = Counted::new();
        let failed = async { Err(Failed::Throttled) };
        let now = Timestamp::UNIX_EPOCH;
        let got = soon(counted.known.get(key(9), 1, Wanted::Within(0), now, failed));
        assert!(matches!(got, Err(Failed::Throttled)));
        for session in 0..=255 {
            counted.get(session, 1, Some(1_000), 0);
            assert!(counted.known.0.lock().unwrap().len() <= MOST);
        }
    }
}
