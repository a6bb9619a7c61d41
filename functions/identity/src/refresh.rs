//! `POST /api/auth/refresh`: gives the next pair of tokens. A refresh token is good once; used again it ends the session.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Nothing, Operation, Pace, Route};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{
    Table,
    identity::{Standing, User},
};

use crate::session::{self, RefreshToken, SignedIn};

/// The operation.
pub static OPERATION: Operation = Operation::of::<Refresh>();

/// The token of the last answer.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Refresh {
    #[schemars(length(min = 1, max = 256))]
    refresh_token: String,
}

impl Endpoint for Refresh {
    const ROUTE: Route = Route {
        name: "refresh",
        method: Method::Post,
        path: "/api/auth/refresh",
        auth: Auth::Proof,
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::read(Table::Identity),
            Grant::write(Table::Identity),
            Grant::open_keys(),
        ],
        summary: "Exchange a refresh token for a new pair; the old one used again ends the session",
        errors: &[Code::SessionRevoked, Code::TenantDisabled],
        // A refresh token is nothing to guess, and whole networks refresh from one address.
        pace: Pace::Write,
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = SignedIn;

    async fn handle(self, _: Nothing, _: Caller, app: &'static App) -> Result<SignedIn, Error> {
        let shown = RefreshToken::parse(&self.refresh_token).ok_or(Over::Unreadable).map_err(explain)?;
        let tenant = app.store.tenant(&shown.tenant);
        let settings = tenant.catalogue().settings_cached(app.now()).await?.ok_or(Over::NoUser).map_err(explain)?;
        let user = may_renew(tenant.identity().user(shown.user).await?).map_err(explain)?;
        app.may_enter(&settings, user.role)?;
        let signed_in = session::renew(user, shown, app).await?;
        signed_in.ok_or(Over::Ended).map_err(explain)
    }
}

/// Why a session does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// The token is none of ours.
    Unreadable,
    /// The user is gone or disabled.
    NoUser,
    /// Logged out, idle for too long, ended from elsewhere, or the token was used before.
    Ended,
}

fn explain(over: Over) -> Error {
    match over {
        Over::Unreadable | Over::NoUser | Over::Ended => Code::SessionRevoked.into(),
    }
}

fn may_renew(user: Option<User>) -> Result<User, Over> {
    user.filter(|user| user.standing == Standing::Active).ok_or(Over::NoUser)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::user;

    #[test]
    fn the_disabled_and_the_gone_get_no_new_tokens() {
        assert_eq!(may_renew(Some(user())), Ok(user()));
        assert_eq!(may_renew(Some(User { standing: Standing::Disabled, ..user() })), Err(Over::NoUser));
        assert_eq!(may_renew(None), Err(Over::NoUser));
    }

    #[test]
    fn every_end_reads_the_same() {
        for over in [Over::Unreadable, Over::NoUser, Over::Ended] {
            assert_eq!(explain(over).code, Code::SessionRevoked);
        }
    }

    #[test]
    fn the_limit_of_the_field_admits_every_token() {
        const { assert!(RefreshToken::MAX <= 256) };
    }
}
