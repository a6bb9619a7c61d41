//! Answers a ticket's image, drawn when it is asked for.

use app::{App, Caller, Code, Error, Plain, Reply, ticket_code, ticket_view::Image};
use domain::{id::TicketId, ticket::TicketState};
use http::header::CONTENT_DISPOSITION;
use providers::blob::inline;

use crate::{own, qr};

/// How long whoever asked may keep the image: it changes only where the ticket is given back.
pub(crate) const CACHE: &str = "private, max-age=300";

/// Draws a ticket of the caller. What was given back has no image.
pub(crate) async fn answer(caller: &Caller, id: TicketId, image: Image, app: &App) -> Result<Plain, Error> {
    let ticket = own::find(caller, id, app).await?;
    if ticket.state == TicketState::Void {
        return Err(Code::Void.into());
    }
    let bytes = qr::draw(&ticket_code::code(app, caller.tenant()?, &ticket), image)?;
    Ok(Plain(Reply::raw(image.kind(), bytes).header(CONTENT_DISPOSITION, inline(&image.file_name(id)))))
}
