//! `DELETE /api/users/sessions/{login}`: ends one of the caller's sessions, such as that of a lost telephone.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, wire::IdText};
use domain::id::LoginId;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

/// The operation.
pub static OPERATION: Operation = Operation::of::<EndSession>();

/// The session is in the path.
#[derive(Deserialize, JsonSchema)]
struct EndSession {}

/// Which session.
#[derive(Deserialize, JsonSchema)]
struct SessionPath {
    login: IdText<LoginId>,
}

impl Endpoint for EndSession {
    const ROUTE: Route = Route {
        name: "end-session",
        method: Method::Delete,
        path: "/api/users/sessions/{login}",
        auth: Auth::Customer,
        grants: &[Grant::write(Table::Identity)],
        summary: "End one of one's own sessions",
        errors: &[Code::NotFound],
        ..Route::DEFAULT
    };
    type Path = SessionPath;
    type Output = ();

    async fn handle(self, path: SessionPath, caller: Caller, app: &'static App) -> Result<(), Error> {
        let (tenant, user, login) = (caller.tenant()?, caller.user()?, path.login.0);
        // Under the caller's own key: whose login the id is otherwise, nobody is told.
        let ended = app.store.tenant(tenant).identity().end_login(user, login, app.now()).await?;
        app.sessions.forget(tenant, user, login).await;
        if ended { Ok(()) } else { Err(Code::NotFound.into()) }
    }
}
