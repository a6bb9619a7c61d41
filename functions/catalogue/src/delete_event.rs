//! `DELETE /api/admin/events/{event}`: throws a draft away.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use domain::{event::Review, user::Role};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    organiser::{Reach, TRIES, load},
    path::EventPath,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<DeleteEvent>();

/// Nothing but the path.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct DeleteEvent {}

impl Endpoint for DeleteEvent {
    const ROUTE: Route = Route {
        name: "delete-event",
        method: Method::Delete,
        path: "/api/admin/events/{event}",
        auth: Auth::AtLeast(Role::Publisher),
        grants: &[Grant::read(Table::Catalogue), Grant::write(Table::Catalogue)],
        summary: "Throw a draft away; what was submitted stays on record",
        errors: &[Code::NotFound, Code::WrongState, Code::Busy],
        ..Route::DEFAULT
    };
    type Path = EventPath;
    type Output = ();

    async fn handle(self, path: EventPath, caller: Caller, app: &'static App) -> Result<(), Error> {
        let (tenant, reach) = (app.store.tenant(caller.tenant()?), Reach::of(&caller)?);
        for _ in 0..TRIES {
            let event = load(&tenant, reach, path.event.0).await?;
            if event.review != Review::Draft {
                return Err(Code::WrongState.into());
            }
            if tenant.catalogue().delete_event(event.id, event.version).await?.is_done() {
                caller.trail.removed(event.id, &event);
                return Ok(());
            }
        }
        Err(Code::Busy.into())
    }
}
