//! Venues, and the versions of their seat maps.
//!
//! A venue is a small item, changed under the condition of its version. A version of its map never changes once it is there.
//! It is one item, or, of a map without any order in it, one item and parts beside it that are written first.

mod bytes;
mod plans;

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use domain::{
    Timestamp,
    id::{Id as _, VenueId},
    tenant::TenantId,
    venue::{Venue, Version},
};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

pub use self::plans::Plan;
pub(crate) use self::plans::Plans;
use crate::{
    Failed, Put, SORT, Table, Tenant,
    client::{Bytes, Expression, Find, Item, Read, Wrote, decode, encode, text_of},
    keys,
    lately::Lately,
};

/// The most bytes of a map in one item. `DynamoDB` takes 400 KiB with names and keys.
const PART_BYTES: usize = 380 * 1_024;

/// Venues that this process read lately, and the maps that it knows.
#[derive(Debug, Default)]
pub(crate) struct VenueCache {
    venues: Lately<(TenantId, VenueId), Option<Arc<Venue>>, 256>,
    plans: Plans,
}

/// A venue without its id, which is the sort key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct VenueItem {
    name: String,
    city: String,
    address: String,
    /// The newest version of its map; 0 before there is one.
    newest: u32,
    /// Counts the changes: what the write's condition compares.
    v: u32,
}

/// A version of a map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct MapItem {
    /// SHA-256 of all its bytes.
    hash: Bytes,
    /// How many parts stand beside it.
    more: usize,
    /// Its bytes, or the first of them.
    map: Bytes,
}

/// Bytes of a map behind the first ones.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct PartItem {
    map: Bytes,
}

/// Venues of one tenant.
#[derive(Clone, Copy, Debug)]
pub struct Venues<'t> {
    tenant: &'t Tenant,
}

impl<'t> Venues<'t> {
    pub(crate) const fn new(tenant: &'t Tenant) -> Self {
        Self { tenant }
    }

    /// A venue as it is now.
    pub async fn venue(&self, id: VenueId) -> Result<Option<Venue>, Failed> {
        let key = keys::venue(&self.tenant.id, id);
        let item = self.tenant.store.tables.get(Table::Catalogue, key, Read::Consistent).await?;
        item.map(read_venue).transpose()
    }

    /// A venue as it was at most two seconds before `now`, or as this process wrote it since.
    pub async fn venue_cached(&self, id: VenueId, now: Timestamp) -> Result<Option<Arc<Venue>>, Failed> {
        let key = (self.tenant.id.clone(), id);
        self.cache().venues.get(key, now, async { Ok(self.venue(id).await?.map(Arc::new)) }).await
    }

    /// Every venue of the tenant, oldest first. May be a second behind.
    pub async fn venues(&self) -> Result<Vec<Venue>, Failed> {
        let find = Find::partition(keys::venues(&self.tenant.id), Read::Eventual);
        let items = self.tenant.store.tables.all(Table::Catalogue, find).await?;
        items.into_iter().map(read_venue).collect()
    }

    /// Stores a venue if it follows what is stored: version 1 where there is none, version n where there is n - 1. Its
    /// maps are [`Venues::add_version`]'s.
    pub async fn put(&self, venue: &Venue) -> Result<Put, Failed> {
        let record = VenueItem {
            name: venue.name.clone(),
            city: venue.city.clone(),
            address: venue.address.clone(),
            newest: venue.newest,
            v: venue.version,
        };
        let item = encode(keys::venue(&self.tenant.id, venue.id), &record)?;
        let condition = if venue.version <= 1 {
            Expression::only_if("attribute_not_exists(pk)")
        } else {
            Expression::only_if("v = :v").number(":v", i64::from(venue.version) - 1)
        };
        let wrote = self.tenant.store.tables.put(Table::Catalogue, item, condition).await?;
        self.forget(venue.id);
        match wrote {
            Wrote::Yes => Ok(Put::Done),
            Wrote::Refused(Some(old)) => Ok(Put::of(decode::<VenueItem>(old)? == record)),
            Wrote::Refused(None) => Ok(Put::Conflict),
        }
    }

