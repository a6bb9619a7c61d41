//! The messages that this area sends to itself.

use app::{
    App,
    message::{MoneyDue, NoticeKept, PaymentBegun},
};
use domain::id::{OrderId, RefundId};
use providers::{Failed, queue::Queue};
use store::Tenant;

/// Money goes back by this refund.
pub(crate) async fn refund_due(app: &App, tenant: &Tenant, order: OrderId, refund: RefundId) -> Result<(), Failed> {
    let due = MoneyDue { tenant: tenant.id().clone().into(), order: order.into(), refund: Some(refund.into()) };
    app.queues.send(Queue::SendRefund, &due, 0, app.now()).await
}

/// The order itself owes money, or does not know how its payments ended.
pub(crate) async fn order_due(app: &App, tenant: &Tenant, order: OrderId) -> Result<(), Failed> {
    let due = MoneyDue { tenant: tenant.id().clone().into(), order: order.into(), refund: None };
    app.queues.send(Queue::SendRefund, &due, 0, app.now()).await
}

/// A notification waits to be applied.
pub(crate) async fn notice_kept(app: &App, notice: &NoticeKept) -> Result<(), Failed> {
    app.queues.send(Queue::ApplyNotice, notice, 0, app.now()).await
}

/// A payment was begun; its provider is asked after so many seconds.
pub(crate) async fn payment_begun(app: &App, begun: &PaymentBegun, delay_secs: u32) -> Result<(), Failed> {
    app.queues.send(Queue::PollPayment, begun, delay_secs, app.now()).await
}
