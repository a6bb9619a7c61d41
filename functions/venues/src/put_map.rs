//! `PUT /api/admin/venues/{venue}/map`: the next version of a seat map, seat by seat.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use domain::user::Role;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    make::{LONGEST, MapMade, next_version},
    map::MapDraft,
    path::VenuePath,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<PutMap>();

/// The map.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PutMap {
    #[serde(flatten)]
    map: MapDraft,
    /// Whether it is only to be looked at.
    #[serde(default)]
    dry_run: bool,
}

impl Endpoint for PutMap {
    const ROUTE: Route = Route {
        name: "put-map",
        method: Method::Put,
        path: "/api/admin/venues/{venue}/map",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Catalogue), Grant::write(Table::Catalogue)],
        summary: "Make the next version of a venue's seat map, seat by seat; events stay with theirs",
        errors: &[Code::NotFound, Code::Busy],
        longest_body: LONGEST,
        timeout_secs: 29,
        ..Route::DEFAULT
    };
    type Path = VenuePath;
    type Output = MapMade;

    async fn handle(self, path: VenuePath, caller: Caller, app: &'static App) -> Result<MapMade, Error> {
        let map = self.map.read().map_err(Error::fields)?;
        next_version(app, &caller, path.venue.0, map, self.dry_run).await
    }
}
