//! `GET /healthz`: the process is alive. Touches nothing.

use app::{App, Auth, Caller, Endpoint, Error, Nothing, Operation, Route};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tells that the process is alive.
pub static OPERATION: Operation = Operation::of::<Healthz>();

#[derive(Debug, Deserialize, JsonSchema)]
struct Healthz {}

/// How the service is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Health {
    /// Always `ok`: whatever is not well is an error.
    pub(crate) status: &'static str,
}

impl Endpoint for Healthz {
    const ROUTE: Route = Route {
        name: "healthz",
        path: "/healthz",
        auth: Auth::Open,
        summary: "Tell that the process is alive",
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Health;

    async fn handle(self, _: Nothing, _: Caller, _: &'static App) -> Result<Health, Error> {
        Ok(Health { status: "ok" })
    }
}
