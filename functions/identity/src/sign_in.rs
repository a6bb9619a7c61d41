//! Logging in with a name and a password: the same for customers and for those who run the place.

use std::time::Duration;

use app::{App, Code, Error};
use domain::{tenant::TenantId, user::Role};
use store::identity::{Attempt, Identity, Standing, User};

use crate::{
    login_name, password,
    session::{self, SignedIn},
};

/// How often, and how long each time, an attempt waits for others with the same name that are under way.
const WAITS: u32 = 20;
const WAIT_FOR: Duration = Duration::from_millis(150);

/// Why nobody is logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Unknown name, wrong password, disabled, or of too low a role: nobody is told which.
    BadCredentials,
    /// Too many attempts failed lately.
    TooManyAttempts { retry_after_secs: u32 },
}

/// Says why in the words of the wire.
pub(crate) fn explain(refused: Refused) -> Error {
    match refused {
        Refused::BadCredentials => Code::BadCredentials.into(),
        Refused::TooManyAttempts { retry_after_secs } => Error::new(Code::RateLimited).retry_after(retry_after_secs),
    }
}

/// Opens a session for whoever has this name and password and at least this role.
pub(crate) async fn sign_in(
    tenant: &TenantId,
    login: &str,
    password: String,
    least: Role,
    app: &App,
) -> Result<SignedIn, Error> {
    let accounts = app.store.tenant(tenant);
    let name = login_name::normal(login);
    // Nobody is known to a tenant that there is not.
    let Some(settings) = accounts.catalogue().settings_cached(app.now()).await? else {
        return Err(explain(Refused::BadCredentials));
    };
    let user = accounts.identity().named(&name).await?;

    let user = prove(accounts.identity(), &name, user, password, least, app).await?.map_err(explain)?;
    app.may_enter(&settings, user.role)?;
    let signed_in = session::open(user, tenant, app).await?;
    signed_in.ok_or_else(|| explain(Refused::BadCredentials))
}

/// Compares a password under the limit of attempts for its name.
pub(crate) async fn prove(
    identity: Identity<'_>,
    name: &str,
    user: Option<User>,
    password: String,
    least: Role,
    app: &App,
) -> Result<Result<User, Refused>, Error> {
    if let Err(refused) = take_turn(identity, name, app).await? {
        return Ok(Err(refused));
    }
    let stored = user.as_ref().and_then(|user| user.password.as_ref());
    let fits = password::matches(password, stored).await?;
    let decided = decide(user, fits, least);
    match &decided {
        Ok(_) => identity.attempt_succeeded(name).await?,
        Err(_) => identity.attempt_failed(name).await?,
    }
    Ok(decided)
}

async fn take_turn(identity: Identity<'_>, name: &str, app: &App) -> Result<Result<(), Refused>, Error> {
    for _ in 0..WAITS {
        match identity.attempt(name, app.now()).await? {
            Attempt::Allowed => return Ok(Ok(())),
            Attempt::Refused { retry_after_secs } => return Ok(Err(Refused::TooManyAttempts { retry_after_secs })),
            Attempt::Wait => tokio::time::sleep(WAIT_FOR).await,
        }
    }
    Ok(Err(Refused::TooManyAttempts { retry_after_secs: 1 }))
}

fn decide(user: Option<User>, fits: bool, least: Role) -> Result<User, Refused> {
    match user {
        Some(user) if fits && user.standing == Standing::Active && user.role >= least => Ok(user),
        _ => Err(Refused::BadCredentials),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::user;

    fn check(standing: Standing, role: Role, fits: bool, least: Role, admitted: bool) {
        let user = User { standing, role, ..user() };
        let expected = if admitted { Ok(user.clone()) } else { Err(Refused::BadCredentials) };
        assert_eq!(decide(Some(user), fits, least), expected, "{standing:?} {role} {fits} {least}");
    }

    #[test]
    fn only_active_users_of_enough_rank_with_the_right_password_get_in() {
        check(Standing::Active, Role::Customer, true, Role::Customer, true);
        check(Standing::Active, Role::Staff, true, Role::Staff, true);
        check(Standing::Active, Role::Platform, true, Role::Staff, true);
        check(Standing::Active, Role::Customer, true, Role::Staff, false);
        check(Standing::Active, Role::Customer, false, Role::Customer, false);
        check(Standing::Disabled, Role::Admin, true, Role::Customer, false);
        assert_eq!(decide(None, false, Role::Customer), Err(Refused::BadCredentials));
    }

    #[test]
    fn refusals_say_when_to_come_back() {
        let error = explain(Refused::TooManyAttempts { retry_after_secs: 900 });
        assert_eq!((error.code, error.retry_after_secs), (Code::RateLimited, Some(900)));
        assert_eq!(explain(Refused::BadCredentials).code, Code::BadCredentials);
    }
}
