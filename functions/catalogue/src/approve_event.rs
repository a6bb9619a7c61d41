//! `POST /api/admin/events/{event}/approve`: opens the stock of an event and lets it be shown and sold.
//!
//! Every pool is opened first, then the event is flipped: whoever sees it approved finds its stock. A request that dies in
//! between leaves the event waiting and is finished by sending it again; one that is repeated after it was done changes
//! nothing.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use domain::{event::Review, user::Role};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    organiser::{Reach, TRIES, explain, load, view},
    path::EventPath,
    stock,
    view::EventView,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<ApproveEvent>();

/// Nothing but the path.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct ApproveEvent {}

impl Endpoint for ApproveEvent {
    const ROUTE: Route = Route {
        name: "approve-event",
        method: Method::Post,
        path: "/api/admin/events/{event}/approve",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::write(Table::Catalogue),
            Grant::read(Table::Inventory),
            Grant::write(Table::Inventory),
        ],
        summary: "Open the stock of a submitted event and put it on show; safe to repeat",
        errors: &[Code::NotFound, Code::WrongState, Code::Busy],
        timeout_secs: 29,
        ..Route::DEFAULT
    };
    type Path = EventPath;
    type Output = EventView;

    async fn handle(self, path: EventPath, caller: Caller, app: &'static App) -> Result<EventView, Error> {
        let (tenant, now, reach) = (app.store.tenant(caller.tenant()?), app.now(), Reach::of(&caller)?);
        for _ in 0..TRIES {
            let event = load(&tenant, reach, path.event.0).await?;
            if event.review == Review::Approved {
                return view(&tenant, &event, now).await;
            }
            let approved = event.clone().approve(now).map_err(explain)?;
            stock::open_all(&tenant, &approved).await?;
            if tenant.catalogue().put_event(&approved).await?.is_done() {
                caller.trail.changed(event.id, &event, &approved);
                return view(&tenant, &approved, now).await;
            }
        }
        Err(Code::Busy.into())
    }
}
