//! `PUT /api/admin/login-providers/{provider}`: says by what the tenant is known to a login provider.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, config::Secret};
use domain::user::Role;
use providers::{oidc::check, wechat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::{
    account::wrong,
    federation::provider::{Provider, SCOPES, WECHAT, is_name, reach},
    start_oidc::ProviderPath,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<PutLoginProvider>();

/// What was agreed with a provider. Of `wechat`, the client is the mini-program, and the issuer `https://api.weixin.qq.com`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PutLoginProvider {
    /// As the issuer names itself, letter for letter.
    #[schemars(length(min = 1, max = 512), extend("format" = "uri"))]
    issuer: String,
    #[schemars(length(min = 1, max = 256))]
    client_id: String,
    #[schemars(length(min = 1, max = 1_024))]
    client_secret: String,
    /// Without it `openid email profile`.
    #[schemars(length(max = 256))]
    scopes: Option<String>,
    /// Where browsers may come back to; without it `/auth/{provider}/callback` of this installation.
    #[schemars(length(max = 8), inner(length(min = 1, max = 512)))]
    redirect_uris: Option<Vec<String>>,
}

/// What was agreed, without the secret.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LoginProviderView {
    provider: String,
    issuer: String,
    client_id: String,
    scopes: String,
    redirect_uris: Vec<String>,
}

impl Endpoint for PutLoginProvider {
    const ROUTE: Route = Route {
        name: "put-login-provider",
        method: Method::Put,
        path: "/api/admin/login-providers/{provider}",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Identity), Grant::write(Table::Identity)],
        summary: "Let people log in by a provider; the secret is sealed and never shown",
        errors: &[Code::NotFound, Code::ProviderUnusable],
        ..Route::DEFAULT
    };
    type Path = ProviderPath;
    type Output = LoginProviderView;

    async fn handle(self, path: ProviderPath, caller: Caller, app: &'static App) -> Result<LoginProviderView, Error> {
        if !is_name(&path.provider) {
            return Err(Code::NotFound.into());
        }
        let provider = self.provider(path.provider, app)?;
        if provider.name == WECHAT {
            let ours = provider.issuer == wechat::API || app.settings.stage.has_sandbox();
            if !ours || check(&provider.issuer, reach(app)).is_err() {
                return Err(Code::ProviderUnusable.into());
            }
        } else if let Err(trouble) = provider.oidc(app).probe(&provider.issuer, app.now()).await {
            tracing::info!(target: "login", why = %trouble, "a login provider is not taken");
            return Err(Code::ProviderUnusable.into());
        }
        provider.keep(app, caller.tenant()?).await?;
        Ok(LoginProviderView {
            provider: provider.name,
            issuer: provider.issuer,
            client_id: provider.client_id,
            scopes: provider.scopes,
            redirect_uris: provider.redirect_uris,
        })
    }
}

impl PutLoginProvider {
    fn provider(self, name: String, app: &App) -> Result<Provider, Error> {
        let scopes = self.scopes.filter(|scopes| !scopes.trim().is_empty()).unwrap_or_else(|| SCOPES.to_owned());
        let back = || vec![[&app.settings.public_url, "/auth/", &name, "/callback"].concat()];
        let redirect_uris = self.redirect_uris.filter(|uris| !uris.is_empty()).unwrap_or_else(back);
        let mut wrongs = Vec::new();
        if !scopes.split(' ').any(|scope| scope == "openid") || scopes.contains(char::is_control) {
            wrongs.push(wrong("scopes", "must be separated by blanks and have openid among them"));
        }
        let is_web = |uri: &String| uri.starts_with("https://") || uri.starts_with("http://");
        if redirect_uris.iter().any(|uri| !is_web(uri) || uri.contains(['#', ' ']) || uri.contains(char::is_control)) {
            wrongs.push(wrong("redirectUris", "must be addresses of the web"));
        }
        if !wrongs.is_empty() {
            return Err(Error::fields(wrongs));
        }
        Ok(Provider {
            name,
            issuer: self.issuer,
            client_id: self.client_id,
            client_secret: Secret::new(self.client_secret),
            scopes,
            redirect_uris,
        })
    }
}
