//! `POST /api/auth/password/reset`: sets a new password by the token that was sent. Every session of the user ends.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Nothing, Operation, Route};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{
    Table,
    identity::{Identity, PasswordHash, Saved, Standing, User},
};

use crate::{
    change_password::with_password,
    limits,
    password::{self, Password},
    reset_token::ResetToken,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<ResetPassword>();

/// How often the change is decided anew when somebody else was quicker.
const ROUNDS: usize = 3;

/// The token of the message, and the password as it shall be.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ResetPassword {
    #[schemars(length(min = 1, max = 256))]
    token: String,
    #[schemars(length(min = 10, max = 128))]
    new_password: String,
}

impl Endpoint for ResetPassword {
    const ROUTE: Route = Route {
        name: "reset-password",
        method: Method::Post,
        path: "/api/auth/password/reset",
        auth: Auth::Proof,
        grants: &[Grant::read(Table::Identity), Grant::write(Table::Identity), Grant::open_keys()],
        summary: "Set a new password by the token of a message, and end every session",
        errors: &[Code::NotFound, Code::BadCode, Code::RateLimited, Code::Busy],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = ();

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<(), Error> {
        let token = ResetToken::parse(&self.token).ok_or(Code::BadCode)?;
        let tenant = app.store.tenant(&token.tenant);
        let identity = tenant.identity();
        let place = limits::from_address(identity, &caller.request, app).await?;
        let user = identity.user(token.user).await?.ok_or(Code::BadCode)?;
        if !identity.may_reset(user.id, &token.hash(), app.now()).await? {
            return Err(Code::BadCode.into());
        }
        let new =
            Password::parse(&self.new_password, user.names()).map_err(|error| Error::field("newPassword", error))?;
        let hash = password::hash(new, app).await?;

        // Used up only now: a password that cannot be taken costs nobody their token.
        if !identity.redeem_reset(user.id, &token.hash(), app.now()).await? {
            return Err(Code::BadCode.into());
        }
        place.give_back(identity).await?;
        replace(identity, user, &hash, app).await
    }
}

/// Stores the password and ends every session. The epoch that is stored holds even if the sessions are not reached.
async fn replace(identity: Identity<'_>, mut user: User, hash: &PasswordHash, app: &App) -> Result<(), Error> {
    for _ in 0..ROUNDS {
        if user.standing != Standing::Active {
            return Err(Code::BadCode.into());
        }
        let id = user.id;
        let changed = with_password(user, hash.clone());
        if identity.save(&changed, app.now()).await? == Saved::Yes {
            return Ok(identity.end_logins(id, app.now()).await?);
        }
        user = identity.user(id).await?.ok_or(Code::BadCode)?;
    }
    Err(Code::Busy.into())
}
