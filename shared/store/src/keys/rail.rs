//! Keys of railways: the timetable, runs, and what opens them.

use domain::{
    Timestamp,
    id::{Id as _, RunId},
    pool::PoolKey,
    rail::{coach::Class, passenger::Presence},
    tenant::TenantId,
};
use jiff::{
    civil::{Date, Time},
    tz::TimeZone,
};

use super::{hash, key};
use crate::client::Key;

/// The id of a service's run on a date: whoever knows the two knows the run, and of the id alone the date is read.
///
/// It is the same for every tenant, so nothing is stored under it alone.
pub fn run_id(service: &str, date: Date) -> RunId {
    let midnight = date.to_datetime(Time::midnight()).to_zoned(TimeZone::UTC).map(|midnight| midnight.timestamp());
    let hash = hash(&[b"run", service.as_bytes(), date.to_string().as_bytes()]);
    let mut chance = [0; 10];
    chance.copy_from_slice(&hash[..10]);
    RunId::new(midnight.unwrap_or(Timestamp::UNIX_EPOCH), chance)
}

/// The date on which a run sets out.
pub fn run_date(run: RunId) -> Date {
    run.created().to_zoned(TimeZone::UTC).date()
}

/// The pool of one class of a run: its blocks are the rows of the class, as [`Formation::rows`] numbers them.
///
/// [`Formation::rows`]: domain::rail::coach::Formation::rows
pub fn class_pool(tenant: &TenantId, run: RunId, class: &Class) -> PoolKey {
    PoolKey::from_hash(&hash(&[b"class", tenant.as_str().as_bytes(), &run.bytes(), class.to_string().as_bytes()]))
}

/// The pool of one week of a person, who is known by a keyed hash.
pub fn person_pool(tenant: &TenantId, person: &[u8; 32], week: &Presence) -> PoolKey {
    PoolKey::from_hash(&hash(&[tenant.as_str().as_bytes(), &week.pool(person)]))
}

/// Which import the timetable of a tenant is.
pub(crate) fn timetable(tenant: &TenantId) -> Key {
    key(format!("{tenant}#rail"), "timetable")
}

/// A part of an imported timetable.
pub(crate) fn timetable_part(tenant: &TenantId, import: &str, number: u16) -> Key {
    key(format!("{tenant}#rail#{import}"), format!("{number:05}"))
}

/// Slots of a date: all that set out on one day may be sold in the same minute, so they do not lie under one key.
pub(crate) const RUN_SLOTS: u8 = 16;

/// The partition of the runs of a date whose ids fall into a slot.
pub(crate) fn runs(tenant: &TenantId, date: Date, slot: u8) -> String {
    format!("{tenant}#runs#{date}#{slot:02}")
}

/// A run.
pub(crate) fn run(tenant: &TenantId, id: RunId) -> Key {
    let slot = id.bytes()[15] % RUN_SLOTS;
    key(runs(tenant, run_date(id), slot), id.bare())
}

/// The partition of one opening of many runs.
pub(crate) fn opening(tenant: &TenantId, id: &str) -> String {
    format!("{tenant}#opening#{id}")
}

/// How one part of an opening went.
pub(crate) fn opening_part(tenant: &TenantId, id: &str, date: Date, slot: u16) -> Key {
    key(opening(tenant, id), format!("{OPENED}{date}#{slot:05}"))
}

/// How the sort keys of parts of an opening begin.
pub(crate) const OPENED: &str = "part#";

/// What an opening is to do.
pub(crate) fn opening_head(tenant: &TenantId, id: &str) -> Key {
    key(opening(tenant, id), "head")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_run_is_named_by_its_service_and_its_date() {
        for day in [date(1970, 1, 1), date(2026, 12, 31), date(9998, 12, 31)] {
            assert_eq!(run_date(run_id("G1", day)), day);
        }
        let (one, other) = (run_id("G1", date(2026, 5, 1)), run_id("G2", date(2026, 5, 1)));
        assert!(one != other && one != run_id("G1", date(2026, 5, 2)));
        assert_eq!(one, run_id("G1", date(2026, 5, 1)));
        assert!(one < run_id("G1", date(2026, 5, 2)));
    }

    #[test]
    fn pools_differ_by_tenant_run_and_class() {
        let pool = |tenant: &str, service, class: &str| {
            class_pool(&tenant.parse().unwrap(), run_id(service, date(2026, 5, 1)), &class.parse().unwrap())
        };
        let all =
            [pool("a", "G1", "first"), pool("b", "G1", "first"), pool("a", "G2", "first"), pool("a", "G1", "second")];
        assert_eq!(all.iter().collect::<std::collections::HashSet<_>>().len(), 4);
    }

    #[test]
    fn runs_of_a_day_are_spread_over_its_slots() {
        let tenant: TenantId = "demo".parse().unwrap();
        let keys = (0..1_000).map(|number| run(&tenant, run_id(&number.to_string(), date(2026, 5, 1))).partition);
        let slots: std::collections::BTreeSet<String> = keys.collect();
        assert_eq!(slots.len(), usize::from(RUN_SLOTS));
    }
}
