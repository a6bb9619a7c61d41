//! `GET /api/refunds/{refund}`: a refund, for whoever asked for it and whoever organises the event.

use app::{
    App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, refund_id::PublicRefundId, wire::Text,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{reach, view::RefundView};

/// The operation.
pub static OPERATION: Operation = Operation::of::<GetRefund>();

/// Nothing but the path.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct GetRefund {}

/// Which refund.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct RefundPath {
    refund: Text<PublicRefundId>,
}

impl Endpoint for GetRefund {
    const ROUTE: Route = Route {
        name: "get-refund",
        method: Method::Get,
        path: "/api/refunds/{refund}",
        auth: Auth::Customer,
        grants: &[Grant::read(Table::Orders), Grant::read(Table::Catalogue)],
        summary: "Read a refund",
        errors: &[Code::NotFound],
        ..Route::DEFAULT
    };
    type Path = RefundPath;
    type Output = RefundView;

    async fn handle(self, path: RefundPath, caller: Caller, app: &'static App) -> Result<RefundView, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let PublicRefundId { order, refund } = path.refund.0;
        let order = reach::visible(&tenant, &caller, order).await?;
        let refund = tenant.orders().refund(order.id, refund).await?.ok_or(Code::NotFound)?;
        Ok(RefundView::of(&refund))
    }
}
