//! `PUT /api/admin/orders/{order}/refund`: decides a request for money back, or gives money back without one.

use app::{
    App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, organised,
    refund_id::PublicRefundId,
    wire::{IdText, Text},
};
use domain::{
    Timestamp,
    id::{Id as _, OrderId, RefundId},
    order::{NotRefundable, Order},
    refund::{Reason, Refund, State},
    user::Role,
};
use providers::queue::Queue;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Applied, Table, Tenant};

use crate::{
    giving_back::{enter, explain},
    reach, send,
    view::RefundView,
    words,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<DecideRefund>();

/// The decision.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecideRefund {
    /// Which refund; may be left out where one waits. Where none ever did, an approval gives back the whole order; after
    /// that, a decision that names none is answered as the last one was, so that repeating it is safe.
    refund_id: Option<Text<PublicRefundId>>,
    /// Gives back all that is left of the order, whatever was given back or asked for before.
    rest: Option<bool>,
    #[schemars(example = true)]
    approve: bool,
    /// For the buyer; needed for a no.
    #[schemars(length(max = words::MAX))]
    reason: Option<String>,
}

/// Of which order.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct OrderPath {
    order: IdText<OrderId>,
}

/// Yes, or no and why.
enum Decision {
    Approve(Option<String>),
    Refuse(String),
}

impl Endpoint for DecideRefund {
    const ROUTE: Route = Route {
        name: "decide-refund",
        method: Method::Put,
        path: "/api/admin/orders/{order}/refund",
        auth: Auth::AtLeast(Role::Publisher),
        grants: &[
            Grant::read(Table::Orders),
            Grant::write(Table::Orders),
            Grant::write(Table::Tickets),
            Grant::read(Table::Catalogue),
            Grant::write(Table::Activity),
            Grant::send(Queue::SendRefund),
        ],
        summary: "Approve or refuse a refund, or give money back unasked; publishers for their own events",
        errors: &[Code::NotFound, Code::NotRefundable, Code::WrongState, Code::Busy],
        ..Route::DEFAULT
    };
    type Path = OrderPath;
    type Output = RefundView;

    async fn handle(self, path: OrderPath, caller: Caller, app: &'static App) -> Result<RefundView, Error> {
        let (tenant, now) = (app.store.tenant(caller.tenant()?), app.now());
        let decision = self.decision()?;
        let order = reach::sold(organised::find(&tenant, &caller, path.order.0).await?)?;
        let refunds = tenant.orders().refunds(order.id).await?;
        let note = |decided: &Refund| match refunds.iter().find(|refund| refund.id == decided.id) {
            Some(before) => caller.trail.changed(decided.id, before, decided),
            None => caller.trail.made(decided.id, decided),
        };
        if self.rest == Some(true) {
            let Decision::Approve(reason) = decision else { return Err(Error::field("rest", "can only be approved")) };
            let given = unasked(app, &tenant, &order, &refunds, reason).await?;
            note(&given);
            return Ok(RefundView::of(&given));
        }
        let decided = match (pick(&order, &refunds, self.refund_id.map(|id| id.0))?, decision) {
            (Some(refund), Decision::Approve(_)) => approve(app, &tenant, refund).await?,
            (Some(refund), Decision::Refuse(reason)) => reject(&tenant, refund, reason, now).await?,
            (None, Decision::Approve(reason)) => match last(&refunds, takes_tickets) {
                // The approval that a client repeats because its answer was lost: it must not give back what was kept.
                Some(given) => given,
                None => unasked(app, &tenant, &order, &refunds, reason).await?,
            },
            (None, Decision::Refuse(_)) => last(&refunds, is_refused).ok_or(Code::WrongState)?,
        };
        note(&decided);
        Ok(RefundView::of(&decided))
    }
}

impl DecideRefund {
    fn decision(&self) -> Result<Decision, Error> {
        let reason = self.reason.as_deref().filter(|reason| !reason.trim().is_empty()).map(words::read).transpose()?;
        match (self.approve, reason) {
            (true, reason) => Ok(Decision::Approve(reason)),
            (false, Some(reason)) => Ok(Decision::Refuse(reason)),
            (false, None) => Err(Error::field("reason", "is needed for a refusal")),
        }
    }
}

/// The refund that is meant: the one that is named, or the one that waits.
fn pick(order: &Order, refunds: &[Refund], named: Option<PublicRefundId>) -> Result<Option<Refund>, Error> {
    if let Some(named) = named {
        let found = refunds.iter().find(|refund| named.order == order.id && refund.id == named.refund);
        return found.cloned().map(Some).ok_or_else(|| Code::NotFound.into());
    }
    let mut waiting = refunds.iter().filter(|refund| refund.state == State::Requested);
    match (waiting.next(), waiting.next()) {
        (one, None) => Ok(one.cloned()),
        (Some(_), Some(_)) => Err(Error::field("refundId", "is needed: several refunds wait")),
        (None, Some(_)) => Ok(None),
    }
}

