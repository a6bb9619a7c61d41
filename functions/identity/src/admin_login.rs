//! `POST /api/admin/auth/login`: logs in whoever runs the place: staff or above.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Nothing, Operation, Route, wire::Text};
use domain::{tenant::TenantId, user::Role};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    session::SignedIn,
    sign_in::{Claim, sign_in},
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<AdminLogin>();

/// Who logs in, and how they prove it.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AdminLogin {
    tenant_id: Text<TenantId>,
    /// E-mail address or telephone number.
    #[schemars(length(min = 1, max = 254))]
    username: String,
    #[schemars(length(min = 1, max = 128))]
    password: String,
    /// A code of one's authenticator, or a recovery code, where one has a second factor.
    #[schemars(length(max = 32))]
    otp: Option<String>,
}

impl Endpoint for AdminLogin {
    const ROUTE: Route = Route {
        name: "admin-login",
        method: Method::Post,
        path: "/api/admin/auth/login",
        auth: Auth::Proof,
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::read(Table::Identity),
            Grant::write(Table::Identity),
            Grant::open_keys(),
        ],
        summary: "Log in as staff or above",
        errors: &[Code::BadCredentials, Code::OtpRequired, Code::BadCode, Code::RateLimited, Code::TenantDisabled],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = SignedIn;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<SignedIn, Error> {
        let claim = Claim { login: self.username, password: self.password, otp: self.otp, least: Role::Staff };
        sign_in(&self.tenant_id.0, claim, &caller.request, app).await
    }
}
