//! `POST /api/users/me/erase`: erases the caller, who proves with their password that it is they who ask; or, where they log
//! in elsewhere and have none, by a session that has just begun.
//!
//! No `DELETE`: what a body of one means is not defined (RFC 9110, 9.3.5), some gateways drop it, and a password must not
//! stand in an address.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Nothing, Operation, Route};
use domain::user::Role;
use providers::queue::Queue;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    erase::erase,
    sign_in::{self, Refused, prove},
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<EraseMe>();

/// For how long a new session proves who somebody without a password is, in seconds.
const NEW_SECS: i64 = 600;

/// The caller's password, where they have one; without one, they have logged in within the last ten minutes.
#[derive(Deserialize, JsonSchema)]
struct EraseMe {
    #[schemars(length(max = 128))]
    password: Option<String>,
}

impl Endpoint for EraseMe {
    const ROUTE: Route = Route {
        name: "erase-me",
        method: Method::Post,
        path: "/api/users/me/erase",
        auth: Auth::Customer,
        grants: &[
            Grant::read(Table::Identity),
            Grant::write(Table::Identity),
            Grant::read(Table::Orders),
            Grant::send(Queue::EraseUser),
            Grant::open_keys(),
        ],
        summary: "Erase one's own account and what is personal about it",
        success: 202,
        errors: &[Code::BadCredentials, Code::RateLimited, Code::OrdersOpen, Code::Busy, Code::Forbidden],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = ();

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<(), Error> {
        let (tenant, identity) = (caller.tenant()?, caller.identity()?);
        let store = app.store.tenant(tenant);
        let user = store.identity().user(identity.user).await?.ok_or(Code::SessionRevoked)?;
        // A tenant must not be left without anybody who runs it by accident: another administrator does it.
        if user.role >= Role::Admin {
            return Err(Code::Forbidden.into());
        }
        let proved = if user.password.is_some() {
            let password = self.password.filter(|password| !password.is_empty());
            let password = password.ok_or_else(|| Error::field("password", "is needed"))?;
            // Guesses are counted where those of a change of password are.
            let name = user.id.to_string();
            prove(store.identity(), &name, Some(user), password, Role::Customer, app).await?
        } else {
            let logins = store.identity().logins(user.id, app.now()).await?;
            let own = logins.iter().find(|login| login.id == identity.login);
            let is_new = own.is_some_and(|own| app.now().as_second() - own.created.as_second() <= NEW_SECS);
            if is_new { Ok(user) } else { Err(Refused::BadCredentials) }
        };
        erase(&proved.map_err(sign_in::explain)?, tenant, app).await?;
        app.sessions.forget(tenant, identity.user, identity.login).await;
        Ok(())
    }
}
