//! Railways: the timetable, and the runs that are sold.
//!
//! A timetable is imported as a whole and replaced as a whole: it lies in a few compressed items under a name of its own,
//! and one small item says which import it is. A process keeps the timetable in memory until that item names another.
//!
//! A run is one item, replaced by writes that are conditional on the version before. It is a copy of all that its sale
//! needs, so nothing that is imported later changes it.

mod left;
mod opening;
mod packed;
mod run;
mod timetable;

use std::sync::Arc;

use domain::{
    Timestamp,
    id::{Id as _, RunId},
    pool::PoolKey,
    rail::{coach::Class, gaps::Gaps, network::Network, run::RunPlan},
    tenant::TenantId,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::civil::Date;

pub(crate) use self::left::note_gaps;
pub use self::{
    opening::{OpenedPart, Opening},
    timetable::Imported,
};
use self::{run::read_run, timetable::Head};
use crate::{
    Failed, Put, Table, Tenant,
    client::{Expression, Find, Read, Wrote},
    keys,
    lately::Lately,
};

/// How many items are asked for at the same time.
const AT_ONCE: usize = 16;

/// What this process knows of railways.
#[derive(Debug, Default)]
pub(crate) struct RailCache {
    heads: Lately<TenantId, Option<Arc<Head>>, 1_024>,
    /// By import, which never changes: kept until there are too many.
    networks: Lately<(TenantId, String), Arc<Network>, 8, { i64::MAX }>,
    /// A plan takes about five KiB, what is free of a class five times that at most.
    runs: Lately<(TenantId, RunId), Option<Arc<RunPlan>>, 4_096>,
    left: Lately<PoolKey, Arc<Gaps>, 1_024>,
}

/// Timetable and runs of one tenant.
#[derive(Clone, Copy, Debug)]
pub struct Rail<'t> {
    tenant: &'t Tenant,
}

impl<'t> Rail<'t> {
    pub(crate) const fn new(tenant: &'t Tenant) -> Self {
        Self { tenant }
    }

    /// A run as it is now.
    pub async fn run(&self, id: RunId) -> Result<Option<RunPlan>, Failed> {
        let key = keys::run(&self.tenant.id, id);
        let item = self.tenant.store.tables.get(Table::Catalogue, key, Read::Consistent).await?;
        item.map(|item| read_run(&item)).transpose()
    }

    /// A run as it was at most two seconds before `now`, or as this process wrote it since.
    pub async fn run_cached(&self, id: RunId, now: Timestamp) -> Result<Option<Arc<RunPlan>>, Failed> {
        let key = (self.tenant.id.clone(), id);
        self.cache().runs.get(key, now, async { Ok(self.run(id).await?.map(Arc::new)) }).await
    }

    /// Some runs in the order in which they were asked for, each as by [`Rail::run_cached`].
    pub async fn runs_cached(&self, ids: &[RunId], now: Timestamp) -> Result<Vec<Option<Arc<RunPlan>>>, Failed> {
        stream::iter(ids.to_vec()).map(|id| self.run_cached(id, now)).buffered(AT_ONCE).try_collect().await
    }

    /// Every run of a date, in no order. May be a second behind.
    pub async fn runs_of(&self, date: Date) -> Result<Vec<RunPlan>, Failed> {
        let slots = (0..keys::RUN_SLOTS).map(|slot| async move {
            let find = Find::partition(keys::runs(&self.tenant.id, date, slot), Read::Eventual);
            let items = self.tenant.store.tables.all(Table::Catalogue, find).await?;
            items.iter().map(read_run).collect::<Result<Vec<_>, _>>()
        });
        let slots: Vec<Vec<RunPlan>> = stream::iter(slots).buffered(AT_ONCE).try_collect().await?;
        Ok(slots.into_iter().flatten().collect())
    }

    /// Stores a run if it follows what is stored: version 1 where there is none, version n where there is n - 1.
    ///
    /// A refusal that meets exactly what was to be written is our own earlier try whose answer was lost.
    pub async fn put_run(&self, plan: &RunPlan) -> Result<Put, Failed> {
        let item = run::encode(keys::run(&self.tenant.id, plan.id), plan)?;
        let condition = if plan.version <= 1 {
            Expression::only_if("attribute_not_exists(pk)")
        } else {
            Expression::only_if("v = :v").number(":v", i64::from(plan.version) - 1)
        };
        let wrote = self.tenant.store.tables.put(Table::Catalogue, item, condition).await?;
        self.cache().runs.forget(&(self.tenant.id.clone(), plan.id));
        match wrote {
            Wrote::Yes => Ok(Put::Done),
            Wrote::Refused(Some(old)) if read_run(&old)? == *plan => Ok(Put::Done),
            Wrote::Refused(_) => Ok(Put::Conflict),
        }
    }

    /// The pool of one class of a run.
    pub fn pool(&self, run: RunId, class: &Class) -> PoolKey {
        keys::class_pool(&self.tenant.id, run, class)
    }

    fn cache(self) -> &'t RailCache {
        &self.tenant.store.memory.rail
    }
}

/// Names an import or an opening from chance: 16 characters.
fn name_of(chance: [u8; 10]) -> String {
    domain::id::BASE32.encode(&chance)
}

/// The id of a run that the key of its item names.
fn run_id_of(sort: &str) -> Result<RunId, Failed> {
    RunId::from_bare(sort).map_err(Failed::corrupt)
}
