//! `GET /readyz`: what every request stands on answers. One cheap read each of the tables and the bucket; queues have no
//! read that is not their consumers' own, and what is sent to them is answered for when it is sent.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Nothing, Operation, Route};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::healthz::Health;

/// Tells that tables and files answer.
pub static OPERATION: Operation = Operation::of::<Readyz>();

/// A file that need not be there: that the bucket says so is the answer.
const FILE: &str = "readyz";

#[derive(Debug, Deserialize, JsonSchema)]
struct Readyz {}

impl Endpoint for Readyz {
    const ROUTE: Route = Route {
        name: "readyz",
        path: "/readyz",
        auth: Auth::Open,
        grants: &[
            Grant::read(Table::Identity),
            Grant::read(Table::Catalogue),
            Grant::read(Table::Inventory),
            Grant::read(Table::Orders),
            Grant::read(Table::Tickets),
            Grant::read(Table::Activity),
            Grant::read(Table::Vault),
            Grant::read_files(),
        ],
        summary: "Tell that tables and files answer",
        errors: &[Code::Unavailable],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Health;

    async fn handle(self, _: Nothing, _: Caller, app: &'static App) -> Result<Health, Error> {
        app.store.ping().await.map_err(Error::unavailable)?;
        app.files.exists(FILE).await.map_err(Error::unavailable)?;
        Ok(Health { status: "ok" })
    }
}
