//! Giving tickets back: what may be, what it is worth, and the one transaction that does it.

use app::{App, Code, Error, given_back};
use domain::{
    id::{OrderId, TicketId},
    order::{NotRefundable, Order},
    refund::{Refund, State},
};
use store::{RefundEntry, Tenant};

use crate::{capture::ROUNDS, send};

/// `not_refundable`, with the word that says why.
pub(crate) fn refuse(reason: &'static str) -> Error {
    Error::from(Code::NotRefundable).with(given_back::REASON, reason)
}

pub(crate) fn explain(why: NotRefundable) -> Error {
    refuse(given_back::word(why))
}

/// The numbers of an order's tickets; every ticket that is kept where none is named.
pub(crate) fn numbers(order: &Order, named: Option<&[TicketId]>) -> Result<Vec<u8>, Error> {
    given_back::numbers(order, named).map_err(explain)
}

/// Sees to it that none of the tickets has been used.
pub(crate) async fn see_unused(tenant: &Tenant, order: &Order, numbers: &[u8]) -> Result<(), Error> {
    if given_back::are_unused(tenant, order, numbers).await? { Ok(()) } else { Err(explain(NotRefundable::Used)) }
}

/// Gives the tickets of an approved refund back: order, refund and tickets in one write, decided anew where the order
/// changes in between. What is given back is what the tickets are worth at that moment.
pub(crate) async fn enter(app: &App, tenant: &Tenant, id: OrderId, refund: Refund) -> Result<Refund, Error> {
    let now = app.now();
    for _ in 0..ROUNDS {
        let order = tenant.orders().load(id).await?.ok_or(Code::NotFound)?;
        let amount = match order.refundable(&refund.tickets) {
            Ok(amount) => amount,
            // Our own earlier try may have given them back.
            Err(why) => return entered(tenant, &refund).await?.ok_or_else(|| explain(why)),
        };
        let refund = Refund { amount, ..refund.clone() };
        let change = order.refund(&refund.tickets, refund.id, now).map_err(explain)?;
        match tenant.orders().enter_refund(&change, &refund).await? {
            RefundEntry::Done => {
                send::refund_due(app, tenant, id, refund.id).await?;
                return Ok(refund);
            }
            RefundEntry::TicketUsed => return Err(explain(NotRefundable::Used)),
            RefundEntry::Changed => {
                if let Some(entered) = entered(tenant, &refund).await? {
                    return Ok(entered);
                }
            }
        }
    }
    Err(Code::Busy.into())
}

/// The refund, where somebody has decided it already.
async fn entered(tenant: &Tenant, refund: &Refund) -> Result<Option<Refund>, Error> {
    match tenant.orders().refund(refund.order, refund.id).await? {
        None | Some(Refund { state: State::Requested, .. }) => Ok(None),
        Some(Refund { state: State::Refused { .. }, .. }) => Err(Code::WrongState.into()),
        Some(decided) => Ok(Some(decided)),
    }
}

#[cfg(test)]
mod tests {
    use app::auth::ticket_id;
    use domain::id::Id as _;

    use super::*;
    use crate::testing::{capture, paid};

    #[test]
    fn a_refusal_says_why() {
        for (why, word) in [
            (NotRefundable::NotPaid, "not_paid"),
            (NotRefundable::Used, "used"),
            (NotRefundable::UnknownTicket, "unknown_ticket"),
            (NotRefundable::Free, "free"),
        ] {
            let error = explain(why);
            assert_eq!((error.code, error.facts["reason"].as_str()), (Code::NotRefundable, Some(word)));
        }
    }

    #[test]
    fn tickets_are_told_by_their_ids() {
        let order = paid(capture("c1"));
        assert_eq!(numbers(&order, None).unwrap(), [0, 1]);
        assert_eq!(numbers(&order, Some(&[ticket_id(order.id, 1)])).unwrap(), [1]);
        for unknown in [ticket_id(order.id, 2), TicketId::from_bytes([9; 16])] {
            assert_eq!(numbers(&order, Some(&[unknown])).unwrap_err().code, Code::NotRefundable);
        }
    }
}
