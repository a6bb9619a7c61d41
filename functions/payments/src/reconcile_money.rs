//! Every minute: brings back work at providers whose message was lost.

use app::{App, Duty, Failure, Grant, Job, Source, Worker, hours, message::MoneyDue};
use providers::queue::Queue;
use serde::{Deserialize, Serialize};
use store::{Cursor, DueItem, Table, keys};

/// The worker.
pub static WORKER: Worker = Worker::of::<ReconcileMoney>();

/// A tick.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ReconcileMoney {}

impl Job for ReconcileMoney {
    const DUTY: Duty = Duty {
        name: "reconcile-money",
        source: Source::Schedule { minutes: 1 },
        grants: &[
            Grant::read(Table::Activity),
            Grant::write(Table::Activity),
            Grant::read(Table::Orders),
            Grant::write(Table::Orders),
            Grant::send(Queue::SendRefund),
        ],
        summary: "Find money that has to go back and payments whose outcome is not known, and wake the worker",
    };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        let (platform, now) = (app.store.platform(), app.now());
        let (cursor, this_hour) = (platform.cursor(&Cursor::money(), now).await?, keys::hour(now));
        for hour in hours::behind(cursor, this_hour).chain(hours::recent(cursor, this_hour)) {
            for due in platform.due(hour).await? {
                wake(app, &due).await?;
                // What is not done in its hour is moved to this one, so that the cursor never waits. The worker may have
                // finished in between: then nothing is due, and nothing is moved.
                if hour < this_hour {
                    app.store.tenant(&due.tenant).orders().postpone(&due, now).await?;
                }
            }
        }
        Ok(platform.advance(&Cursor::money(), hours::advanced(cursor, this_hour, None)).await?)
    }
}

/// Work that is under way already is woken once more: every step of it may be repeated.
async fn wake(app: &App, due: &DueItem) -> Result<(), Failure> {
    let refund = due.refund.map(Into::into);
    let message = MoneyDue { tenant: due.tenant.clone().into(), order: due.order.into(), refund };
    Ok(app.queues.send(Queue::SendRefund, &message, 0, app.now()).await?)
}
