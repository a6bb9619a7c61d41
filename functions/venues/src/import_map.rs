//! `POST /api/admin/venues/{venue}/map/csv`: the next version of a seat map from a table, all of it or nothing.
//!
//! The table comes as a text in JSON and not as a body of its own: so it is described, checked, signed and logged like every
//! other request, and options go beside it.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use domain::user::Role;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    make::{LONGEST, MapMade, next_version},
    map::{PointDraft, csv},
    path::VenuePath,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<ImportMap>();

/// The table.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportMap {
    /// Comma-separated, with a line of names: `section,row,seat,x,y` and, where wanted, `kind` and `category`. Coordinates are
    /// centimetres, and tell where the aisles are. Sections, rows and seats stand in the map in the order of the table.
    /// What is wrong is named by line and column: `csv[4].seat`.
    #[schemars(length(min = 1), example = &"section,row,seat,x,y,kind,category\nstalls,1,1,0,600,,A\nstalls,1,2,55,600,,A\n")]
    csv: String,
    /// What the hall looks at; the origin where nothing is said.
    focus: Option<PointDraft>,
    /// Whether it is only to be looked at.
    #[serde(default)]
    dry_run: bool,
}

impl Endpoint for ImportMap {
    const ROUTE: Route = Route {
        name: "import-map",
        method: Method::Post,
        path: "/api/admin/venues/{venue}/map/csv",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Catalogue), Grant::write(Table::Catalogue)],
        summary: "Make the next version of a venue's seat map from CSV, all of it or nothing",
        errors: &[Code::NotFound, Code::Busy],
        longest_body: LONGEST,
        timeout_secs: 29,
        ..Route::DEFAULT
    };
    type Path = VenuePath;
    type Output = MapMade;

    async fn handle(self, path: VenuePath, caller: Caller, app: &'static App) -> Result<MapMade, Error> {
        let map = csv::read(&self.csv, self.focus.as_ref()).map_err(Error::fields)?;
        next_version(app, &caller, path.venue.0, map, self.dry_run).await
    }
}