/// Approves. What was approved before is answered as it is; what failed at the provider is sent once more.
async fn approve(app: &App, tenant: &Tenant, refund: Refund) -> Result<Refund, Error> {
    match refund.state {
        State::Requested => {
            let approved = refund.approve().map_err(|_| Code::WrongState)?;
            enter(app, tenant, approved.order, approved).await
        }
        State::Approved | State::Failed { .. } => {
            send::refund_due(app, tenant, refund.order, refund.id).await?;
            Ok(refund)
        }
        State::Done { .. } => Ok(refund),
        State::Refused { .. } => Err(Code::WrongState.into()),
    }
}

async fn reject(tenant: &Tenant, refund: Refund, reason: String, now: Timestamp) -> Result<Refund, Error> {
    if matches!(refund.state, State::Refused { .. }) {
        return Ok(refund);
    }
    let refused = refund.refuse(reason, now).map_err(|_| Code::WrongState)?;
    match tenant.orders().put_refund(&refused, now).await? {
        Applied::Done => tenant.activity().end_refund(&refused, now).await?,
        Applied::Conflict(_) => return Err(Code::WrongState.into()),
    }
    Ok(refused)
}

/// Gives back all that is left of an order. Where nothing is left because a refund took it, that refund is the answer, so
/// that a repeat of this call finds what the first made.
async fn unasked(
    app: &App,
    tenant: &Tenant,
    order: &Order,
    refunds: &[Refund],
    reason: Option<String>,
) -> Result<Refund, Error> {
    let tickets: Vec<u8> = order.kept().collect();
    if tickets.is_empty()
        && let Some(given) = last(refunds, takes_tickets)
    {
        return Ok(given);
    }
    let amount = order.refundable(&tickets).map_err(explain)?;
    let capture = order.paid().and_then(|paid| paid.capture.clone()).ok_or_else(|| explain(NotRefundable::Free))?;
    let id = RefundId::new(app.now(), app.random()?);
    let refund = Refund {
        id,
        order: order.id,
        capture,
        amount,
        tickets,
        reason: Reason::Asked(reason.unwrap_or_else(|| "given back by the organiser".to_owned())),
        state: State::Approved,
        created: id.created(),
        version: 0,
    };
    tenant.activity().list_refund(&refund).await?;
    enter(app, tenant, order.id, refund).await
}

/// The last of an order's refunds that is of a kind.
fn last(refunds: &[Refund], is_meant: fn(&Refund) -> bool) -> Option<Refund> {
    refunds.iter().rev().find(|refund| is_meant(refund)).cloned()
}

const fn is_refused(refund: &Refund) -> bool {
    matches!(refund.state, State::Refused { .. })
}

/// Whether money was given back for tickets. What was changed for other tickets was not given back.
const fn takes_tickets(refund: &Refund) -> bool {
    let is_changed = matches!(refund.reason, Reason::Changed { .. });
    !refund.tickets.is_empty()
        && !is_changed
        && matches!(refund.state, State::Approved | State::Done { .. } | State::Failed { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, capture, paid, refund};

    fn numbered(number: u8, state: State) -> Refund {
        Refund { id: RefundId::from_bytes([number; 16]), ..refund(state) }
    }

    #[test]
    fn the_refund_that_waits_is_meant_unless_one_is_named() {
        let order = paid(capture("c1"));
        let (done, waits) = (numbered(1, State::Done { at: at(9) }), numbered(2, State::Requested));
        let name = |refund: &Refund| Some(PublicRefundId::from(refund));
        let both = [done.clone(), waits.clone()];
        assert_eq!(pick(&order, &both, None).unwrap(), Some(waits.clone()));
        assert_eq!(pick(&order, &both, name(&done)).unwrap(), Some(done.clone()));
        assert_eq!(pick(&order, std::slice::from_ref(&done), None).unwrap(), None);
        assert_eq!(pick(&order, &[done], name(&waits)).unwrap_err().code, Code::NotFound);
        let two = [waits, numbered(3, State::Requested)];
        assert_eq!(pick(&order, &two, None).unwrap_err().code, Code::ValidationFailed);
    }

    #[test]
    fn a_refusal_says_why() {
        let decision = |approve, reason: Option<&str>| {
            DecideRefund { refund_id: None, rest: None, approve, reason: reason.map(str::to_owned) }.decision().is_ok()
        };
        assert!(decision(true, None) && decision(false, Some("used")));
        assert!(!decision(false, None) && !decision(false, Some(" ")));
    }
}
