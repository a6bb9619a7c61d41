//! `GET /api/venues/{venue}/map.svg`: the seat map as a picture, for pages and organisers.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Plain, Reply, Route};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::path::{VenuePath, WhichVersion, load};

/// The operation.
pub static OPERATION: Operation = Operation::of::<MapSvg>();

/// Which version of its map.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct MapSvg {
    #[serde(flatten)]
    which: WhichVersion,
}

impl Endpoint for MapSvg {
    const ROUTE: Route = Route {
        name: "map-svg",
        method: Method::Get,
        path: "/api/venues/{venue}/map.svg",
        auth: Auth::Public,
        grants: &[Grant::read(Table::Catalogue)],
        summary: "Read a venue's seat map as SVG: the newest, or a version of it",
        errors: &[Code::NotFound],
        cache: Some("public, max-age=60"),
        ..Route::DEFAULT
    };
    type Path = VenuePath;
    type Output = Plain;

    async fn handle(self, path: VenuePath, caller: Caller, app: &'static App) -> Result<Plain, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let (venue, plan) = load(&tenant, path.venue.0, self.which, app.now()).await?;
        let plan = plan.ok_or(Code::NotFound)?;
        Ok(Plain(Reply::raw("image/svg+xml", plan.map().svg(&venue.name, None))))
    }
}
