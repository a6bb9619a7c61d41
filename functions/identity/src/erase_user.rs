//! Finishes what erasing somebody began: orders and refunds lose the person, and what lies beside their mark goes.

use app::{App, Duty, Failure, Grant, Job, Source, Worker, message::UserErased};
use providers::queue::Queue;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::erase::LAST_SWEEP_SECS;

/// The worker.
pub static WORKER: Worker = Worker::of::<EraseUser>();

/// Somebody to be erased.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct EraseUser(UserErased);

impl Job for EraseUser {
    const DUTY: Duty = Duty {
        name: "erase-user",
        source: Source::Queue(Queue::EraseUser),
        grants: &[
            Grant::read(Table::Identity),
            Grant::write(Table::Identity),
            Grant::read(Table::Orders),
            Grant::write(Table::Orders),
            Grant::send(Queue::EraseUser),
        ],
        summary: "Finish erasing somebody",
    };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        let (store, user, now) = (app.store.tenant(&self.0.tenant.0), self.0.user.0, app.now());
        if !store.identity().is_erased(user).await? {
            // Whoever asked was refused, or died before anything was done.
            return Ok(());
        }
        store.identity().erase_rest(user).await?;
        store.orders().forget_user(user, now).await?;
        if self.0.last {
            return Ok(());
        }
        // An order that was on its way when its buyer was erased is written by then.
        let again = UserErased { last: true, ..self.0 };
        Ok(app.queues.send(Queue::EraseUser, &again, LAST_SWEEP_SECS, now).await?)
    }
}
