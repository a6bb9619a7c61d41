//! `POST /api/auth/oidc/{provider}/start`: begins a login at an OpenID provider.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, wire::Text};
use domain::{tenant::TenantId, user::Role};
use providers::oidc::Ask;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::federation::{
    provider::{Provider, WECHAT},
    state::{Purpose, State},
    trouble::explain,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<StartOidc>();

/// At which provider.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ProviderPath {
    /// The tenant's word for it, such as `google`.
    pub(crate) provider: String,
}

/// A login to be begun.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StartOidc {
    tenant_id: Text<TenantId>,
    /// Where the browser comes back to: one of those that the tenant has registered; without it the first of them.
    #[schemars(length(max = 512))]
    redirect_uri: Option<String>,
    #[serde(default)]
    purpose: Purpose,
}

/// A login under way.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Started {
    /// Where the browser has to go.
    authorization_url: String,
    /// To be kept by the client, and shown with the code. It begins with the `state` that comes back in the address, and
    /// that one alone is not taken.
    state: String,
}

impl Endpoint for StartOidc {
    const ROUTE: Route = Route {
        name: "start-oidc",
        method: Method::Post,
        path: "/api/auth/oidc/{provider}/start",
        auth: Auth::Proof,
        grants: &[Grant::read(Table::Catalogue), Grant::read(Table::Identity)],
        summary: "Begin a login at an OpenID provider",
        errors: &[Code::NotFound, Code::LoginRefused, Code::TenantDisabled, Code::Unavailable],
        ..Route::DEFAULT
    };
    type Path = ProviderPath;
    type Output = Started;

    async fn handle(self, path: ProviderPath, _: Caller, app: &'static App) -> Result<Started, Error> {
        let tenant = &self.tenant_id.0;
        app.may_enter(&*app.tenant(tenant).await?, Role::Customer)?;
        let provider = Provider::of(app, tenant, &path.provider).await?;
        let provider = provider.filter(|provider| provider.name != WECHAT).ok_or(Code::NotFound)?;
        let redirect_uri = choose(&provider.redirect_uris, self.redirect_uri)?;

        let (state, begun) = State::begin(app, tenant, &provider.name, self.purpose, &redirect_uri)?;

        let ask = Ask {
            redirect_uri: &redirect_uri,
            scopes: &provider.scopes,
            state: &begun.sent,
            nonce: &state.nonce(app, tenant),
            challenge: &state.challenge(app, tenant),
        };
        let url = provider.oidc(app).authorization_url(&provider.client(), ask, app.now()).await;
        Ok(Started { authorization_url: url.map_err(explain)?, state: begun.kept })
    }
}

/// The address to come back to: letter for letter one that is registered.
fn choose(registered: &[String], wanted: Option<String>) -> Result<String, Error> {
    match wanted.filter(|wanted| !wanted.is_empty()) {
        None => registered.first().cloned().ok_or_else(|| Code::NotFound.into()),
        Some(wanted) if registered.contains(&wanted) => Ok(wanted),
        Some(_) => Err(Error::field("redirectUri", "must be one that is registered")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_come_back_to_registered_addresses_alone() {
        let registered = ["https://a.example.org/back".to_owned(), "https://b.example.org/back".to_owned()];
        assert_eq!(choose(&registered, None).unwrap(), registered[0]);
        assert_eq!(choose(&registered, Some(registered[1].clone())).unwrap(), registered[1]);
        for other in ["https://a.example.org/back/", "https://a.example.org/back?x", "https://evil.example.org"] {
            assert_eq!(choose(&registered, Some(other.into())).unwrap_err().code, Code::ValidationFailed, "{other}");
        }
    }
}
