//! `GET /openapi.json`: the contract, as it was derived from the types of the handlers.

use app::{App, Auth, Caller, Endpoint, Error, Nothing, Operation, Plain, Reply, Route};
use schemars::JsonSchema;
use serde::Deserialize;

/// Answers the contract.
pub static OPERATION: Operation = Operation::of::<Openapi>();

/// Written by `cargo xtask generate`.
static DOCUMENT: &[u8] = include_bytes!("../../../infra/openapi.json");

#[derive(Debug, Deserialize, JsonSchema)]
struct Openapi {}

impl Endpoint for Openapi {
    const ROUTE: Route = Route {
        name: "openapi",
        path: "/openapi.json",
        auth: Auth::Open,
        summary: "The contract of this API",
        cache: Some("public, max-age=300"),
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Plain;

    async fn handle(self, _: Nothing, _: Caller, _: &'static App) -> Result<Plain, Error> {
        Ok(Plain(Reply::raw("application/json", DOCUMENT)))
    }
}
