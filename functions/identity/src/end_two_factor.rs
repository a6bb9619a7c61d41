//! `DELETE /api/auth/2fa`: gives the second factor up, by a code of it.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Nothing, Operation, Route};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    second_factor::{self, Proof},
    sign_in::{self, Refused, take_turn},
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<EndTwoFactor>();

/// A code of the authenticator or a recovery code, in the query or as JSON in the body. It is used up.
#[derive(Deserialize, JsonSchema)]
struct EndTwoFactor {
    #[schemars(length(min = 1, max = 32))]
    otp: Option<String>,
}

impl Endpoint for EndTwoFactor {
    const ROUTE: Route = Route {
        name: "end-two-factor",
        method: Method::Delete,
        path: "/api/auth/2fa",
        auth: Auth::Customer,
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::read(Table::Identity),
            Grant::write(Table::Identity),
            Grant::open_keys(),
        ],
        summary: "Give the second factor up, by a code of it; not where one's role demands it",
        errors: &[Code::NotFound, Code::BadCode, Code::WrongState, Code::RateLimited],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = ();

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<(), Error> {
        // Many clients and some gateways drop the body of a DELETE, so the query will do; a code is good once.
        let in_body = || serde_json::from_slice::<Self>(&caller.request.body).ok().and_then(|body| body.otp);
        let otp = self.otp.or_else(in_body).ok_or_else(|| Error::field("otp", "is needed"))?;
        let tenant = app.store.tenant(caller.tenant()?);
        let (identity, id) = (tenant.identity(), caller.user()?);
        let user = identity.user(id).await?.ok_or(Code::NotFound)?;
        let factor = identity.second_factor(id).await?;
        if !factor.is_some_and(|factor| factor.confirmed) {
            return Err(Code::WrongState.into());
        }
        if second_factor::is_demanded(&tenant, user.role, app).await? {
            return Err(Code::Forbidden.into());
        }
        let name = id.to_string();
        take_turn(identity, &name, app).await?.map_err(sign_in::explain)?;
        if second_factor::prove(&tenant, id, Some(&otp), app).await? != Proof::Good {
            identity.attempt_failed(&name).await?;
            return Err(sign_in::explain(Refused::BadCode));
        }
        identity.attempt_succeeded(&name).await?;
        Ok(identity.end_second_factor(id).await?)
    }
}
