//! `POST /api/auth/oidc/{provider}/callback`: ends a login that was begun at an OpenID provider.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, wire::Text};
use domain::tenant::TenantId;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    federation::{
        by_oidc, person,
        state::{LONGEST, Purpose},
    },
    session::SignedIn,
    start_oidc::ProviderPath,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<FinishOidc>();

/// What came back with the browser, and what the client kept.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FinishOidc {
    tenant_id: Text<TenantId>,
    /// From the address that the browser came back to.
    #[schemars(length(min = 1, max = 2_048))]
    code: String,
    /// What the client was given when it began.
    #[schemars(length(min = 1, max = 2_048))]
    state: String,
    /// A code of one's authenticator, or a recovery code, where one has a second factor.
    #[schemars(length(max = 32))]
    otp: Option<String>,
}

impl Endpoint for FinishOidc {
    const ROUTE: Route = Route {
        name: "finish-oidc",
        method: Method::Post,
        path: "/api/auth/oidc/{provider}/callback",
        auth: Auth::Proof,
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::read(Table::Identity),
            Grant::write(Table::Identity),
            Grant::write(Table::Activity),
            Grant::open_keys(),
        ],
        summary: "Log in with what an OpenID provider answered; the first time makes the account",
        errors: &[
            Code::NotFound,
            Code::LoginRefused,
            Code::OtpRequired,
            Code::BadCode,
            Code::RateLimited,
            Code::TenantDisabled,
            Code::AlreadyRegistered,
            Code::Unavailable,
        ],
        timeout_secs: 25,
        ..Route::DEFAULT
    };
    type Path = ProviderPath;
    type Output = SignedIn;

    async fn handle(self, path: ProviderPath, caller: Caller, app: &'static App) -> Result<SignedIn, Error> {
        const { assert!(LONGEST == 2_048) };
        let tenant = &self.tenant_id.0;
        let settings = app.tenant(tenant).await?;
        let proven = by_oidc(app, tenant, &path.provider, &self.code, &self.state, Purpose::Login).await?;
        person::log_in(app, &settings, &proven, self.otp.as_deref(), &caller.request).await
    }
}
