//! Ends an order whose hold is over. What it held is released by the worker behind the stream.

use app::{App, Duty, Failure, Grant, Job, Source, Worker, message::OrderNamed};
use providers::queue::Queue;
use serde::{Deserialize, Serialize};
use store::{Table, protocol::Settled};

use crate::create_order::seconds_until;

/// The worker.
pub static WORKER: Worker = Worker::of::<ExpireOrder>();

/// An order whose hold may be over.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct ExpireOrder(OrderNamed);

impl Job for ExpireOrder {
    const DUTY: Duty = Duty {
        name: "expire-order",
        source: Source::Queue(Queue::ExpireOrder),
        grants: &[Grant::read(Table::Orders), Grant::write(Table::Orders)],
        summary: "End an order whose hold is over",
    };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        let now = app.now();
        match app.store.tenant(&self.0.tenant.0).settle(self.0.order.0, now).await? {
            // A payment that was begun stretched the hold: come back when that is over.
            Settled::InTime(_, until) => {
                Ok(app.queues.send(Queue::ExpireOrder, &self, seconds_until(until, now), now).await?)
            }
            Settled::Over(_) | Settled::AwaitsTickets(_) | Settled::Owned(_) => Ok(()),
        }
    }
}
