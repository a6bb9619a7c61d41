//! `POST /api/auth/password/forgot`: sends whoever has this name a link to set a new password.
//!
//! The same answer in the same time whether anybody has the name or not: it is looked for by the worker, later.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Nothing, Operation, Route, wire::Text};
use domain::tenant::TenantId;
use providers::queue::Queue;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{
    Table,
    identity::{Limit, Taken},
};

use crate::{
    letter::{self, Wish},
    limits, login_name,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<ForgotPassword>();

/// Whose password is forgotten.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ForgotPassword {
    tenant_id: Text<TenantId>,
    /// E-mail address or telephone number.
    #[schemars(length(min = 1, max = 254))]
    login: String,
}

impl Endpoint for ForgotPassword {
    const ROUTE: Route = Route {
        name: "forgot-password",
        method: Method::Post,
        path: "/api/auth/password/forgot",
        auth: Auth::Proof,
        grants: &[Grant::write(Table::Identity), Grant::open_keys(), Grant::send(Queue::Notify)],
        summary: "Ask for a link to set a new password; the answer is the same whether there is such an account",
        success: 202,
        errors: &[Code::NotFound, Code::RateLimited],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = ();

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<(), Error> {
        let tenant = app.store.tenant(&self.tenant_id.0);
        let identity = tenant.identity();
        // Kept taken: a request that succeeds is as much of a nuisance as one that does not.
        let _taken = limits::from_address(identity, &caller.request, app).await?;
        let name = login_name::normal(&self.login);
        match identity.take(Limit::Messages, &name, app.now()).await? {
            Taken::Yes(_) => letter::post(app, tenant.id(), Wish::Reset { name }, caller.request.language).await,
            // They have links enough; and nobody shall learn by a refusal that somebody else asked.
            Taken::No { .. } => Ok(()),
        }
    }
}
