//! Money that has to go back, and payments of ended orders whose outcome is not known.
//!
//! Whatever is left undone here stays in the index of due work, from which `reconcile-money` brings it back.

use app::{App, Duty, Failure, Grant, Job, Source, Worker, message::MoneyDue};
use domain::{
    Timestamp,
    event::later,
    id::{OrderId, RefundId},
    order::{Due, Order, State as OrderState},
    payment::Capture,
    refund::{Reason, Refund, State},
};
use providers::{
    payment::{GivenBack, PaymentProvider as _, Standing},
    queue::Queue,
};
use serde::{Deserialize, Serialize};
use store::{Applied, DueItem, Stored, Table, Tenant};

use crate::{
    capture::{self, ROUNDS},
    provider,
};

/// The worker.
pub static WORKER: Worker = Worker::of::<SendRefund>();

/// Seconds after which a provider that could not close a payment is asked again.
const ASK_AGAIN_SECS: i64 = 3_600;

/// What is due.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SendRefund(MoneyDue);

impl Job for SendRefund {
    const DUTY: Duty = Duty {
        name: "send-refund",
        source: Source::Queue(Queue::SendRefund),
        grants: &[
            Grant::read(Table::Activity),
            Grant::write(Table::Activity),
            Grant::read(Table::Orders),
            Grant::write(Table::Orders),
            Grant::read(Table::Catalogue),
            Grant::write(Table::Catalogue),
            Grant::read(Table::Inventory),
            Grant::write(Table::Inventory),
            Grant::send(Queue::SendRefund),
        ],
        summary: "Give money back through its provider, and find out how payments of ended orders ended",
    };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        let tenant = app.store.tenant(&self.0.tenant.0);
        match self.0.refund {
            Some(refund) => send(app, &tenant, self.0.order.0, refund.0).await,
            None => settle(app, &tenant, self.0.order.0).await,
        }
    }
}

/// Gives the stock back, then the money, then writes it down: the order first, so that a refund that is done leaves nothing
/// behind.
async fn send(app: &App, tenant: &Tenant, order: OrderId, id: RefundId) -> Result<(), Failure> {
    let refund = tenant.orders().refund(order, id).await?;
    let refund = refund.ok_or_else(|| Failure::poison("there is no such refund"))?;
    match refund.state {
        State::Approved | State::Failed { .. } => {}
        State::Done { .. } => return Ok(tenant.activity().end_refund(&refund, app.now()).await?),
        State::Requested | State::Refused { .. } => return Ok(()),
    }
    if !refund.tickets.is_empty() {
        let order = tenant.orders().load(order).await?;
        let order = order.ok_or_else(|| Failure::poison("a refund without its order"))?;
        tenant.release(&order, app.now()).await?;
    }
    let given_back = if refund.amount.is_zero() {
        GivenBack::Done
    } else {
        provider::of(app, tenant, refund.capture.provider).refund(&refund).await?
    };
    match given_back {
        GivenBack::Done => {
            end_order(tenant, order, id, app.now()).await?;
            let done = write_end(tenant, refund, app.now(), |refund, now| refund.done(now).ok()).await?;
            Ok(tenant.activity().end_refund(&done, app.now()).await?)
        }
        GivenBack::Refused { reason } => {
            tracing::error!(%order, refund = %id, reason, "the provider refuses to give money back");
            write_end(tenant, refund, app.now(), |refund, now| refund.fail(reason.clone(), now).ok()).await.map(drop)
        }
    }
}

/// Where the refund took the last ticket, the order ends with it.
async fn end_order(tenant: &Tenant, id: OrderId, refund: RefundId, now: Timestamp) -> Result<(), Failure> {
    let mut found = tenant.orders().find(id).await?;
    for _ in 0..ROUNDS {
        let Some(Stored::Order(order)) = found else { return Ok(()) };
        let Ok(change) = order.refunded(refund, now) else { return Ok(()) };
        match tenant.orders().apply(&change).await? {
            Applied::Done => return Ok(()),
            Applied::Conflict(other) => found = other,
        }
    }
    Err(Failure::retry("the order keeps changing"))
}

