//! Every minute: has every line looked at. Needs no stream: requests that were paid and did not enter, that are over, that
//! somebody died serving, or that could be served, are found by it.

use app::{App, Duty, Failure, Grant, Job, Source, Worker};
use providers::queue::Queue;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::waitlist::serve::wake;

/// The worker.
pub static WORKER: Worker = Worker::of::<ReconcileWaitlist>();

/// A tick.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct ReconcileWaitlist {}

impl Job for ReconcileWaitlist {
    const DUTY: Duty = Duty {
        name: "reconcile-waitlist",
        source: Source::Schedule { minutes: 1 },
        grants: &[Grant::read(Table::Catalogue), Grant::read(Table::Activity), Grant::send(Queue::ServeWaitlist)],
        summary: "Have every line of those who wait looked at",
    };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        for id in app.store.platform().tenants().await? {
            let tenant = app.store.tenant(&id);
            for line in tenant.waitlist().lines().await? {
                wake(app, &tenant, line, 0).await?;
            }
        }
        Ok(())
    }
}
