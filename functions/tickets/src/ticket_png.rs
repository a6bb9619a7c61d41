//! `GET /api/tickets/{ticket}/qr.png`: the QR code of a ticket of the caller, as PNG.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Plain, Route, ticket_view::Image};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{image, own::TicketPath};

/// The operation.
pub static OPERATION: Operation = Operation::of::<TicketPng>();

/// Nothing but the path.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct TicketPng {}

impl Endpoint for TicketPng {
    const ROUTE: Route = Route {
        name: "ticket-png",
        method: Method::Get,
        path: "/api/tickets/{ticket}/qr.png",
        auth: Auth::Customer,
        grants: &[Grant::read(Table::Tickets)],
        summary: "Read the QR code of one of the caller's tickets as PNG",
        errors: &[Code::NotFound, Code::Void],
        cache: Some(image::CACHE),
        ..Route::DEFAULT
    };
    type Path = TicketPath;
    type Output = Plain;

    async fn handle(self, path: TicketPath, caller: Caller, app: &'static App) -> Result<Plain, Error> {
        image::answer(&caller, path.ticket.0, Image::Png, app).await
    }
}
