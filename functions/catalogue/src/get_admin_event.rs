//! `GET /api/admin/events/{event}`: an event as its organisers see it, whatever its state.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use domain::user::Role;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    organiser::{Reach, load, view},
    path::EventPath,
    view::EventView,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<GetAdminEvent>();

/// Nothing but the path.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct GetAdminEvent {}

impl Endpoint for GetAdminEvent {
    const ROUTE: Route = Route {
        name: "get-admin-event",
        method: Method::Get,
        path: "/api/admin/events/{event}",
        auth: Auth::AtLeast(Role::Publisher),
        grants: &[Grant::read(Table::Catalogue), Grant::read(Table::Inventory)],
        summary: "Read an event, whatever its state; publishers their own",
        errors: &[Code::NotFound],
        ..Route::DEFAULT
    };
    type Path = EventPath;
    type Output = EventView;

    async fn handle(self, path: EventPath, caller: Caller, app: &'static App) -> Result<EventView, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let event = load(&tenant, Reach::of(&caller)?, path.event.0).await?;
        view(&tenant, &event, app.now()).await
    }
}
