//! The stock of an event is opened before it can be seen, and changed before the event says so.

use app::{Code, Error};
use domain::{
    event::Event,
    id::{OptionId, SessionId},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use store::{Tenant, keys};

use crate::{
    remaining::pools,
    revise::{Revision, StockStep},
};

/// Pools opened at one time for one request; each writes its blocks several at a time.
const AT_ONCE: usize = 4;

/// Opens every pool of an event. Safe to repeat after dying anywhere in it.
pub(crate) async fn open_all(tenant: &Tenant, event: &Event) -> Result<(), Error> {
    open(tenant, pools(event).filter(|(_, option, _)| !event.sells_seats(*option)).collect()).await?;
    open_seats(tenant, event, event.sessions.iter().map(|session| session.id)).await
}

/// Creates the rows of every section for sessions, as the map says. Rows that are there stay as they are.
async fn open_seats(
    tenant: &Tenant,
    event: &Event,
    sessions: impl Iterator<Item = SessionId> + Send,
) -> Result<(), Error> {
    let Some(seating) = &event.seating else { return Ok(()) };
    let plan = tenant.plan_of(seating).await?;
    let sections = plan.version().addresses().every_block(plan.map());
    let pools = sessions.flat_map(|session| sections.iter().map(move |(section, rows)| (session, section, rows)));
    let opened = pools.map(|(session, section, rows)| async move {
        let pool = keys::seat_pool(tenant.id(), session, section);
        tenant.inventory().open_rows(pool, rows.iter().cloned()).await.map_err(Error::from)
    });
    stream::iter(opened.collect::<Vec<_>>()).buffer_unordered(AT_ONCE).try_collect().await
}

async fn open(tenant: &Tenant, pools: Vec<(SessionId, OptionId, u32)>) -> Result<(), Error> {
    let opened = pools.into_iter().map(|(session, option, total)| async move {
        tenant.catalogue().open_stock(session, option, total).await.map_err(Error::from)
    });
    stream::iter(opened).buffer_unordered(AT_ONCE).try_collect().await
}

/// Makes the steps that have to come before an event is stored. Where one of them is refused, those before it are taken
/// back.
pub(crate) async fn apply(tenant: &Tenant, revision: &Revision) -> Result<(), Error> {
    let steps = &revision.stock;
    let opened = steps.iter().filter_map(|step| match *step {
        StockStep::Open { session, option, total } => Some((session, option, total)),
        StockStep::OpenSeats { .. } | StockStep::Resize { .. } => None,
    });
    open(tenant, opened.collect()).await?;
    let seated: Vec<SessionId> = steps.iter().filter_map(StockStep::seats).collect();
    open_seats(tenant, &revision.event, seated.into_iter()).await?;
    let mut made = Vec::new();
    for step in steps {
        let StockStep::Resize { session, option, from, to } = *step else { continue };
        if let Some(free) = tenant.catalogue().resize_stock(session, option, to).await? {
            take_back(tenant, &made).await?;
            let refusal = Error::new(Code::StockInUse).with("sessionId", session.to_string());
            return Err(refusal.with("priceOptionId", option.to_string()).with("free", free));
        }
        made.push((session, option, from));
    }
    Ok(())
}

/// Where tickets that were added went in the meantime, they stay: the next change of the event counts again.
async fn take_back(tenant: &Tenant, made: &[(SessionId, OptionId, u32)]) -> Result<(), Error> {
    for (session, option, from) in made.iter().copied() {
        tenant.catalogue().resize_stock(session, option, from).await?;
    }
    Ok(())
}

/// Clears sold-out markers once the event says how much there is: a buyer who still knew the smaller stock may have set
/// one after the stock had grown.
pub(crate) async fn announce(tenant: &Tenant, steps: &[StockStep]) -> Result<(), Error> {
    for step in steps {
        if let StockStep::Resize { session, option, from, to } = *step
            && to > from
        {
            tenant.catalogue().reopen_stock(session, option).await?;
        }
    }
    Ok(())
}
