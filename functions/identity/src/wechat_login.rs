//! `POST /api/auth/wechat/login`: logs in the user of a WeChat mini-program.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Nothing, Operation, Route, wire::Text};
use domain::tenant::TenantId;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    federation::{by_wechat, person},
    session::SignedIn,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<WechatLogin>();

/// What `wx.login` gave the mini-program.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct WechatLogin {
    /// Good once, for five minutes.
    #[schemars(length(min = 1, max = 256))]
    code: String,
    tenant_id: Text<TenantId>,
    /// A code of one's authenticator, or a recovery code, where one has a second factor.
    #[schemars(length(max = 32))]
    otp: Option<String>,
}

impl Endpoint for WechatLogin {
    const ROUTE: Route = Route {
        name: "wechat-login",
        method: Method::Post,
        path: "/api/auth/wechat/login",
        auth: Auth::Proof,
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::read(Table::Identity),
            Grant::write(Table::Identity),
            Grant::open_keys(),
        ],
        summary: "Log in from a WeChat mini-program; the first time makes the account",
        errors: &[
            Code::NotFound,
            Code::LoginRefused,
            Code::LoginBlocked,
            Code::OtpRequired,
            Code::BadCode,
            Code::RateLimited,
            Code::TenantDisabled,
            Code::Unavailable,
        ],
        timeout_secs: 25,
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = SignedIn;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<SignedIn, Error> {
        let tenant = &self.tenant_id.0;
        let settings = app.tenant(tenant).await?;
        let proven = by_wechat(app, tenant, &self.code).await?;
        person::log_in(app, &settings, &proven, self.otp.as_deref(), &caller.request).await
    }
}
