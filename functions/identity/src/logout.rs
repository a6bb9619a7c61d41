//! `POST /api/auth/logout`: ends the session. Other processes refuse its access token within two seconds.

use app::{App, Auth, Caller, Endpoint, Error, Grant, Method, Nothing, Operation, Route};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

/// The operation.
pub static OPERATION: Operation = Operation::of::<Logout>();

/// The session is the caller's.
#[derive(Deserialize, JsonSchema)]
struct Logout {}

impl Endpoint for Logout {
    const ROUTE: Route = Route {
        name: "logout",
        method: Method::Post,
        path: "/api/auth/logout",
        auth: Auth::Customer,
        grants: &[Grant::write(Table::Identity)],
        summary: "End the session",
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = ();

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<(), Error> {
        let (tenant, identity) = (caller.tenant()?, caller.identity()?);
        // It was alive a moment ago; whoever else ends it meanwhile does no harm.
        let _ended = app.store.tenant(tenant).identity().end_login(identity.user, identity.login, app.now()).await?;
        app.sessions.forget(tenant, identity.user, identity.login).await;
        Ok(())
    }
}
