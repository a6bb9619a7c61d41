//! Logging in with a name and a password: the same for customers and for those who run the place.

use std::time::Duration;

use app::{App, Code, Error, RequestFacts};
use domain::{tenant::TenantId, user::Role};
use store::{
    Tenant,
    identity::{Attempt, Identity, Standing, User},
};

use crate::{
    limits, login_name, password,
    second_factor::{self, Proof},
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
    /// The password is right, and a second factor is needed.
    OtpRequired,
    /// The password is right, and the second factor is not, or was used before.
    BadCode,
    /// Too many attempts failed lately.
    TooManyAttempts { retry_after_secs: u32 },
}

/// Says why in the words of the wire.
pub(crate) fn explain(refused: Refused) -> Error {
    match refused {
        Refused::BadCredentials => Code::BadCredentials.into(),
        Refused::OtpRequired => Code::OtpRequired.into(),
        Refused::BadCode => Code::BadCode.into(),
        Refused::TooManyAttempts { retry_after_secs } => Error::new(Code::RateLimited).retry_after(retry_after_secs),
    }
}

/// What somebody says who they are by.
pub(crate) struct Claim {
    /// E-mail address or telephone number, as it was typed.
    pub(crate) login: String,
    pub(crate) password: String,
    /// A code of their authenticator, or a recovery code.
    pub(crate) otp: Option<String>,
    /// The least role that may come in by this door.
    pub(crate) least: Role,
}

/// Opens a session for whoever has this name and password, at least this role, and their second factor where they have
/// one.
pub(crate) async fn sign_in(
    tenant: &TenantId,
    claim: Claim,
    request: &RequestFacts,
    app: &App,
) -> Result<SignedIn, Error> {
    let accounts = app.store.tenant(tenant);
    // Nobody is known to a tenant that there is not.
    let Some(settings) = accounts.catalogue().settings_cached(app.now()).await? else {
        return Err(explain(Refused::BadCredentials));
    };
    let identity = accounts.identity();
    let name = login_name::normal(&claim.login);
    let place = limits::from_address(identity, request, app).await?;
    let user = identity.named(&name).await?;

    take_turn(identity, &name, app).await?.map_err(explain)?;
    let proven = match compare(user, claim.password, claim.least).await? {
        Ok(user) => second(&accounts, user, claim.otp.as_deref(), app).await?,
        Err(refused) => Err(refused),
    };
    end_turn(identity, &name, &proven).await?;
    if matches!(proven, Ok(_) | Err(Refused::OtpRequired)) {
        place.give_back(identity).await?;
    }
    let user = proven.map_err(explain)?;
    app.may_enter(&settings, user.role)?;
    let signed_in = session::open(user, tenant, request, app).await?;
    signed_in.ok_or_else(|| explain(Refused::BadCredentials))
}

/// Lets in whom the second factor lets in.
async fn second(tenant: &Tenant, user: User, otp: Option<&str>, app: &App) -> Result<Result<User, Refused>, Error> {
    Ok(match second_factor::prove(tenant, user.id, otp, app).await? {
        Proof::Good => Ok(user),
        Proof::Missing => Err(Refused::OtpRequired),
        Proof::Wrong => Err(Refused::BadCode),
    })
}

/// Proves a second factor alone, of somebody who proved the first elsewhere, under the limit of attempts for a name.
pub(crate) async fn second_alone(
    tenant: &Tenant,
    name: &str,
    user: User,
    otp: Option<&str>,
    app: &App,
) -> Result<Result<User, Refused>, Error> {
    if let Err(refused) = take_turn(tenant.identity(), name, app).await? {
        return Ok(Err(refused));
    }
    let proven = second(tenant, user, otp, app).await?;
    end_turn(tenant.identity(), name, &proven).await?;
    Ok(proven)
}

/// Says how an attempt ended that took its turn.
async fn end_turn(identity: Identity<'_>, name: &str, proven: &Result<User, Refused>) -> Result<(), Error> {
    match proven {
        Ok(_) => identity.attempt_succeeded(name).await?,
        // Nothing was guessed. But it must not forget what was: who knows the password would guess codes for ever.
        Err(Refused::OtpRequired) => identity.attempt_withdrawn(name).await?,
        Err(_) => identity.attempt_failed(name).await?,
    }
    Ok(())
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
    let decided = compare(user, password, least).await?;
    match &decided {
        Ok(_) => identity.attempt_succeeded(name).await?,
        Err(_) => identity.attempt_failed(name).await?,
    }
    Ok(decided)
}

async fn compare(user: Option<User>, password: String, least: Role) -> Result<Result<User, Refused>, Error> {
    let stored = user.as_ref().and_then(|user| user.password.as_ref());
    let fits = password::matches(password, stored).await?;
    Ok(decide(user, fits, least))
}

/// Takes a place for one attempt on a name, waiting for others that are under way. Whoever took it says how it ended.
pub(crate) async fn take_turn(identity: Identity<'_>, name: &str, app: &App) -> Result<Result<(), Refused>, Error> {
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
