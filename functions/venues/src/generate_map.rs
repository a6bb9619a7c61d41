//! `POST /api/admin/venues/{venue}/map/generate`: the next version of a seat map by rule, "20 rows of 40 seats".

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use domain::user::Role;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    make::{MapMade, next_version},
    map::RuleDraft,
    path::VenuePath,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<GenerateMap>();

/// The rule.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GenerateMap {
    #[serde(flatten)]
    rule: RuleDraft,
    /// Whether it is only to be looked at.
    #[serde(default)]
    dry_run: bool,
}

impl Endpoint for GenerateMap {
    const ROUTE: Route = Route {
        name: "generate-map",
        method: Method::Post,
        path: "/api/admin/venues/{venue}/map/generate",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Catalogue), Grant::write(Table::Catalogue)],
        summary: "Make the next version of a venue's seat map by rule: so many rows of so many seats",
        errors: &[Code::NotFound, Code::Busy],
        timeout_secs: 29,
        ..Route::DEFAULT
    };
    type Path = VenuePath;
    type Output = MapMade;

    async fn handle(self, path: VenuePath, caller: Caller, app: &'static App) -> Result<MapMade, Error> {
        let map = self.rule.read().map_err(Error::fields)?;
        next_version(app, &caller, path.venue.0, map, self.dry_run).await
    }
}
