//! Money of those who wait, on its way back: what was not needed, or all of it. Each refund's id is derived from the capture,
//! so that it stands once however often it is asked for.

use app::{App, Failure, auth::refund_id_of_capture, message::MoneyDue};
use domain::{
    money::Money,
    order::Order,
    payment::Capture,
    refund::{Reason, Refund, State},
};
use providers::queue::Queue;
use store::Tenant;

/// All of the deposit of a party that left.
pub(crate) async fn whole(app: &App, tenant: &Tenant, deposit: &Order) -> Result<(), Failure> {
    let Some(capture) = capture_of(deposit) else { return Ok(()) };
    give_back(app, tenant, deposit, capture, &capture.id, capture.amount).await
}

/// What an order did not need that was paid from a deposit.
pub(crate) async fn rest(app: &App, tenant: &Tenant, deposit: &Order, order: &Order) -> Result<(), Failure> {
    let Some(capture) = capture_of(deposit) else { return Ok(()) };
    let left = capture.amount.minor.saturating_sub(order.purchase.total.minor);
    if left == 0 {
        return Ok(());
    }
    let of = ["rest of ", &capture.id].concat();
    give_back(app, tenant, deposit, capture, &of, Money::new(left, capture.amount.currency)).await
}

fn capture_of(deposit: &Order) -> Option<&Capture> {
    deposit.paid().and_then(|paid| paid.capture.as_ref())
}

async fn give_back(
    app: &App,
    tenant: &Tenant,
    deposit: &Order,
    capture: &Capture,
    of: &str,
    amount: Money,
) -> Result<(), Failure> {
    let (id, now) = (refund_id_of_capture(capture.provider, of), app.now());
    if tenant.orders().refund(deposit.id, id).await?.is_none() {
        let refund = Refund {
            id,
            order: deposit.id,
            capture: capture.clone(),
            amount,
            tickets: Vec::new(),
            reason: Reason::Waited,
            state: State::Approved,
            created: now,
            version: 0,
        };
        tenant.activity().list_refund(&refund).await?;
        // A conflict means that somebody else wrote the same.
        tenant.orders().put_refund(&refund, now).await?;
    }
    let due = MoneyDue { tenant: tenant.id().clone().into(), order: deposit.id.into(), refund: Some(id.into()) };
    Ok(app.queues.send(Queue::SendRefund, &due, 0, now).await?)
}
