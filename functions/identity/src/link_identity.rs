//! `POST /api/users/identities/{provider}`: lets whoever is logged in log in by one more provider.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, wire::Instant};
use domain::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Table, identity::Links};

use crate::{
    federation::{by_oidc, by_wechat, person, provider::WECHAT, state::Purpose},
    start_oidc::ProviderPath,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<LinkIdentity>();

/// What the provider answered.
#[derive(Deserialize, JsonSchema)]
struct LinkIdentity {
    #[schemars(length(min = 1, max = 2_048))]
    code: String,
    /// What the client was given when it began, with the purpose `link`. WeChat has none.
    #[schemars(length(max = 2_048))]
    state: Option<String>,
}

/// The providers by which the user logs in.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Identities {
    identities: Vec<IdentityView>,
}

/// A provider by which the user logs in.
#[derive(Debug, Serialize, JsonSchema)]
struct IdentityView {
    provider: String,
    since: Instant,
}

impl Identities {
    pub(crate) fn of(links: Links) -> Self {
        let view = |link: store::identity::Link| IdentityView {
            since: Timestamp::from_second(link.since).unwrap_or_default().into(),
            provider: link.provider,
        };
        Self { identities: links.all.into_iter().map(view).collect() }
    }
}

impl Endpoint for LinkIdentity {
    const ROUTE: Route = Route {
        name: "link-identity",
        method: Method::Post,
        path: "/api/users/identities/{provider}",
        auth: Auth::Customer,
        grants: &[
            Grant::read(Table::Identity),
            Grant::write(Table::Identity),
            Grant::write(Table::Activity),
            Grant::open_keys(),
        ],
        summary: "Log in by one more provider from now on",
        errors: &[
            Code::NotFound,
            Code::LoginRefused,
            Code::LoginBlocked,
            Code::AlreadyLinked,
            Code::Busy,
            Code::Unavailable,
        ],
        timeout_secs: 25,
        ..Route::DEFAULT
    };
    type Path = ProviderPath;
    type Output = Identities;

    async fn handle(self, path: ProviderPath, caller: Caller, app: &'static App) -> Result<Identities, Error> {
        let tenant = caller.tenant()?;
        let proven = if path.provider == WECHAT {
            by_wechat(app, tenant, &self.code).await?
        } else {
            let state = self.state.unwrap_or_default();
            by_oidc(app, tenant, &path.provider, &self.code, &state, Purpose::Link).await?
        };
        person::link(app, tenant, caller.user()?, &proven).await.map(Identities::of)
    }
}
