//! A venue as it is answered.

use app::wire::Text;
use domain::{id::VenueId, venue::Venue};
use schemars::JsonSchema;
use serde::Serialize;

/// A venue without its map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VenueView {
    id: Text<VenueId>,
    name: String,
    city: String,
    address: String,
    /// The newest version of its seat map; 0 before there is one.
    map_version: u32,
}

impl VenueView {
    pub(crate) fn of(venue: &Venue) -> Self {
        Self {
            id: Text(venue.id),
            name: venue.name.clone(),
            city: venue.city.clone(),
            address: venue.address.clone(),
            map_version: venue.newest,
        }
    }
}
