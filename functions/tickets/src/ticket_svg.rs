//! `GET /api/tickets/{ticket}/qr.svg`: the QR code of a ticket of the caller, as SVG.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Plain, Route, ticket_view::Image};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{image, own::TicketPath};

/// The operation.
pub static OPERATION: Operation = Operation::of::<TicketSvg>();

/// Nothing but the path.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct TicketSvg {}

impl Endpoint for TicketSvg {
    const ROUTE: Route = Route {
        name: "ticket-svg",
        method: Method::Get,
        path: "/api/tickets/{ticket}/qr.svg",
        auth: Auth::Customer,
        grants: &[Grant::read(Table::Tickets)],
        summary: "Read the QR code of one of the caller's tickets as SVG",
        errors: &[Code::NotFound, Code::Void],
        cache: Some(image::CACHE),
        ..Route::DEFAULT
    };
    type Path = TicketPath;
    type Output = Plain;

    async fn handle(self, path: TicketPath, caller: Caller, app: &'static App) -> Result<Plain, Error> {
        image::answer(&caller, path.ticket.0, Image::Svg, app).await
    }
}
