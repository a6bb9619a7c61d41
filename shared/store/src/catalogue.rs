//! Events and the settings of tenants.
//!
//! An event is one item, replaced as a whole by a write that is conditional on the version before it: of two editors
//! one is told to look again. All events of a tenant lie under one key, so that a list is one query.

mod event;
mod offered;
mod seating;
mod settings;

use std::sync::Arc;

use domain::{
    Timestamp,
    event::Event,
    id::{EventId, Id as _},
    tenant::{Tenant as Settings, TenantId},
};

pub(crate) use self::event::{read_refunds, refund_words};
use self::{event::EventItem, settings::SettingsItem};
use crate::{
    Failed, Platform, SORT, Table, Tenant,
    client::{Expression, Find, Item, Read, Wrote, decode, encode, text_of},
    keys,
    lately::Lately,
};

/// What this process read of the catalogue lately, each with its own bound on how many.
#[derive(Debug, Default)]
pub(crate) struct CatalogueCache {
    events: Lately<(TenantId, EventId), Option<Arc<Event>>, 1_024>,
    lists: Lately<TenantId, Arc<Vec<Event>>, 64>,
    settings: Lately<TenantId, Option<Arc<Settings>>, 1_024>,
}

/// What became of a write that only follows the version before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Put {
    /// It is stored.
    Done,
    /// Somebody else was first: load again and decide again.
    Conflict,
}

impl Put {
    /// What a refusal means: done where what is stored is what was to be stored.
    pub(crate) const fn of(is_ours: bool) -> Self {
        if is_ours { Self::Done } else { Self::Conflict }
    }

    /// Whether it is stored.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Done)
    }
}

/// Events and settings of one tenant.
#[derive(Clone, Copy, Debug)]
pub struct Catalogue<'t> {
    tenant: &'t Tenant,
}

impl<'t> Catalogue<'t> {
    pub(crate) const fn new(tenant: &'t Tenant) -> Self {
        Self { tenant }
    }

    /// An event as it is now.
    pub async fn event(&self, id: EventId) -> Result<Option<Event>, Failed> {
        let key = keys::event(&self.tenant.id, id);
        let item = self.tenant.store.tables.get(Table::Catalogue, key, Read::Consistent).await?;
        item.map(read_event).transpose()
    }

    /// An event as it was at most two seconds before `now`, or as this process wrote it since.
    pub async fn event_cached(&self, id: EventId, now: Timestamp) -> Result<Option<Arc<Event>>, Failed> {
        let key = (self.tenant.id.clone(), id);
        self.cache().events.get(key, now, async { Ok(self.event(id).await?.map(Arc::new)) }).await
    }

    /// Every event of the tenant, oldest first. May be a second behind.
    pub async fn events(&self) -> Result<Vec<Event>, Failed> {
        let find = Find::partition(keys::events(&self.tenant.id), Read::Eventual);
        let items = self.tenant.store.tables.all(Table::Catalogue, find).await?;
        items.into_iter().map(read_event).collect()
    }

    /// Every event of the tenant, as read at most two seconds before `now`.
    pub async fn events_cached(&self, now: Timestamp) -> Result<Arc<Vec<Event>>, Failed> {
        let key = self.tenant.id.clone();
        self.cache().lists.get(key, now, async { self.events().await.map(Arc::new) }).await
    }

    /// Stores an event if it follows what is stored: version 1 where there is none, version n where there is n - 1.
    ///
    /// A refusal that meets exactly what was to be written is our own earlier try whose answer was lost.
    pub async fn put_event(&self, event: &Event) -> Result<Put, Failed> {
        let record = EventItem::of(event);
        let item = encode(keys::event(&self.tenant.id, event.id), &record)?;
        let condition = if event.version <= 1 {
            Expression::only_if("attribute_not_exists(pk)")
        } else {
            Expression::only_if("v = :v").number(":v", i64::from(event.version) - 1)
        };
        let wrote = self.tenant.store.tables.put(Table::Catalogue, item, condition).await?;
        self.forget_event(event.id);
        match wrote {
            Wrote::Yes => Ok(Put::Done),
            Wrote::Refused(Some(old)) => Ok(Put::of(decode::<EventItem>(old)? == record)),
            Wrote::Refused(None) => Ok(Put::Conflict),
        }
    }

