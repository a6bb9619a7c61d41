//! Seat maps that this process has read. A version never changes, so one that was read is never read again, unless there
//! are too many to remember.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{
    id::VenueId,
    seating::Hall,
    tenant::TenantId,
    venue::{SeatMap, SectionId, Version},
};
use futures_util::lock::Mutex as Turn;

use crate::Failed;

/// Seats that are remembered in all: about 100 bytes each.
const MOST_SEATS: usize = 10 * SeatMap::SEATS;
/// Versions that are remembered.
const MOST: usize = 256;

/// A version of a map, made ready for searching.
#[derive(Clone, Debug)]
pub struct Plan {
    version: Version,
    hall: Hall,
    sections: Vec<(SectionId, u16)>,
}

impl Plan {
    /// Makes a version ready.
    pub fn of(version: Version) -> Self {
        let hall = Hall::of(version.map());
        let sections = version.addresses().used(version.map()).into_iter().collect();
        Self { version, hall, sections }
    }

    /// The version.
    pub const fn version(&self) -> &Version {
        &self.version
    }

    /// Its seats.
    pub const fn map(&self) -> &SeatMap {
        self.version.map()
    }

    /// Its rows, made ready for searching.
    pub const fn hall(&self) -> &Hall {
        &self.hall
    }

    /// Every section that has ever had a seat, with how many blocks its pool has in a session. Blocks are numbered from 0
    /// without gaps.
    pub fn sections(&self) -> &[(SectionId, u16)] {
        &self.sections
    }

    /// Blocks of all sections together.
    pub fn blocks(&self) -> usize {
        self.sections.iter().map(|(_, blocks)| usize::from(*blocks)).sum()
    }
}

type Key = (TenantId, VenueId, u32);
type Slot = Arc<Turn<Option<Arc<Plan>>>>;

/// Plans by tenant, venue and number, each read by one caller while the others wait for the same answer.
#[derive(Debug, Default)]
pub(crate) struct Plans(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    slots: HashMap<Key, Slot>,
    seats: usize,
}

impl Plans {
    /// The plan of a key, from memory or by reading it. That there is none is not remembered: there may be one soon.
    pub(super) async fn get(
        &self,
        key: Key,
        read: impl Future<Output = Result<Option<Arc<Plan>>, Failed>>,
    ) -> Result<Option<Arc<Plan>>, Failed> {
        let slot = Arc::clone(self.known().slots.entry(key.clone()).or_default());
        let mut kept = slot.lock().await;
        if let Some(plan) = &*kept {
            return Ok(Some(Arc::clone(plan)));
        }
        let read = read.await;
        match &read {
            Ok(Some(plan)) => {
                *kept = Some(Arc::clone(plan));
                self.note(key, &slot, plan.map().len());
            }
            Ok(None) | Err(_) => drop(self.known().slots.remove(&key)),
        }
        read
    }

    /// Counts a plan that was read; where there are too many, forgets all others, which costs a read each.
    fn note(&self, key: Key, slot: &Slot, seats: u16) {
        let mut known = self.known();
        known.seats += usize::from(seats);
        if known.seats > MOST_SEATS || known.slots.len() > MOST {
            *known = Known { slots: HashMap::from([(key, Arc::clone(slot))]), seats: seats.into() };
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        id::Id as _,
        venue::{Category, Grid, Point, Section},
    };
    use futures_util::FutureExt as _;

    use super::*;

    fn plan(rows: u16) -> Arc<Plan> {
        let category = Category("A".parse().unwrap());
        let rows = Grid::of(rows, 100).build().unwrap();
        let section = Section { id: "a".parse().unwrap(), name: "a".into(), category, focus: None, rows };
        Arc::new(Plan::of(Version::first(SeatMap::new(Point::default(), vec![section]).unwrap()).unwrap()))
    }

    fn key(number: u32) -> Key {
        ("demo".parse().unwrap(), VenueId::from_bytes([1; 16]), number)
    }

    fn get(plans: &Plans, number: u32, read: Option<&Arc<Plan>>) -> Option<Arc<Plan>> {
        let read = read.cloned();
        plans.get(key(number), async { Ok(read) }).now_or_never().unwrap().unwrap()
    }

    #[test]
    fn a_version_is_read_once_and_one_that_is_not_there_is_asked_for_again() {
        let (plans, small) = (Plans::default(), plan(1));
        assert!(get(&plans, 1, None).is_none());
        assert!(get(&plans, 1, Some(&small)).is_some());
        assert!(get(&plans, 1, None).is_some(), "from memory");
        let failed = plans.get(key(2), async { Err(Failed::Throttled) }).now_or_never().unwrap();
        assert!(failed.is_err() && plans.known().slots.len() == 1);
    }

    #[test]
    fn no_more_seats_than_the_bound_are_remembered() {
        let (plans, large) = (Plans::default(), plan(200));
        for number in 0..100 {
            get(&plans, number, Some(&large));
            assert!(plans.known().slots.len() * SeatMap::SEATS <= MOST_SEATS);
        }
        assert!(get(&plans, 99, None).is_some(), "the last one is still known");
        let (plans, small) = (Plans::default(), plan(1));
        for number in 0..1_000 {
            get(&plans, number, Some(&small));
            assert!(plans.known().slots.len() <= MOST);
        }
    }

    #[test]
    fn a_plan_says_how_many_blocks_each_section_has() {
        let plan = plan(3);
        assert_eq!(plan.sections(), [("a".parse().unwrap(), 21)]);
        assert_eq!(plan.blocks(), 21);
    }
}
