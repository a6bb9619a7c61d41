//! `POST /api/admin/events/{event}/reject`: sends an event back to its organiser.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use domain::user::Role;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    organiser::{step, view},
    path::EventPath,
    reason,
    view::EventView,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<RejectEvent>();

/// Why.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct RejectEvent {
    /// For the organiser.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

impl Endpoint for RejectEvent {
    const ROUTE: Route = Route {
        name: "reject-event",
        method: Method::Post,
        path: "/api/admin/events/{event}/reject",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Catalogue), Grant::write(Table::Catalogue)],
        summary: "Send a submitted event back to its organiser",
        errors: &[Code::NotFound, Code::WrongState, Code::Busy],
        ..Route::DEFAULT
    };
    type Path = EventPath;
    type Output = EventView;

    async fn handle(self, path: EventPath, caller: Caller, app: &'static App) -> Result<EventView, Error> {
        let (tenant, now) = (app.store.tenant(caller.tenant()?), app.now());
        let reason = reason::read(&self.reason)?;
        let event = step(&tenant, &caller, path.event.0, |event| event.reject(reason.clone(), now)).await?;
        view(&tenant, &event, now).await
    }
}