    /// Removes an event if it still has the version that was looked at. One that is gone already is done.
    pub async fn delete_event(&self, id: EventId, version: u32) -> Result<Put, Failed> {
        let key = keys::event(&self.tenant.id, id);
        let condition = Expression::only_if("v = :v").number(":v", version);
        let wrote = self.tenant.store.tables.delete(Table::Catalogue, key, condition).await?;
        self.forget_event(id);
        match wrote {
            Wrote::Yes | Wrote::Refused(None) => Ok(Put::Done),
            Wrote::Refused(Some(_)) => Ok(Put::Conflict),
        }
    }

    /// The tenant's settings as they are now.
    pub async fn settings(&self) -> Result<Option<Settings>, Failed> {
        let key = keys::tenant(&self.tenant.id);
        let item = self.tenant.store.tables.get(Table::Catalogue, key, Read::Consistent).await?;
        item.map(|item| decode::<SettingsItem>(item)?.read(&self.tenant.id)).transpose()
    }

    /// The tenant's settings as they were at most two seconds before `now`, or as this process wrote them since.
    pub async fn settings_cached(&self, now: Timestamp) -> Result<Option<Arc<Settings>>, Failed> {
        let key = self.tenant.id.clone();
        self.cache().settings.get(key, now, async { Ok(Box::pin(self.settings()).await?.map(Arc::new)) }).await
    }

    /// Stores changed settings, unless somebody else changed them since: version n where n - 1 is stored.
    pub async fn save_settings(&self, settings: &Settings) -> Result<Put, Failed> {
        let follows = Expression::only_if("v = :v").number(":v", i64::from(settings.version) - 1);
        match self.write_settings(settings, follows).await? {
            Wrote::Yes => Ok(Put::Done),
            Wrote::Refused(Some(old)) => Ok(Put::of(decode::<SettingsItem>(old)? == SettingsItem::of(settings))),
            Wrote::Refused(None) => Ok(Put::Conflict),
        }
    }

    /// Stores the tenant's settings, whatever was there; whose they are the handle says.
    pub async fn put_settings(&self, settings: &Settings) -> Result<(), Failed> {
        self.write_settings(settings, Expression::default()).await.map(|_| ())
    }

    /// Stores the settings of a tenant that has none yet.
    pub async fn create_settings(&self, settings: &Settings) -> Result<Put, Failed> {
        match self.write_settings(settings, Expression::only_if("attribute_not_exists(pk)")).await? {
            Wrote::Yes => Ok(Put::Done),
            Wrote::Refused(Some(old)) => Ok(Put::of(decode::<SettingsItem>(old)? == SettingsItem::of(settings))),
            Wrote::Refused(None) => Ok(Put::Conflict),
        }
    }

    async fn write_settings(&self, settings: &Settings, condition: Expression) -> Result<Wrote, Failed> {
        let item = encode(keys::tenant(&self.tenant.id), &SettingsItem::of(settings))?;
        let wrote = self.tenant.store.tables.put(Table::Catalogue, item, condition).await?;
        self.cache().settings.forget(&self.tenant.id);
        Ok(wrote)
    }

    fn forget_event(self, id: EventId) {
        self.cache().events.forget(&(self.tenant.id.clone(), id));
        self.cache().lists.forget(&self.tenant.id);
    }

    fn cache(self) -> &'t CatalogueCache {
        &self.tenant.store.memory.catalogue
    }
}

pub(crate) fn read_event(item: Item) -> Result<Event, Failed> {
    let id = EventId::from_bare(text_of(&item, SORT)).map_err(Failed::corrupt)?;
    decode::<EventItem>(item)?.read(id)
}

impl Platform {
    /// Every tenant of the platform with its settings, by id.
    pub async fn tenants_with_settings(&self) -> Result<Vec<Settings>, Failed> {
        let find = Find::partition(keys::tenants(), Read::Consistent);
        let items = self.store.tables.all(Table::Catalogue, find).await?;
        let read = items.into_iter().map(|item| {
            let id = text_of(&item, SORT).parse().map_err(Failed::corrupt)?;
            decode::<SettingsItem>(item)?.read(&id)
        });
        read.collect()
    }

    /// Every tenant of the platform.
    pub async fn tenants(&self) -> Result<Vec<TenantId>, Failed> {
        let find = Find::partition(keys::tenants(), Read::Consistent);
        let items = self.store.tables.all(Table::Catalogue, find).await?;
        items.iter().map(|item| text_of(item, SORT).parse().map_err(Failed::corrupt)).collect()
    }
}
