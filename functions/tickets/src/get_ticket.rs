//! `GET /api/tickets/{ticket}`: a ticket of the caller.

use app::{
    App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route,
    ticket_view::{TicketView, occasion_of},
};
use domain::{Timestamp, tenant::TenantId, ticket::Ticket};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::own::{self, TicketPath};

/// The operation.
pub static OPERATION: Operation = Operation::of::<GetTicket>();

/// Nothing but the path.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct GetTicket {}

impl Endpoint for GetTicket {
    const ROUTE: Route = Route {
        name: "get-ticket",
        method: Method::Get,
        path: "/api/tickets/{ticket}",
        auth: Auth::Customer,
        grants: &[Grant::read(Table::Tickets), Grant::read(Table::Catalogue), Grant::read_files()],
        summary: "Read one of the caller's tickets",
        errors: &[Code::NotFound],
        ..Route::DEFAULT
    };
    type Path = TicketPath;
    type Output = TicketView;

    async fn handle(self, path: TicketPath, caller: Caller, app: &'static App) -> Result<TicketView, Error> {
        let ticket = own::find(&caller, path.ticket.0, app).await?;
        view(app, caller.tenant()?, &ticket, app.now()).await
    }
}

/// A ticket with its link and its times. An event that has tickets is never removed.
pub(crate) async fn view(app: &App, tenant: &TenantId, ticket: &Ticket, now: Timestamp) -> Result<TicketView, Error> {
    let occasion = occasion_of(app, tenant, ticket).await?;
    TicketView::of(app, tenant, ticket, &occasion, now).await
}
