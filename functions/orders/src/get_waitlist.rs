//! `GET /api/waitlist/{request}`: one request of the caller.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::waitlist::{
    own::{self, RequestPath},
    view::WaitingView,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<GetWaitlist>();

/// Nothing but the request.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
struct GetWaitlist {}

impl Endpoint for GetWaitlist {
    const ROUTE: Route = Route {
        name: "get-waitlist",
        method: Method::Get,
        path: "/api/waitlist/{request}",
        auth: Auth::Customer,
        grants: &[Grant::read(Table::Orders)],
        summary: "Show what the caller waits for",
        errors: &[Code::NotFound],
        ..Route::DEFAULT
    };
    type Path = RequestPath;
    type Output = WaitingView;

    async fn handle(self, path: RequestPath, caller: Caller, app: &'static App) -> Result<WaitingView, Error> {
        let (waiting, deposit) = own::find(&caller, path.request.0, app).await?;
        WaitingView::of(&waiting, deposit.as_ref())
    }
}
