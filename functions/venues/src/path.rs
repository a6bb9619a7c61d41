//! The placeholder of most paths of this area, and the venue that it names.

use std::sync::Arc;

use app::{Code, Error, wire::Text};
use domain::{Timestamp, id::VenueId, venue::Venue};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Plan, Tenant};

/// Which venue.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct VenuePath {
    /// The venue's id.
    pub(crate) venue: Text<VenueId>,
}

/// Which version of a map.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) struct WhichVersion {
    /// The version; the newest where nothing is said.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) version: Option<u32>,
}

/// A venue as everybody sees it, with a version of its map; none where it has no map yet and none was asked for.
pub(crate) async fn load(
    tenant: &Tenant,
    id: VenueId,
    which: WhichVersion,
    now: Timestamp,
) -> Result<(Arc<Venue>, Option<Arc<Plan>>), Error> {
    let venue = tenant.venues().venue_cached(id, now).await?.ok_or(Code::NotFound)?;
    let number = which.version.unwrap_or(venue.newest);
    let plan = tenant.venues().version_cached(id, number).await?;
    if plan.is_none() && which.version.is_some() {
        return Err(Code::NotFound.into());
    }
    Ok((venue, plan))
}
