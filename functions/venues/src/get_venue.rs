//! `GET /api/venues/{venue}`: a venue with its seat map, from which clients draw it. A version never changes.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::{
    map::MapView,
    path::{VenuePath, WhichVersion, load},
    view::VenueView,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<GetVenue>();

/// Which version of its map.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct GetVenue {
    #[serde(flatten)]
    which: WhichVersion,
}

/// A venue with its map.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct VenueWithMap {
    #[serde(flatten)]
    venue: VenueView,
    /// Nothing before there is one.
    map: Option<MapView>,
}

impl Endpoint for GetVenue {
    const ROUTE: Route = Route {
        name: "get-venue",
        method: Method::Get,
        path: "/api/venues/{venue}",
        auth: Auth::Public,
        grants: &[Grant::read(Table::Catalogue)],
        summary: "Read a venue with its seat map: the newest, or a version of it",
        errors: &[Code::NotFound],
        cache: Some("public, max-age=60"),
        ..Route::DEFAULT
    };
    type Path = VenuePath;
    type Output = VenueWithMap;

    async fn handle(self, path: VenuePath, caller: Caller, app: &'static App) -> Result<VenueWithMap, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let (venue, plan) = load(&tenant, path.venue.0, self.which, app.now()).await?;
        let map = plan.map(|plan| MapView::of(plan.version()));
        Ok(VenueWithMap { venue: VenueView::of(&venue), map })
    }
}
