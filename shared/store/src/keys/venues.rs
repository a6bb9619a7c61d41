//! Keys of venues and of their seat maps.

use data_encoding::HEXLOWER;
use domain::{
    id::{Id as _, VenueId},
    tenant::TenantId,
};

use super::key;
use crate::client::Key;

/// The partition of a tenant's venues.
pub(crate) fn venues(tenant: &TenantId) -> String {
    format!("{tenant}#venues")
}

/// A venue.
pub(crate) fn venue(tenant: &TenantId, venue: VenueId) -> Key {
    key(venues(tenant), venue.bare())
}

/// The partition of a venue's seat maps.
fn maps(tenant: &TenantId, venue: VenueId) -> String {
    format!("{tenant}#map#{}", venue.bare())
}

/// One version of a venue's seat map.
pub(crate) fn map(tenant: &TenantId, venue: VenueId, version: u32) -> Key {
    key(maps(tenant, venue), format!("version#{version:010}"))
}

/// A part of a map that is too large for one item, named by what the whole map consists of: whoever writes the same map
/// writes the same parts, and who writes another one touches none of them.
pub(crate) fn map_part(tenant: &TenantId, venue: VenueId, content: &[u8; 32], part: usize) -> Key {
    key(maps(tenant, venue), format!("part#{}#{part:02}", HEXLOWER.encode(&content[..16])))
}
