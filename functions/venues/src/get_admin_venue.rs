//! `GET /api/admin/venues/{venue}`: a venue without its map.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use domain::user::Role;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{path::VenuePath, view::VenueView};

/// The operation.
pub static OPERATION: Operation = Operation::of::<GetAdminVenue>();

/// Nothing but the path.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct GetAdminVenue {}

impl Endpoint for GetAdminVenue {
    const ROUTE: Route = Route {
        name: "get-admin-venue",
        method: Method::Get,
        path: "/api/admin/venues/{venue}",
        auth: Auth::AtLeast(Role::Publisher),
        grants: &[Grant::read(Table::Catalogue)],
        summary: "Read a venue without its seat map",
        errors: &[Code::NotFound],
        ..Route::DEFAULT
    };
    type Path = VenuePath;
    type Output = VenueView;

    async fn handle(self, path: VenuePath, caller: Caller, app: &'static App) -> Result<VenueView, Error> {
        let venue = app.store.tenant(caller.tenant()?).venues().venue(path.venue.0).await?;
        Ok(VenueView::of(&venue.ok_or(Code::NotFound)?))
    }
}
