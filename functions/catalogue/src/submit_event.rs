//! `POST /api/admin/events/{event}/submit`: hands a draft to the administrators.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use domain::user::Role;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    organiser::{step, view},
    path::EventPath,
    view::EventView,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<SubmitEvent>();

/// Nothing but the path.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct SubmitEvent {}

impl Endpoint for SubmitEvent {
    const ROUTE: Route = Route {
        name: "submit-event",
        method: Method::Post,
        path: "/api/admin/events/{event}/submit",
        auth: Auth::AtLeast(Role::Publisher),
        grants: &[Grant::read(Table::Catalogue), Grant::write(Table::Catalogue)],
        summary: "Hand a draft, or one that was sent back, to the administrators",
        errors: &[Code::NotFound, Code::WrongState, Code::Busy],
        ..Route::DEFAULT
    };
    type Path = EventPath;
    type Output = EventView;

    async fn handle(self, path: EventPath, caller: Caller, app: &'static App) -> Result<EventView, Error> {
        let (tenant, now) = (app.store.tenant(caller.tenant()?), app.now());
        let event = step(&tenant, &caller, path.event.0, |event| event.submit(now)).await?;
        view(&tenant, &event, now).await
    }
}
