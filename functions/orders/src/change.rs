//! Tickets that are given up for others: which, what they are worth, and why they may not be.

use app::{Code, Error, auth::ticket_id};
use domain::{
    id::TicketId,
    money::Money,
    order::{NotRefundable, Order, Returned},
    ticket::TicketState,
};
use store::{Reach, Tenant};

/// The fact that says why something cannot be changed.
const REASON: &str = "reason";

/// Tickets of an order that are given up for others.
pub(crate) struct GivenUp {
    /// Their numbers.
    pub(crate) tickets: Vec<u8>,
    /// What they are worth together.
    pub(crate) worth: Money,
    /// Whom to reach, and who travels on them, in their order.
    pub(crate) reach: Reach,
}

impl GivenUp {
    /// These tickets, or all that were not given back before; unused, and of somebody who is known.
    pub(crate) async fn of(tenant: &Tenant, order: &Order, named: Option<&[TicketId]>) -> Result<Self, Error> {
        if order.is_deposit() {
            return Err(Code::NotFound.into());
        }
        let tickets = numbers(order, named)?;
        let worth = order.refundable(&tickets).map_err(refused)?;
        let ids: Vec<TicketId> = tickets.iter().map(|number| ticket_id(order.id, *number)).collect();
        let issued = tenant.tickets().find_all(&ids).await?;
        if issued.iter().any(|ticket| matches!(ticket.state, TicketState::Used(_))) {
            return Err(refused(NotRefundable::Used));
        }
        let mut reach = tenant.orders().open_contact(order).await?;
        if reach.name.is_empty() {
            return Err(not_changeable("erased"));
        }
        let mut number = 0..;
        reach.passengers.retain(|_| number.next().is_some_and(|number| tickets.contains(&number)));
        Ok(Self { tickets, worth, reach })
    }

    /// Their numbers, as an order remembers them that takes their place.
    pub(crate) fn numbers(&self) -> Returned {
        self.tickets.iter().copied().collect()
    }
}

/// The numbers of tickets, each once, in their order.
fn numbers(order: &Order, named: Option<&[TicketId]>) -> Result<Vec<u8>, Error> {
    let Some(named) = named else { return Ok(order.kept().collect()) };
    let all = 0..order.purchase.quantity.get();
    let number = |id: &TicketId| all.clone().find(|number| ticket_id(order.id, *number) == *id);
    let found = named.iter().map(|id| number(id).ok_or_else(|| refused(NotRefundable::UnknownTicket)));
    let mut numbers: Vec<u8> = found.collect::<Result<_, _>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.len() == named.len() { Ok(numbers) } else { Err(refused(NotRefundable::UnknownTicket)) }
}

/// `not_changeable`, with the word that says why.
pub(crate) fn not_changeable(reason: &'static str) -> Error {
    Error::from(Code::NotChangeable).with(REASON, reason)
}

pub(crate) fn refused(why: NotRefundable) -> Error {
    not_changeable(match why {
        NotRefundable::NotPaid => "not_paid",
        NotRefundable::Used => "used",
        NotRefundable::UnknownTicket => "unknown_ticket",
        NotRefundable::Free => "free",
    })
}
