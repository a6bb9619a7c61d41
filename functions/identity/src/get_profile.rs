//! `GET /api/users/profile`: who is logged in.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Nothing, Operation, Route};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::profile::UserView;

/// The operation.
pub static OPERATION: Operation = Operation::of::<GetProfile>();

/// The profile is the caller's.
#[derive(Deserialize, JsonSchema)]
struct GetProfile {}

impl Endpoint for GetProfile {
    const ROUTE: Route = Route {
        name: "get-profile",
        method: Method::Get,
        path: "/api/users/profile",
        auth: Auth::Customer,
        grants: &[Grant::read(Table::Identity), Grant::open_keys()],
        summary: "Read one's own profile",
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = UserView;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<UserView, Error> {
        let tenant = caller.tenant()?;
        let user = app.store.tenant(tenant).identity().user(caller.user()?).await?;
        user.map(|user| UserView::of(user, tenant)).ok_or_else(|| Code::NotFound.into())
    }
}
