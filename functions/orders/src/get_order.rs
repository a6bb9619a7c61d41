//! `GET /api/orders/{order}`: one order of the caller, at once or after its next change.

use std::time::Duration;

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Ready, Route, clock::Stopwatch};
use domain::order::Status;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    own::{self, OrderPath, Own},
    view::OrderView,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<GetOrder>();

/// How long a change is waited for before the first look; twice as long before each further one. Most changes come within
/// some milliseconds, and who waits for a person to pay should not ask all the time.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// The longest time between two looks.
const PAUSE_MAX: Duration = Duration::from_millis(160);

/// How long to wait.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
struct GetOrder {
    /// Seconds to wait for a change, at most 10.
    #[serde(default)]
    #[schemars(range(min = 0, max = 10))]
    wait: u32,
}

impl Endpoint for GetOrder {
    const ROUTE: Route = Route {
        name: "get-order",
        method: Method::Get,
        path: "/api/orders/{order}",
        auth: Auth::Customer,
        grants: &[
            Grant::read(Table::Orders),
            Grant::read(Table::Catalogue),
            Grant::read(Table::Tickets),
            Grant::read_files(),
            Grant::open_keys(),
        ],
        summary: "Show an order, or wait for its next change",
        errors: &[Code::NotFound],
        timeout_secs: 15,
        ..Route::DEFAULT
    };
    type Path = OrderPath;
    type Output = Ready<OrderView>;

    async fn handle(self, path: OrderPath, caller: Caller, app: &'static App) -> Result<Ready<OrderView>, Error> {
        let id = path.order.0;
        let found = self.changed(&caller, path, app).await?;
        Ok(match found {
            Own::Written(order) => Ready::Now(OrderView::of(app, caller.tenant()?, *order).await?),
            Own::Accepted { expires } => Ready::Soon(OrderView::unwritten(id, Status::Pending, Some(expires))),
            Own::Gone => Ready::Now(OrderView::unwritten(id, Status::Expired, None)),
        })
    }
}

impl GetOrder {
    /// Looks until the status is another than at first, or the time is up.
    async fn changed(self, caller: &Caller, path: OrderPath, app: &App) -> Result<Own, Error> {
        let watch = Stopwatch::start();
        let first = own::find(caller, path.order.0, app).await?;
        let mut found = first.clone();
        let mut pause = FIRST_PAUSE;
        while status(&found) == status(&first) && waits(&found) && watch.elapsed_ms() < f64::from(self.wait) * 1_000.0 {
            tokio::time::sleep(pause).await;
            pause = PAUSE_MAX.min(pause * 2);
            found = own::find(caller, path.order.0, app).await?;
        }
        Ok(found)
    }
}

/// What a change is a change of: being written is one.
fn status(own: &Own) -> Option<Status> {
    match own {
        Own::Written(order) => Some(order.status()),
        Own::Accepted { .. } | Own::Gone => None,
    }
}

/// Whether the status can still change without the buyer.
fn waits(own: &Own) -> bool {
    match own {
        Own::Written(order) => matches!(order.status(), Status::Pending | Status::Paid | Status::Refunding),
        Own::Accepted { .. } => true,
        Own::Gone => false,
    }
}
