//! Tickets that are given up for others: which, what they are worth, and why they may not be.

use std::str::FromStr;

use app::{Code, Error, given_back};
use domain::{
    id::TicketId,
    money::Money,
    order::{NotRefundable, Order, Quantity, Returned},
    refund::{Refund, State},
};
use store::{Reach, Tenant};

/// Tickets as an address names them: their ids, with commas between, no more than an order has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named(pub(crate) Vec<TicketId>);

impl FromStr for Named {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let ids = text.split(',').map(str::parse).collect::<Result<Vec<_>, _>>();
        let ids = ids.map_err(|_| "must be ids of tickets with commas between")?;
        if ids.len() > usize::from(Quantity::MAX) { Err("must name at most 10 tickets") } else { Ok(Self(ids)) }
    }
}

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
        let tickets = given_back::numbers(order, named).map_err(refused)?;
        let worth = order.refundable(&tickets).map_err(refused)?;
        if !given_back::are_unused(tenant, order, &tickets).await? {
            return Err(refused(NotRefundable::Used));
        }
        if worth.is_zero() {
            return Err(refused(NotRefundable::Free));
        }
        let waits = |refund: &Refund| {
            refund.state == State::Requested && refund.tickets.iter().any(|number| tickets.contains(number))
        };
        if tenant.orders().refunds(order.id).await?.iter().any(waits) {
            return Err(not_changeable("refund_waits"));
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

/// `not_changeable`, with the word that says why.
pub(crate) fn not_changeable(reason: &'static str) -> Error {
    Error::from(Code::NotChangeable).with(given_back::REASON, reason)
}

pub(crate) fn refused(why: NotRefundable) -> Error {
    not_changeable(given_back::word(why))
}
