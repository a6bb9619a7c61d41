//! The caller's own requests: others' are not there, and are not said to be.

use app::{App, Caller, Code, Error, wire::Text};
use domain::{id::OrderId, order::Order};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Waiting;

/// The placeholder of a request's path.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) struct RequestPath {
    /// The request's id.
    pub(crate) request: Text<OrderId>,
}

/// Finds a request of the caller, and its deposit where that is written.
pub(crate) async fn find(caller: &Caller, id: OrderId, app: &App) -> Result<(Waiting, Option<Order>), Error> {
    let (tenant, user) = (app.store.tenant(caller.tenant()?), caller.user()?);
    let waiting = tenant.waitlist().find(id).await?.filter(|waiting| waiting.user == user).ok_or(Code::NotFound)?;
    let deposit = tenant.orders().load(id).await?;
    Ok((waiting, deposit))
}
