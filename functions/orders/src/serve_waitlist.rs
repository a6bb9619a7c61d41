//! Serves those who wait with what came back, before anybody else.

use app::{App, Duty, Failure, Grant, Job, Source, Worker, message::LineMoved};
use domain::id::SessionId;
use providers::queue::Queue;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::waitlist::{serve::serve, tend::tend};

/// The worker.
pub static WORKER: Worker = Worker::of::<ServeWaitlist>();

/// A line in which somebody may be served.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct ServeWaitlist(LineMoved);

impl Job for ServeWaitlist {
    const DUTY: Duty = Duty {
        name: "serve-waitlist",
        source: Source::Queue(Queue::ServeWaitlist),
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::write(Table::Catalogue),
            Grant::read(Table::Inventory),
            Grant::write(Table::Inventory),
            Grant::read(Table::Orders),
            Grant::write(Table::Orders),
            Grant::read(Table::Activity),
            Grant::write(Table::Activity),
            Grant::send(Queue::ServeWaitlist),
            Grant::send(Queue::SendRefund),
            Grant::open_keys(),
        ],
        summary: "Serve those who wait with what came back, and give the money of those who leave back",
    };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        let tenant = app.store.tenant(&self.0.tenant.0);
        let mut lines: Vec<SessionId> = self.0.line.iter().map(|line| line.0).collect();
        if let Some(request) = self.0.request {
            // A deposit without its request is none of ours to judge: the walk over the lines finds what is left.
            let Some(waiting) = tenant.waitlist().find(request.0).await? else { return Ok(()) };
            lines.extend(&waiting.lines);
            tend(app, &tenant, waiting).await?;
        }
        for line in lines {
            Box::pin(serve(app, &tenant, line)).await?;
        }
        Ok(())
    }
}
