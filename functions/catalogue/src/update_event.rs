//! `PUT /api/admin/events/{event}`: replaces what an event says.
//!
//! Until it is approved everything may change. Afterwards tickets have been sold by its dates, price options and currency:
//! those stay, new ones may be added, and capacity grows at any time and shrinks by what is free. Stock is opened and
//! resized *before* the event is stored, so nothing is shown that cannot be sold; a request that dies in between is
//! finished by sending it again.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use domain::user::Role;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    draft::{EventDraft, FreshIds},
    organiser::{Reach, TRIES, load, view},
    path::EventPath,
    revise::{Unchangeable, revise},
    stock,
    view::EventView,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<UpdateEvent>();

/// The whole event. Sessions and price options with an id are those that it has; without an id they are new.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct UpdateEvent(EventDraft);

impl Endpoint for UpdateEvent {
    const ROUTE: Route = Route {
        name: "update-event",
        method: Method::Put,
        path: "/api/admin/events/{event}",
        auth: Auth::AtLeast(Role::Publisher),
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::write(Table::Catalogue),
            Grant::read(Table::Inventory),
            Grant::write(Table::Inventory),
        ],
        summary: "Replace an event; once approved, dates, price options and currency stay",
        errors: &[Code::NotFound, Code::WrongState, Code::EventLocked, Code::StockInUse, Code::Busy],
        timeout_secs: 29,
        ..Route::DEFAULT
    };
    type Path = EventPath;
    type Output = EventView;

    async fn handle(self, path: EventPath, caller: Caller, app: &'static App) -> Result<EventView, Error> {
        let (tenant, now, reach) = (app.store.tenant(caller.tenant()?), app.now(), Reach::of(&caller)?);
        let mut fresh = FreshIds::new(now, app.random()?);
        for _ in 0..TRIES {
            let event = load(&tenant, reach, path.event.0).await?;
            let map = self.0.find_map(&tenant, Some(&event)).await?;
            let content = self.0.clone().read_over(&event, map, &mut fresh).map_err(Error::fields)?;
            let revision = revise(&event, content, &mut fresh, now).map_err(explain)?;
            stock::apply(&tenant, &revision).await?;
            if tenant.catalogue().put_event(&revision.event).await?.is_done() {
                caller.trail.changed(event.id, &event, &revision.event);
                stock::announce(&tenant, &revision.stock).await?;
                return view(&tenant, &revision.event, now).await;
            }
        }
        Err(Code::Busy.into())
    }
}

pub(crate) fn explain(why: Unchangeable) -> Error {
    match why {
        Unchangeable::Cancelled => Code::WrongState.into(),
        Unchangeable::Locked => Code::EventLocked.into(),
    }
}