    /// Stores the next version of a venue's map, parts first, then the version, then the venue that says which is the
    /// newest. Safe to repeat after dying anywhere in it. Where somebody else has made a version of that number, theirs
    /// is the newest, even if they died before they could say so.
    pub async fn add_version(&self, venue: VenueId, version: &Version) -> Result<Put, Failed> {
        let (tables, bytes) = (&self.tenant.store.tables, bytes::write(version));
        let hash = hash(&bytes);
        let mut cut = parts(&bytes).into_iter();
        let head = cut.next().unwrap_or_default();
        let rest: Vec<&[u8]> = cut.collect();
        let more = rest.len();
        let put_part = |(number, part): (usize, &[u8])| {
            let key = keys::map_part(&self.tenant.id, venue, &hash, number);
            let item = encode(key, &PartItem { map: Bytes(part.to_vec()) });
            async move { tables.put(Table::Catalogue, item?, Expression::default()).await }
        };
        try_join_all(rest.into_iter().enumerate().map(put_part)).await?;

        let record = MapItem { hash: Bytes(hash.to_vec()), more, map: Bytes(head.to_vec()) };
        let item = encode(keys::map(&self.tenant.id, venue, version.number()), &record)?;
        let absent = Expression::only_if("attribute_not_exists(pk)");
        let is_ours = match tables.put(Table::Catalogue, item, absent).await? {
            Wrote::Yes => true,
            Wrote::Refused(Some(old)) => decode::<MapItem>(old)?.hash == record.hash,
            Wrote::Refused(None) => false,
        };
        self.tell_newest(venue, version.number()).await?;
        Ok(if is_ours { Put::Done } else { Put::Conflict })
    }

    /// Has the venue say that a version is the newest, unless there is a newer one.
    async fn tell_newest(&self, venue: VenueId, number: u32) -> Result<(), Failed> {
        let newer = Expression::set("SET newest = :n, v = v + :one")
            .given("newest < :n")
            .number(":n", number)
            .number(":one", 1);
        let key = keys::venue(&self.tenant.id, venue);
        self.tenant.store.tables.update(Table::Catalogue, key, newer).await?;
        self.forget(venue);
        Ok(())
    }

    /// A version of a venue's map.
    pub async fn version(&self, venue: VenueId, number: u32) -> Result<Option<Version>, Failed> {
        let (tenant, tables) = (&self.tenant.id, &self.tenant.store.tables);
        let head = tables.get(Table::Catalogue, keys::map(tenant, venue, number), Read::Consistent).await?;
        let Some(item) = head else { return Ok(None) };
        let MapItem { hash: Bytes(stated), more, map: Bytes(mut bytes) } = decode(item)?;
        let stated: [u8; 32] = stated.try_into().map_err(|_| Failed::corrupt("the hash of a seat map"))?;
        for part in 0..more {
            let key = keys::map_part(tenant, venue, &stated, part);
            let item = tables.get(Table::Catalogue, key, Read::Consistent).await?;
            let PartItem { map } = decode(item.ok_or_else(|| Failed::corrupt("a seat map without its end"))?)?;
            bytes.extend(map.0);
        }
        if hash(&bytes) != stated {
            return Err(Failed::corrupt("a seat map whose parts do not belong together"));
        }
        bytes::read(number, &bytes).map(Some)
    }

    /// A version of a venue's map made ready for searching, from memory once this process has read it: it never changes.
    pub async fn version_cached(&self, venue: VenueId, number: u32) -> Result<Option<Arc<Plan>>, Failed> {
        let key = (self.tenant.id.clone(), venue, number);
        let read = async { Ok(self.version(venue, number).await?.map(|version| Arc::new(Plan::of(version)))) };
        self.cache().plans.get(key, read).await
    }

    fn forget(self, id: VenueId) {
        self.cache().venues.forget(&(self.tenant.id.clone(), id));
    }

    fn cache(self) -> &'t VenueCache {
        &self.tenant.store.memory.venues
    }
}

fn read_venue(item: Item) -> Result<Venue, Failed> {
    let id = VenueId::from_bare(text_of(&item, SORT)).map_err(Failed::corrupt)?;
    let VenueItem { name, city, address, newest, v: version } = decode(item)?;
    Ok(Venue { id, name, city, address, newest, version })
}

/// Cuts a map into what fits in an item each; at least one.
fn parts(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.chunks(PART_BYTES).collect()
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}
