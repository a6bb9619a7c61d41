//! Tickets of an order that are to be given back, for money or for other tickets: which they are, and what stands in the way.

use domain::{
    id::TicketId,
    order::{NotRefundable, Order},
    ticket::TicketState,
};
use store::Tenant;

use crate::{Error, auth::ticket_id};

/// The fact of an error that says why.
pub const REASON: &str = "reason";

/// Why, in a word on the wire.
pub const fn word(why: NotRefundable) -> &'static str {
    match why {
        NotRefundable::NotPaid => "not_paid",
        NotRefundable::Used => "used",
        NotRefundable::UnknownTicket => "unknown_ticket",
        NotRefundable::Free => "free",
    }
}

/// The numbers of an order's tickets; every ticket that is kept where none is named.
///
/// # Errors
/// `UnknownTicket` where one is not of the order. One that is named twice is found out by what the tickets are worth.
pub fn numbers(order: &Order, named: Option<&[TicketId]>) -> Result<Vec<u8>, NotRefundable> {
    let Some(named) = named else { return Ok(order.kept().collect()) };
    let all = 0..order.purchase.quantity.get();
    let number = |id: &TicketId| all.clone().find(|number| ticket_id(order.id, *number) == *id);
    named.iter().map(|id| number(id).ok_or(NotRefundable::UnknownTicket)).collect()
}

/// Whether none of the tickets has been used, as far as is known now. What decides is the write that makes them void.
///
/// # Errors
/// When the database does not answer.
pub async fn are_unused(tenant: &Tenant, order: &Order, numbers: &[u8]) -> Result<bool, Error> {
    let ids: Vec<TicketId> = numbers.iter().map(|number| ticket_id(order.id, *number)).collect();
    let tickets = tenant.tickets().find_all(&ids).await?;
    Ok(!tickets.iter().any(|ticket| matches!(ticket.state, TicketState::Used(_))))
}
