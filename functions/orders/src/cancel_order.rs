//! `PUT /api/orders/{order}/cancel`: gives back what an unpaid order holds.
//!
//! The order is cancelled in one write; its tickets are released by the worker behind the stream.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use domain::order::{CancelRefused, Status};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Applied, Table};

use crate::{
    own::{self, OrderPath},
    view::OrderView,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<CancelOrder>();

/// How often the decision is made anew when the order changes under it.
const ROUNDS: usize = 4;

/// Nothing but the order.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
struct CancelOrder {}

impl Endpoint for CancelOrder {
    const ROUTE: Route = Route {
        name: "cancel-order",
        method: Method::Put,
        path: "/api/orders/{order}/cancel",
        auth: Auth::Customer,
        grants: &[
            Grant::read(Table::Orders),
            Grant::write(Table::Orders),
            Grant::read(Table::Catalogue),
            Grant::open_keys(),
        ],
        summary: "Cancel an unpaid order and release what it holds",
        errors: &[Code::NotFound, Code::OrderPaid, Code::OrderOver, Code::Busy],
        ..Route::DEFAULT
    };
    type Path = OrderPath;
    type Output = OrderView;

    async fn handle(self, path: OrderPath, caller: Caller, app: &'static App) -> Result<OrderView, Error> {
        let tenant = caller.tenant()?;
        let orders = app.store.tenant(tenant);
        for _ in 0..ROUNDS {
            let order = own::written(&caller, path, app).await?;
            if order.status() == Status::Cancelled {
                return OrderView::of(app, tenant, order).await;
            }
            let change = order.cancel(app.now()).map_err(explain)?;
            if orders.orders().apply(&change).await? == Applied::Done {
                return OrderView::of(app, tenant, change.order).await;
            }
        }
        Err(Code::Busy.into())
    }
}

fn explain(refused: CancelRefused) -> Error {
    match refused {
        CancelRefused::Paid => Code::OrderPaid.into(),
        CancelRefused::Paying => Code::Busy.into(),
        CancelRefused::Over => Code::OrderOver.into(),
    }
}
