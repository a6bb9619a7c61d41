//! `GET /api/payments`: the payments that were begun for an order.

use app::{
    App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Nothing, Operation, Route,
    wire::{IdText, Listed, PageQuery},
};
use domain::id::OrderId;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{reach, view::PaymentView};

/// The operation.
pub static OPERATION: Operation = Operation::of::<ListPayments>();

/// Of which order.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListPayments {
    order_id: IdText<OrderId>,
    #[serde(flatten)]
    page: PageQuery,
}

impl Endpoint for ListPayments {
    const ROUTE: Route = Route {
        name: "list-payments",
        method: Method::Get,
        path: "/api/payments",
        auth: Auth::Customer,
        grants: &[Grant::read(Table::Orders), Grant::read(Table::Catalogue)],
        summary: "List the payments of an order, oldest first",
        errors: &[Code::NotFound],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Listed<PaymentView>;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Listed<PaymentView>, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let order = reach::visible(&tenant, &caller, self.order_id.0).await?;
        let payments = order.payments().collect();
        let refunds = tenant.orders().refunds(order.id).await?;
        Ok(Listed::cut(payments, &self.page).map(|payment| PaymentView::of(&payment, &order, &refunds)))
    }
}
