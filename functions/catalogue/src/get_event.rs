//! `GET /api/events/{event}`: an event with its sessions, prices, and how many tickets are left.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use domain::{Timestamp, event::Event, id::EventId};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use store::{Table, Tenant};

use crate::{path::EventPath, remaining::Remaining, view::EventView};

/// The operation.
pub static OPERATION: Operation = Operation::of::<GetEvent>();

/// Nothing but the path.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct GetEvent {}

impl Endpoint for GetEvent {
    const ROUTE: Route = Route {
        name: "get-event",
        method: Method::Get,
        path: "/api/events/{event}",
        auth: Auth::Public,
        grants: &[Grant::read(Table::Catalogue), Grant::read(Table::Inventory)],
        summary: "Read an event with its sessions, prices and tickets left",
        errors: &[Code::NotFound],
        cache: Some("public, max-age=2"),
        ..Route::DEFAULT
    };
    type Path = EventPath;
    type Output = EventView;

    async fn handle(self, path: EventPath, caller: Caller, app: &'static App) -> Result<EventView, Error> {
        let (tenant, now) = (app.store.tenant(caller.tenant()?), app.now());
        let event = load_public(&tenant, path.event.0, now).await?;
        let left = Remaining::load(&tenant, &event, now).await?;
        Ok(EventView::of(tenant.id(), &event, &left, now))
    }
}

/// An event that everybody may see; others are not told from none.
pub(crate) async fn load_public(tenant: &Tenant, id: EventId, now: Timestamp) -> Result<Arc<Event>, Error> {
    let event = tenant.catalogue().event_cached(id, now).await?;
    event.filter(|event| event.is_public()).ok_or_else(|| Code::NotFound.into())
}
