//! The second factor: how it is sealed, proved, and for whom it is demanded.

use app::{App, Error};
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use domain::{
    id::{Id as _, UserId},
    tenant::TenantId,
    user::Role,
};
use store::{
    Tenant,
    identity::{SecondFactor, User},
};

use crate::totp::SharedSecret;

/// What secrets are sealed under.
const SEAL: &str = "second-factor";
/// How many recovery codes somebody gets.
pub(crate) const RECOVERY_CODES: usize = 10;
/// Bytes of chance in one of them: more than anybody guesses in five tries a quarter of an hour.
const RECOVERY_BYTES: usize = 10;

/// Seals a secret for one user: moved to another user's item it opens nothing.
pub(crate) fn seal(app: &App, tenant: &TenantId, user: UserId, secret: &SharedSecret) -> Result<String, Error> {
    app.keys.seal(SEAL, tenant, [user.bytes().as_slice(), secret.bytes()].concat())
}

/// Opens a secret of a user.
pub(crate) fn unseal(app: &App, tenant: &TenantId, user: UserId, factor: &SecondFactor) -> Result<SharedSecret, Error> {
    let bytes = app.keys.unseal(SEAL, tenant, &factor.sealed);
    let secret = bytes.as_deref().and_then(|bytes| bytes.strip_prefix(user.bytes().as_slice()));
    let secret = secret.and_then(|secret| <[u8; SharedSecret::LENGTH]>::try_from(secret).ok());
    secret.map(SharedSecret::new).ok_or_else(|| Error::internal("a second factor that does not open"))
}

/// How a second proof ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// None is needed, or it was right.
    Good,
    /// One is needed, and none was given.
    Missing,
    /// It was wrong, or used before.
    Wrong,
}

/// Compares what a user gave, which is used up: a code of their authenticator or one of their recovery codes.
pub(crate) async fn prove(tenant: &Tenant, user: UserId, otp: Option<&str>, app: &App) -> Result<Proof, Error> {
    let identity = tenant.identity();
    let Some(factor) = identity.second_factor(user).await?.filter(|factor| factor.confirmed) else {
        return Ok(Proof::Good);
    };
    let otp = otp.map(plain).unwrap_or_default();
    if otp.is_empty() {
        return Ok(Proof::Missing);
    }
    let secret = unseal(app, tenant.id(), user, &factor)?;
    let good = match secret.step_of(&otp, app.now()) {
        Some(step) => identity.use_step(user, step).await?,
        None => identity.use_recovery(user, &recovery_hash(app, tenant.id(), user, &otp)).await?,
    };
    Ok(if good { Proof::Good } else { Proof::Wrong })
}

/// A code as it was made, however it was typed.
pub(crate) fn plain(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// New recovery codes, as people read them: four groups of four.
pub(crate) fn recovery_codes(app: &App) -> Result<Vec<String>, Error> {
    let code = |chance: [u8; RECOVERY_BYTES]| {
        let letters = BASE32_NOPAD.encode(&chance);
        let groups: Vec<_> = letters.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
        groups.join("-")
    };
    (0..RECOVERY_CODES).map(|_| app.random().map(code)).collect()
}

/// The hash under which a recovery code is stored.
pub(crate) fn recovery_hash(app: &App, tenant: &TenantId, user: UserId, code: &str) -> String {
    let code = plain(code);
    let parts: [&[u8]; 3] = [tenant.as_str().as_bytes(), &user.bytes(), code.as_bytes()];
    HEXLOWER.encode(&app.keys.mac("recovery-code", &parts))
}

/// Whether the tenant demands a second factor of a role. The only place that asks.
pub(crate) async fn is_demanded(tenant: &Tenant, role: Role, app: &App) -> Result<bool, Error> {
    // A session of a customer is what those have who still have to enrol: nothing less could be demanded of them.
    if role == Role::Customer {
        return Ok(false);
    }
    let settings = tenant.catalogue().settings_cached(app.now()).await?;
    Ok(settings.is_some_and(|settings| settings.two_factor_roles.contains(&role)))
}

/// What a session of a user may do: what the user may, or what a customer may, where their role demands a second factor
/// and they have none. So all that they can do for the tenant is to enrol, and refresh the session afterwards.
pub(crate) async fn session_role(tenant: &Tenant, user: &User, app: &App) -> Result<Role, Error> {
    if !is_demanded(tenant, user.role, app).await? {
        return Ok(user.role);
    }
    let factor = tenant.identity().second_factor(user.id).await?;
    Ok(if factor.is_some_and(|factor| factor.confirmed) { user.role } else { Role::Customer })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        assert_eq!(plain(" 123 456 "), "123456");
        assert_eq!(plain("abcd-efgh-2345-67aa"), "ABCDEFGH234567AA");
        assert_eq!(plain("——"), "");
    }
}
