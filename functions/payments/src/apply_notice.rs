//! Applies a kept notification to its order.

use app::{App, Duty, Failure, Grant, Job, Source, Worker, message::NoticeKept};
use domain::{Timestamp, payment::Provider};
use providers::{
    payment::{Notification, Outcome, PaymentProvider as _},
    queue::Queue,
};
use serde::{Deserialize, Serialize};
use store::{Table, Tenant};

use crate::{
    capture::{self, Effect},
    provider,
};

/// The worker.
pub static WORKER: Worker = Worker::of::<ApplyNotice>();

/// The notification.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApplyNotice(NoticeKept);

impl Job for ApplyNotice {
    const DUTY: Duty = Duty {
        name: "apply-notice",
        source: Source::Queue(Queue::ApplyNotice),
        grants: &[
            Grant::read(Table::Activity),
            Grant::write(Table::Activity),
            Grant::read(Table::Orders),
            Grant::write(Table::Orders),
            Grant::read(Table::Catalogue),
            Grant::write(Table::Catalogue),
            Grant::read(Table::Inventory),
            Grant::write(Table::Inventory),
            Grant::write(Table::Tickets),
            Grant::send(Queue::SendRefund),
        ],
        summary: "Apply a payment provider's notification to its order",
    };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        let tenant = app.store.tenant(&self.0.tenant.0);
        let notification = load(app, &tenant, &self.0).await?;
        let Outcome::Captured(capture) = &notification.outcome else {
            // Who could not pay may try again until the hold ends; nothing follows from it.
            return Ok(());
        };
        see_known(&tenant, &notification).await?;
        match capture::apply(app, &tenant, notification.order, capture).await? {
            Effect::Applied => Ok(()),
            Effect::Quarantined => Err(Failure::poison("a payment of the wrong amount")),
        }
    }
}

async fn load(app: &App, tenant: &Tenant, kept: &NoticeKept) -> Result<Notification, Failure> {
    let provider: Provider = kept.provider.parse().map_err(Failure::poison)?;
    let at = Timestamp::from_second(kept.at).map_err(Failure::poison)?;
    let notice = tenant.activity().notice(provider, &kept.event, at).await?;
    let notice = notice.ok_or_else(|| Failure::poison("the notification is not kept any more"))?;
    provider::of(app, tenant, provider).read(&notice.body).map_err(Failure::poison)
}

/// A notification names the payment and the order that we named when it was begun: a payment of one order pays no other.
async fn see_known(tenant: &Tenant, notification: &Notification) -> Result<(), Failure> {
    let order = tenant.orders().load(notification.order).await?;
    if order.is_some_and(|order| order.payments().any(|payment| payment.id == notification.payment)) {
        return Ok(());
    }
    Err(Failure::poison("no such payment was begun for the order"))
}
