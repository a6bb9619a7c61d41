//! Erasing somebody: refused while money or tickets are on their way, then done in steps of which each may be repeated.
//!
//! 1. A message that comes in a minute: whoever dies from here on, the worker `erase-user` finishes it. If the person is
//!    still there then, nothing was done, and nothing is.
//! 2. The mark in place of the user, in one write: nobody can log in any more. Logins and login names go.
//! 3. By the worker: orders and refunds lose the person; and once more after an hour, for what was being written.

use app::{App, Code, Error, message::UserErased};
use domain::{
    order::{Order, Status},
    tenant::TenantId,
    waitlist::Phase,
};
use providers::queue::Queue;
use store::{
    Listed, Tenant,
    identity::{Saved, User},
};

/// Seconds after which the worker comes: longer than any function runs.
pub(crate) const FIRST_SWEEP_SECS: u32 = 60;
/// Seconds after which it comes again.
pub(crate) const LAST_SWEEP_SECS: u32 = 3_600;

/// Erases a user as just loaded.
pub(crate) async fn erase(user: &User, tenant: &TenantId, app: &App) -> Result<(), Error> {
    let (store, now) = (app.store.tenant(tenant), app.now());
    let open = store.orders().of_user(user.id, 0, 1, is_unfinished).await?;
    if open.total > 0 || waits(user, &store).await? {
        return Err(Code::OrdersOpen.into());
    }
    let message = UserErased { tenant: tenant.clone().into(), user: user.id.into(), last: false };
    app.queues.send(Queue::EraseUser, &message, FIRST_SWEEP_SECS, now).await?;
    match store.identity().erase(user, now).await? {
        Saved::Yes => Ok(()),
        Saved::Outdated => Err(Code::Busy.into()),
    }
}

/// Whether something still has to happen to an order for which its buyer may be needed.
fn is_unfinished(order: &Order) -> bool {
    let open = match order.status() {
        Status::Paid => !order.is_deposit(),
        Status::Pending | Status::Refunding => true,
        _ => false,
    };
    open || order.due().is_some()
}

/// Whether the user waits for something that is paid for. The deposit itself does not say.
async fn waits(user: &User, store: &Tenant) -> Result<bool, Error> {
    let is_paid = |order: &Order| order.is_deposit() && order.status() == Status::Paid;
    let deposits = store.orders().of_user(user.id, 0, Listed::COUNTED, is_paid).await?.orders;
    let requests = store.waitlist().find_all(&deposits.iter().map(|deposit| deposit.id).collect::<Vec<_>>()).await?;
    let is_over = |phase| matches!(phase, Phase::Served { .. } | Phase::Left { refunded: true, .. });
    Ok(requests.iter().any(|waiting| !is_over(waiting.request.phase)))
}
