//! The next version of a venue's map, whatever it was made of.

use std::collections::BTreeSet;

use app::{App, Caller, Code, Detail, Error};
use domain::{
    id::VenueId,
    venue::{SeatMap, Version, WornOut, removed},
};
use schemars::JsonSchema;
use serde::Serialize;

/// How often a change is decided anew when somebody else was first.
pub(crate) const TRIES: usize = 3;
/// The longest body of a map, in bytes: 20 000 seats of 150 characters each.
pub(crate) const LONGEST: usize = 3 << 20;
/// The most seats that are named.
const NAMED: usize = 100;

/// What has become of a map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MapMade {
    /// The version that it is, or would be.
    version: u32,
    /// Whether it is a new version; not where the newest is the same map already.
    is_new: bool,
    /// Whether it was only looked at.
    dry_run: bool,
    sections: usize,
    rows: u16,
    seats: u16,
    /// Seats of the version before that this one does not have. Events stay with the version before until they are moved.
    removed_count: usize,
    /// The first hundred of them: `stalls/12/7`.
    removed: Vec<String>,
}

/// Makes a map the newest of a venue, unless it is that already; or only says what it would be.
pub(crate) async fn next_version(
    app: &App,
    caller: &Caller,
    id: VenueId,
    map: SeatMap,
    dry_run: bool,
) -> Result<MapMade, Error> {
    let tenant = app.store.tenant(caller.tenant()?);
    for _ in 0..TRIES {
        let venue = tenant.venues().venue(id).await?.ok_or(Code::NotFound)?;
        let newest = tenant.venues().version_cached(id, venue.newest).await?;
        let newest = newest.as_ref().map(|plan| plan.version());
        if newest.is_some_and(|newest| *newest.map() == map) {
            return Ok(MapMade::of(venue.newest, &map, None, dry_run));
        }
        let next = newest.map_or_else(|| Version::first(map.clone()), |newest| newest.next(map.clone()));
        let next = next.map_err(worn_out)?;
        let made = MapMade { is_new: true, ..MapMade::of(next.number(), &map, newest, dry_run) };
        if dry_run {
            return Ok(made);
        }
        if tenant.venues().add_version(id, &next).await?.is_done() {
            caller.trail.made(format_args!("{id}/{}", next.number()), &made);
            return Ok(made);
        }
    }
    Err(Code::Busy.into())
}

fn worn_out(why: WornOut) -> Error {
    Error::fields(vec![Detail { field: "sections".to_owned(), reason: why.to_string() }])
}

impl MapMade {
    fn of(version: u32, map: &SeatMap, before: Option<&Version>, dry_run: bool) -> Self {
        let gone: BTreeSet<_> = before.map_or_else(BTreeSet::new, |before| {
            let gone = removed(before.map(), map);
            gone.iter(before.map()).filter_map(|seat| before.map().name(seat)).collect()
        });
        Self {
            version,
            is_new: false,
            dry_run,
            sections: map.sections().len(),
            rows: map.row_count(),
            seats: map.len(),
            removed_count: gone.len(),
            removed: gone.iter().take(NAMED).map(ToString::to_string).collect(),
        }
    }
}
