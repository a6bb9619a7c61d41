//! The caller's own tickets: others' are not there, and are not said to be.

use app::{App, Caller, Code, Error, wire::Text};
use domain::{id::TicketId, ticket::Ticket};
use schemars::JsonSchema;
use serde::Deserialize;

/// The placeholder of a ticket's path.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct TicketPath {
    /// The ticket's id.
    pub(crate) ticket: Text<TicketId>,
}

/// Finds a ticket of the caller.
pub(crate) async fn find(caller: &Caller, id: TicketId, app: &App) -> Result<Ticket, Error> {
    let (tenant, user) = (app.store.tenant(caller.tenant()?), caller.user()?);
    let ticket = tenant.tickets().find(id).await?;
    ticket.filter(|ticket| ticket.user == user).ok_or_else(|| Code::NotFound.into())
}
