//! Gives back what an ended order holds.

use app::{App, Duty, Failure, Grant, Job, Source, Worker, message::OrderNamed};
use providers::queue::Queue;
use serde::{Deserialize, Serialize};
use store::Table;

/// The worker.
pub static WORKER: Worker = Worker::of::<ReleaseStock>();

/// An order that has ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct ReleaseStock(OrderNamed);

impl Job for ReleaseStock {
    const DUTY: Duty = Duty {
        name: "release-stock",
        source: Source::Queue(Queue::ReleaseStock),
        grants: &[
            Grant::read(Table::Orders),
            Grant::write(Table::Inventory),
            Grant::read(Table::Catalogue),
            Grant::write(Table::Catalogue),
        ],
        summary: "Give back what an ended order holds",
    };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        let tenant = app.store.tenant(&self.0.tenant.0);
        let Some(order) = tenant.orders().load(self.0.order.0).await? else {
            return Ok(());
        };
        Ok(tenant.release(&order, app.now()).await?)
    }
}