/// Writes how a refund ended, unless somebody has.
async fn write_end(
    tenant: &Tenant,
    mut refund: Refund,
    now: Timestamp,
    end: impl Fn(Refund, Timestamp) -> Option<Refund> + Send,
) -> Result<Refund, Failure> {
    for _ in 0..ROUNDS {
        let Some(ended) = end(refund.clone(), now) else { return Ok(refund) };
        match tenant.orders().put_refund(&ended, now).await? {
            Applied::Done => return Ok(ended),
            Applied::Conflict(_) => {
                let stored = tenant.orders().refund(refund.order, refund.id).await?;
                refund = stored.ok_or_else(|| Failure::poison("a refund has gone"))?;
            }
        }
    }
    Err(Failure::retry("the refund keeps changing"))
}

/// Does what an ended order still has to do at providers.
async fn settle(app: &App, tenant: &Tenant, id: OrderId) -> Result<(), Failure> {
    let order = tenant.orders().load(id).await?;
    let order = order.ok_or_else(|| Failure::poison("there is no such order"))?;
    match order.due() {
        None => Ok(()),
        Some(Due::Refund) => match owed(&order) {
            Some(capture) => record_debt(app, tenant, order, capture).await,
            None => Ok(()),
        },
        Some(Due::AskPayment) => ask(app, tenant, order).await,
    }
}

fn owed(order: &Order) -> Option<Capture> {
    match &order.state {
        OrderState::Cancelled(ended) | OrderState::Expired(ended) | OrderState::Lapsed(ended) => ended.owed.clone(),
        _ => None,
    }
}

/// A refund stands for what is owed, before the order forgets that it is.
async fn record_debt(app: &App, tenant: &Tenant, order: Order, capture: Capture) -> Result<(), Failure> {
    capture::give_back(app, tenant, order.id, &capture, Reason::Late).await?;
    let Ok(change) = order.debt_recorded(app.now()) else { return Ok(()) };
    match tenant.orders().apply(&change).await? {
        Applied::Done => Ok(()),
        // The order is still due then, or somebody has recorded the debt.
        Applied::Conflict(_) => Err(Failure::retry("the order has changed")),
    }
}

/// Closes every payment of an ended order, and applies what was captured all the same.
async fn ask(app: &App, tenant: &Tenant, order: Order) -> Result<(), Failure> {
    let (mut is_closed, mut is_closing, mut is_changed) = (true, false, false);
    for payment in order.payments() {
        match provider::of(app, tenant, payment.provider).close(&payment, app.now()).await? {
            Standing::Closed => {}
            Standing::Closing => is_closing = true,
            Standing::Open => is_closed = false,
            Standing::Captured(captures) => {
                for capture in captures {
                    match capture::apply(app, tenant, order.id, &capture).await? {
                        capture::Effect::Applied => is_changed = true,
                        // Stays due, and is said again each time, until a person has dealt with it.
                        capture::Effect::Quarantined => is_closed = false,
                    }
                }
            }
        }
    }
    // What was applied has paid the order, or made it owe the money, and told so itself; unless a refund stood already.
    let order = if is_changed { tenant.orders().load(order.id).await? } else { Some(order) };
    let Some(order) = order.filter(|order| order.due() == Some(Due::AskPayment)) else { return Ok(()) };
    if is_closed && is_closing {
        // Stays due: a minute later `reconcile-money` asks again, for a capture that crosses the closing untold.
        return Ok(());
    }
    if is_closed {
        return note_closed(tenant, order, app.now()).await;
    }
    let due = DueItem { tenant: tenant.id().clone(), order: order.id, refund: None };
    Ok(tenant.orders().postpone(&due, later(app.now(), ASK_AGAIN_SECS)).await?)
}

async fn note_closed(tenant: &Tenant, order: Order, now: Timestamp) -> Result<(), Failure> {
    let Ok(change) = order.payment_closed(now) else { return Ok(()) };
    match tenant.orders().apply(&change).await? {
        Applied::Done => Ok(()),
        Applied::Conflict(_) => Err(Failure::retry("the order has changed")),
    }
}

#[cfg(test)]
mod tests {
    use domain::{block::Token, order::Arrived};

    use super::*;
    use crate::testing::{at, capture, expired, paid, reserved};

    #[test]
    fn only_an_order_that_ended_owes() {
        let cancelled = reserved().cancel(at(5)).unwrap().order;
        let Arrived::Owes(change) = cancelled.capture(capture("c1"), Token([0; 6]), at(6)) else { panic!() };
        assert_eq!(owed(&change.order), Some(capture("c1")));
        for order in [reserved(), paid(capture("c1")), expired()] {
            assert_eq!(owed(&order), None);
        }
    }
}
