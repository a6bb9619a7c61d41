//! `GET /api/events/{event}/sessions/{session}/seats.svg`: the hall as a picture, with who has what; at most a second old.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Plain, Reply, Route};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{get_event::load_public, seat_path::SeatPath};

/// The operation.
pub static OPERATION: Operation = Operation::of::<SeatsSvg>();

/// Nothing but the path.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct SeatsSvg {}

impl Endpoint for SeatsSvg {
    const ROUTE: Route = Route {
        name: "seats-svg",
        method: Method::Get,
        path: "/api/events/{event}/sessions/{session}/seats.svg",
        auth: Auth::Public,
        grants: &[Grant::read(Table::Catalogue), Grant::read(Table::Inventory)],
        summary: "Read the hall of a session as SVG, with who has what",
        errors: &[Code::NotFound],
        cache: Some("public, max-age=1"),
        ..Route::DEFAULT
    };
    type Path = SeatPath;
    type Output = Plain;

    async fn handle(self, path: SeatPath, caller: Caller, app: &'static App) -> Result<Plain, Error> {
        let (tenant, now) = (app.store.tenant(caller.tenant()?), app.now());
        let event = load_public(&tenant, path.event.0, now).await?;
        let seats = tenant.seats().session(&event, path.session.0, now).await?.ok_or(Code::NotFound)?;
        let svg = seats.plan.map().svg(&event.details.title, Some(&seats.states));
        Ok(Plain(Reply::raw("image/svg+xml", svg)))
    }
}
