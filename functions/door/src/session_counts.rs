//! `GET /api/door/sessions/{session}/counts?eventId=`: how many came in to a session, and how many may come.
//!
//! Both are counted from what is stored and may lag: admissions a second, stock two. A session alone does not say which
//! event it is of; where the query does not either, the tenant's events are looked through.

use std::sync::Arc;

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, wire::Text};
use domain::{
    Timestamp,
    event::Event,
    id::{EventId, SessionId},
    user::Role,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Summary, Table, Tenant};

/// Queries at one time for one request.
const AT_ONCE: usize = 8;

/// The operation.
pub static OPERATION: Operation = Operation::of::<SessionCounts>();

/// Where the session is found at once.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionCounts {
    /// The event that the session is of. Saves reading the list of events.
    event_id: Option<Text<EventId>>,
}

/// Which session.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct SessionPath {
    /// The session's id.
    session: Text<SessionId>,
}

/// How many came, of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Tickets that were used.
    admitted: u64,
    /// Tickets that are sold, or held for whoever is paying just now.
    expected: u64,
}

impl Endpoint for SessionCounts {
    const ROUTE: Route = Route {
        name: "session-counts",
        method: Method::Get,
        path: "/api/door/sessions/{session}/counts",
        auth: Auth::AtLeast(Role::Staff),
        grants: &[Grant::read(Table::Catalogue), Grant::read(Table::Activity)],
        summary: "Count who came in to a session, and who may come",
        errors: &[Code::NotFound],
        cache: Some("private, max-age=1"),
        ..Route::DEFAULT
    };
    type Path = SessionPath;
    type Output = Counts;

    async fn handle(self, path: SessionPath, caller: Caller, app: &'static App) -> Result<Counts, Error> {
        let (tenant, now, session) = (app.store.tenant(caller.tenant()?), app.now(), path.session.0);
        let event = self.event(&tenant, session, now).await?;
        let event = event.filter(|event| event.session(session).is_some()).ok_or(Code::NotFound)?;
        let admitted = tenant.admissions().count(session).await?;
        Ok(Counts { admitted, expected: expected(&tenant, &event, session, now).await? })
    }
}

impl SessionCounts {
    async fn event(self, tenant: &Tenant, session: SessionId, now: Timestamp) -> Result<Option<Arc<Event>>, Error> {
        if let Some(Text(event)) = self.event_id {
            return Ok(tenant.catalogue().event_cached(event, now).await?);
        }
        let events = tenant.catalogue().events_cached(now).await?;
        Ok(events.iter().find(|event| event.session(session).is_some()).cloned().map(Arc::new))
    }
}

/// What is not free any more, in all pools of a session. Where nothing was counted yet, nothing was sold.
async fn expected(tenant: &Tenant, event: &Event, session: SessionId, now: Timestamp) -> Result<u64, Error> {
    let pools = tenant.pools_of(event).await?.into_iter().filter(|pool| pool.session == session);
    let taken: Vec<_> =
        pools.map(|pool| async move { Ok(taken(&tenant.stock().summaries(pool.pool, now).await?)) }).collect();
    stream::iter(taken).buffer_unordered(AT_ONCE).try_fold(0, async |sum, taken: u64| Ok(sum + taken)).await
}

fn taken(summaries: &[Summary]) -> u64 {
    summaries.iter().map(|shard| u64::from(shard.capacity.saturating_sub(shard.available))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_free_is_expected() {
        let shard = |shard, capacity, available| Summary { shard, capacity, available, earliest: None };
        assert_eq!(taken(&[]), 0);
        assert_eq!(taken(&[shard(0, 100, 100)]), 0);
        assert_eq!(taken(&[shard(0, 100, 40), shard(1, 50, 0)]), 110);
    }
}
