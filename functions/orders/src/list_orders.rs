//! `GET /api/orders`: the caller's orders, newest first.

use app::{
    App, Auth, Caller, Endpoint, Error, Grant, Method, Nothing, Operation, Route,
    wire::{Listed, PageQuery},
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::view::{OrderView, StatusWord};

/// The operation.
pub static OPERATION: Operation = Operation::of::<ListOrders>();

/// Which orders.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListOrders {
    /// Only orders of this status.
    #[serde(default)]
    status: Option<StatusWord>,
    #[serde(flatten)]
    page: PageQuery,
}

impl Endpoint for ListOrders {
    const ROUTE: Route = Route {
        name: "list-orders",
        method: Method::Get,
        path: "/api/orders",
        auth: Auth::Customer,
        grants: &[
            Grant::read(Table::Orders),
            Grant::read(Table::Catalogue),
            Grant::read(Table::Tickets),
            Grant::read_files(),
            Grant::open_keys(),
        ],
        summary: "List the caller's orders",
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Listed<OrderView>;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Listed<OrderView>, Error> {
        let (tenant, user) = (caller.tenant()?, caller.user()?);
        let wanted = self.status.map(StatusWord::status);
        let keep =
            |order: &domain::order::Order| !order.is_deposit() && wanted.is_none_or(|status| order.status() == status);
        let store = app.store.tenant(tenant);
        let found = store.orders().of_user(user, self.page.skip(), self.page.size(), keep).await?;
        let mut views = Vec::with_capacity(found.orders.len());
        for order in found.orders {
            views.push(OrderView::of(app, tenant, order).await?);
        }
        let listed = Listed::of(views, found.total, &self.page);
        Ok(if found.total_is_minimum { listed.at_least() } else { listed })
    }
}
