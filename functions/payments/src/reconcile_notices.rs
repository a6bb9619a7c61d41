//! Every five minutes: brings back notifications whose message was lost. A notification is not marked as applied: whether
//! it is, the order shows.

use app::{App, Duty, Failure, Grant, Job, Source, Worker, hours, message::NoticeKept};
use domain::{payment::Provider, tenant::TenantId};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use providers::{
    payment::{Outcome, PaymentProvider as _},
    queue::Queue,
};
use serde::{Deserialize, Serialize};
use store::{Cursor, Notice, Table, Tenant, keys};

use crate::{capture, provider, send};

/// The worker.
pub static WORKER: Worker = Worker::of::<ReconcileNotices>();

/// Hours after which a notification that cannot be applied is left to people: its dead letter has told them.
const GIVEN_UP_HOURS: i64 = 72;

/// A tick.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ReconcileNotices {}

impl Job for ReconcileNotices {
    const DUTY: Duty = Duty {
        name: "reconcile-notices",
        source: Source::Schedule { minutes: 5 },
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::read(Table::Activity),
            Grant::write(Table::Activity),
            Grant::read(Table::Orders),
            Grant::send(Queue::ApplyNotice),
        ],
        summary: "Find notifications of payment providers that were not applied, and queue them again",
    };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        for tenant in app.store.platform().tenants().await? {
            reconcile(app, &tenant).await?;
        }
        Ok(())
    }
}

/// Orders that are looked at at the same time.
const AT_ONCE: usize = 16;

async fn reconcile(app: &App, id: &TenantId) -> Result<(), Failure> {
    let (platform, tenant, now) = (app.store.platform(), app.store.tenant(id), app.now());
    let name = Cursor::notices(id);
    let (cursor, this_hour) = (platform.cursor(&name, now).await?, keys::hour(now));
    let mut first_undone = None;
    for hour in hours::behind(cursor, this_hour).chain(hours::recent(cursor, this_hour)) {
        let mut is_done = true;
        // A rush leaves tens of thousands of notifications in an hour: their orders are looked at side by side.
        let kept = tenant.activity().notices(hour).await?;
        let looks = kept
            .into_iter()
            .map(|notice| async { Ok::<_, Failure>((is_applied(app, &tenant, &notice).await?, notice)) });
        let looked: Vec<_> = stream::iter(looks).buffer_unordered(AT_ONCE).try_collect().await?;
        for (_, notice) in looked.into_iter().filter(|(applied, _)| !applied) {
            queue(app, id, notice).await?;
            is_done = false;
        }
        if !is_done && hour > this_hour - GIVEN_UP_HOURS {
            first_undone = first_undone.or(Some(hour));
        }
    }
    Ok(platform.advance(&name, hours::advanced(cursor, this_hour, first_undone)).await?)
}

async fn queue(app: &App, tenant: &TenantId, notice: Notice) -> Result<(), Failure> {
    let Notice { provider, event, at, body: _ } = notice;
    Ok(send::notice_kept(app, &NoticeKept { tenant: tenant.clone().into(), provider, event, at }).await?)
}

/// Whether nothing more can follow from a notification.
async fn is_applied(app: &App, tenant: &Tenant, notice: &Notice) -> Result<bool, Failure> {
    let Ok(provider) = notice.provider.parse::<Provider>() else { return Ok(true) };
    let Ok(notification) = provider::of(app, tenant, provider).read(&notice.body) else { return Ok(true) };
    let Outcome::Captured(capture) = notification.outcome else { return Ok(true) };
    let Some(order) = tenant.orders().load(notification.order).await? else { return Ok(true) };
    if order.shows(&capture) {
        return Ok(true);
    }
    Ok(capture::has_refund(tenant, order.id, &capture).await?)
}

#[cfg(test)]
mod tests {
    use domain::{
        block::Token,
        money::{Currency, Money},
        order::Arrived,
        payment::Capture,
    };

    use crate::testing::{at, capture, expired, paid, reserved};

    #[test]
    fn an_order_shows_the_capture_that_paid_it_and_the_one_that_it_owes() {
        let cancelled = reserved().cancel(at(5)).unwrap().order;
        let Arrived::Owes(owes) = cancelled.clone().capture(capture("c1"), Token([0; 6]), at(6)) else { panic!() };
        let Arrived::Revives(revives) = expired().capture(capture("c1"), Token([0; 6]), at(1_000)) else { panic!() };
        for (order, id, expected) in [
            (reserved(), "c1", false),
            (paid(capture("c1")), "c1", true),
            (paid(capture("c1")), "c2", false),
            (expired(), "c1", false),
            (cancelled, "c1", false),
            (owes.order, "c1", true),
            (revives.order, "c1", false),
        ] {
            assert_eq!(order.shows(&capture(id)), expected, "{:?}", order.state);
        }
        let wrong = Capture { amount: Money::new(1, Currency::CNY), ..capture("c1") };
        assert!(reserved().shows(&wrong), "a wrong amount is never applied");
    }
}
