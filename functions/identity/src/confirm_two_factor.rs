//! `POST /api/auth/2fa/confirm`: shows by a first code that the authenticator has the secret. From now on every login
//! needs one.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Nothing, Operation, Route};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::{
    second_factor::{self, plain, recovery_hash},
    sign_in::{self, Refused, take_turn},
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<ConfirmTwoFactor>();

/// The first code.
#[derive(Deserialize, JsonSchema)]
struct ConfirmTwoFactor {
    #[schemars(length(min = 1, max = 32))]
    otp: String,
}

/// Codes for the day on which the authenticator is lost, each good for one login. Shown once.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Recovery {
    recovery_codes: Vec<String>,
}

impl Endpoint for ConfirmTwoFactor {
    const ROUTE: Route = Route {
        name: "confirm-two-factor",
        method: Method::Post,
        path: "/api/auth/2fa/confirm",
        auth: Auth::Customer,
        grants: &[Grant::read(Table::Identity), Grant::write(Table::Identity), Grant::open_keys()],
        summary: "Confirm an authenticator by its first code, and get recovery codes",
        errors: &[Code::BadCode, Code::WrongState, Code::RateLimited],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Recovery;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Recovery, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let (identity, user) = (tenant.identity(), caller.user()?);
        let factor = identity.second_factor(user).await?;
        let factor = factor.filter(|factor| !factor.confirmed).ok_or(Code::WrongState)?;
        let secret = second_factor::unseal(app, tenant.id(), user, &factor)?;

        let name = user.to_string();
        take_turn(identity, &name, app).await?.map_err(sign_in::explain)?;
        let Some(step) = secret.step_of(&plain(&self.otp), app.now()) else {
            identity.attempt_failed(&name).await?;
            return Err(sign_in::explain(Refused::BadCode));
        };
        identity.attempt_succeeded(&name).await?;

        let recovery_codes = second_factor::recovery_codes(app)?;
        let hashes = recovery_codes.iter().map(|code| recovery_hash(app, tenant.id(), user, code));
        if identity.confirm_second_factor(user, &factor.sealed, step, hashes).await? {
            Ok(Recovery { recovery_codes })
        } else {
            Err(Code::WrongState.into())
        }
    }
}
