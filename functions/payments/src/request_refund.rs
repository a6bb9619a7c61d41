//! `POST /api/payments/refund`: asks for money back. The organiser's policy says no, yes, or leaves it to a person.

use app::{
    App, Auth, Caller, Code, Endpoint, Error, Grant, Idempotency, Located, Method, Nothing, Operation, Route,
    organised, refund_id::PublicRefundId, wire::IdText,
};
use domain::{
    Timestamp,
    event::RefundRule,
    id::{Id as _, OrderId, RefundId, TicketId},
    occasion::Standing,
    order::{NotRefundable, Order},
    refund::{Reason, Refund, State},
};
use providers::queue::Queue;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Applied, Table, Tenant};

use crate::{
    giving_back::{enter, explain, numbers, refuse, see_unused},
    reach,
    view::RefundView,
    words,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<RequestRefund>();

/// What goes back, and why.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestRefund {
    order_id: IdText<OrderId>,
    /// All tickets where nothing is said.
    #[schemars(length(min = 1, max = 10))]
    ticket_ids: Option<Vec<IdText<TicketId>>>,
    #[schemars(length(min = 1, max = words::MAX))]
    reason: String,
}

impl Endpoint for RequestRefund {
    const ROUTE: Route = Route {
        name: "request-refund",
        method: Method::Post,
        path: "/api/payments/refund",
        auth: Auth::Customer,
        grants: &[
            Grant::read(Table::Orders),
            Grant::write(Table::Orders),
            Grant::read(Table::Tickets),
            Grant::write(Table::Tickets),
            Grant::read(Table::Catalogue),
            Grant::write(Table::Activity),
            Grant::send(Queue::SendRefund),
        ],
        summary: "Ask for the money of an order, or of some of its tickets",
        success: 202,
        idempotency: Idempotency::Required,
        errors: &[Code::NotFound, Code::NotRefundable, Code::WrongState, Code::Busy, Code::IdempotencyConflict],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Located<RefundView>;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Located<RefundView>, Error> {
        let (tenant, now) = (app.store.tenant(caller.tenant()?), app.now());
        let reason = words::read(&self.reason)?;
        let order = reach::sold(reach::own(&tenant, &caller, self.order_id.0).await?)?;
        let fresh = RefundId::new(now, app.random()?);
        let id = RefundId::from_bytes(app.once().claim(&caller, fresh.bytes()).await?.id());
        // A repeat is told what became of the first attempt's refund.
        if let Some(known) = tenant.orders().refund(order.id, id).await? {
            return Ok(located(&known));
        }
        let named: Option<Vec<TicketId>> = self.ticket_ids.map(|ids| ids.into_iter().map(|id| id.0).collect());
        let refund = asked(&order, id, numbers(&order, named.as_deref())?, reason)?;
        let occasion = organised::occasion(&tenant, &order).await?;
        // What could not be given back before it was changed cannot be now.
        let is_final = order.replaces.is_some_and(|replaced| replaced.is_final);
        if is_final && occasion.standing != Standing::CalledOff {
            return Err(refuse("changed"));
        }
        let rule = occasion.refund_rule(now);
        see_unused(&tenant, &order, &refund.tickets).await?;
        see_none_open(&tenant, &order).await?;
        let refund = match rule {
            RefundRule::Never => return Err(refuse("policy")),
            RefundRule::TooLate => return Err(refuse("too_late")),
            RefundRule::Review => request(&tenant, refund, now).await?,
            RefundRule::Approve => {
                tenant.activity().list_refund(&refund).await?;
                enter(app, &tenant, order.id, Refund { state: State::Approved, ..refund }).await?
            }
        };
        Ok(located(&refund))
    }
}

/// The refund as it is asked for.
fn asked(order: &Order, id: RefundId, tickets: Vec<u8>, reason: String) -> Result<Refund, Error> {
    let amount = order.refundable(&tickets).map_err(explain)?;
    let capture = order.paid().and_then(|paid| paid.capture.clone()).ok_or_else(|| explain(NotRefundable::Free))?;
    Ok(Refund {
        id,
        order: order.id,
        capture,
        amount,
        tickets,
        reason: Reason::Asked(reason),
        state: State::Requested,
        // The first attempt's time, whichever attempt writes it.
        created: id.created(),
        version: 0,
    })
}

/// One request at a time waits for a decision. Of two that come in the same moment both may be written; the second
/// decision then finds its tickets gone.
async fn see_none_open(tenant: &Tenant, order: &Order) -> Result<(), Error> {
    let refunds = tenant.orders().refunds(order.id).await?;
    // One whose tickets were changed for others meanwhile waits for nothing.
    let is_void = |refund: &Refund| refund.tickets.iter().any(|number| order.returned.contains(*number));
    let waits = refunds.iter().any(|refund| refund.state == State::Requested && !is_void(refund));
    if waits { Err(Code::WrongState.into()) } else { Ok(()) }
}

/// Writes a request that a person decides: first where they look for it.
async fn request(tenant: &Tenant, refund: Refund, now: Timestamp) -> Result<Refund, Error> {
    tenant.activity().list_refund(&refund).await?;
    match tenant.orders().put_refund(&refund, now).await? {
        Applied::Done => Ok(refund),
        // A parallel attempt with the same key wrote it, and perhaps somebody has decided since.
        Applied::Conflict(_) => {
            let known = tenant.orders().refund(refund.order, refund.id).await?;
            known.ok_or_else(|| Code::Busy.into())
        }
    }
}

fn located(refund: &Refund) -> Located<RefundView> {
    Located { location: format!("/api/refunds/{}", PublicRefundId::from(refund)), value: RefundView::of(refund) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{capture, paid, reserved};

    #[test]
    fn a_request_is_worth_its_tickets_and_needs_a_paid_order() {
        let id = RefundId::from_bytes([7; 16]);
        let of = |order: &Order, tickets: &[u8]| asked(order, id, tickets.to_vec(), "ill".to_owned());
        let order = paid(capture("c1"));
        assert_eq!(of(&order, &[0]).unwrap().amount.minor, 500);
        assert_eq!(of(&order, &[0, 1]).unwrap().amount.minor, 1_000);
        for (order, tickets, reason) in
            [(&order, &[2][..], "unknown_ticket"), (&order, &[0, 0], "unknown_ticket"), (&reserved(), &[0], "not_paid")]
        {
            let error = of(order, tickets).unwrap_err();
            assert_eq!((error.code, error.facts["reason"].as_str()), (Code::NotRefundable, Some(reason)));
        }
    }
}
