//! `GET /api/users/sessions`: where the caller is logged in.

use app::{
    App, Auth, Caller, Endpoint, Error, Grant, Method, Nothing, Operation, Route,
    wire::{IdText, Instant},
};
use domain::id::LoginId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Table, identity::Login};

/// The operation.
pub static OPERATION: Operation = Operation::of::<ListSessions>();

/// The sessions are the caller's.
#[derive(Deserialize, JsonSchema)]
struct ListSessions {}

/// Sessions that are alive, the one used last first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct SessionList {
    items: Vec<SessionView>,
}

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SessionView {
    id: IdText<LoginId>,
    /// Whether it is the one that asks.
    current: bool,
    /// The kind of program that opened it: `Firefox`, `WeChat`, `other`.
    agent: String,
    /// The network that it was opened from, never the whole address: `203.0.113.0/24`.
    network: String,
    /// When it was opened.
    created_at: Instant,
    /// When it was opened or refreshed last. Requests in between leave no trace.
    refreshed_at: Instant,
}

impl Endpoint for ListSessions {
    const ROUTE: Route = Route {
        name: "list-sessions",
        method: Method::Get,
        path: "/api/users/sessions",
        auth: Auth::Customer,
        grants: &[Grant::read(Table::Identity)],
        summary: "List one's own sessions",
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = SessionList;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<SessionList, Error> {
        let identity = caller.identity()?;
        let logins = app.store.tenant(caller.tenant()?).identity().logins(identity.user, app.now()).await?;
        let alive = logins.into_iter().filter(|login| login.alive);
        Ok(SessionList { items: alive.map(|login| SessionView::of(login, identity.login)).collect() })
    }
}

impl SessionView {
    fn of(login: Login, current: LoginId) -> Self {
        Self {
            current: login.id == current,
            id: login.id.into(),
            agent: login.device.agent,
            network: login.device.network,
            created_at: login.created.into(),
            refreshed_at: login.refreshed.into(),
        }
    }
}
