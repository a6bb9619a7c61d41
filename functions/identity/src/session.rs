//! Sessions: an access token that is checked without asking anybody, and a refresh token that is good once.

use app::{
    App, Error, Identity, RequestFacts,
    auth::{Keys, sha256},
    config::Secret as Hidden,
    token::ACCESS_SECS,
};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use data_encoding::BASE64URL_NOPAD;
use domain::{
    Timestamp,
    id::{Id as _, LoginId, UserId},
    tenant::TenantId,
    user::Role,
};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Serialize;
use store::identity::{Rotation, Secret, User};

use crate::{device, profile::UserView, second_factor::session_role};

/// How long a session lives without a refresh.
const IDLE_FOR: SignedDuration = SignedDuration::from_mins(30);

/// What whoever logs in is given.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignedIn {
    user: UserView,
    /// The access token: goes into `Authorization: Bearer`.
    token: String,
    /// Good for one refresh.
    refresh_token: String,
    /// Seconds until the access token ends.
    expires_in: i64,
    /// Whether the user's role demands a second factor that they have not got: until they enrol and refresh, the session
    /// is a customer's.
    must_enrol: bool,
}

impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedIn").field("user", &self.user.id).finish_non_exhaustive()
    }
}

/// Opens a session for a user as just loaded; none where they were disabled or changed their password meanwhile.
pub(crate) async fn open(
    user: User,
    tenant: &TenantId,
    request: &RequestFacts,
    app: &App,
) -> Result<Option<SignedIn>, Error> {
    let now = app.now();
    let ticket = RefreshToken::new(tenant.clone(), user.id, LoginId::new(now, app.random()?), &app.keys, app.random()?);
    let accounts = app.store.tenant(tenant);
    let (idle_until, device) = (idle_until(now), device::of(request));
    let identity = accounts.identity();
    let counts = identity.open_login(&user, ticket.login, &ticket.hash(), idle_until, &device, now).await?;
    if !counts {
        return Ok(None);
    }
    let role = session_role(&accounts, &user, app).await?;
    ticket.signed_in(user, role, app, now).map(Some)
}

/// Renews a session; none where it is over, be it because `shown` was used before.
pub(crate) async fn renew(user: User, shown: RefreshToken, app: &App) -> Result<Option<SignedIn>, Error> {
    let now = app.now();
    // What we never gave out is no copy of anything, and ends nothing.
    if !shown.is_ours(&app.keys) {
        return Ok(None);
    }
    let hash = shown.hash();
    let next = RefreshToken::new(shown.tenant, shown.user, shown.login, &app.keys, app.random()?);
    let accounts = app.store.tenant(&next.tenant);
    let identity = accounts.identity();
    match identity.rotate(&user, next.login, &hash, &next.hash(), idle_until(now), now).await? {
        Rotation::Done => {
            let role = session_role(&accounts, &user, app).await?;
            next.signed_in(user, role, app, now).map(Some)
        }
        Rotation::Over => {
            app.sessions.forget(&next.tenant, next.user, next.login).await;
            Ok(None)
        }
    }
}

fn idle_until(now: Timestamp) -> Timestamp {
    now.checked_add(IDLE_FOR).unwrap_or(Timestamp::MAX)
}

/// A refresh token: where its login is found, and a secret of which only the hash is stored.
///
/// In base64url: a version, 16 bytes of user, 16 of login, 32 of secret, the tenant's id. The secret is 16 random bytes and
/// half a keyed hash of them and of all the rest: ids are no secret, and whoever knows them alone must not be taken for
/// somebody who shows an old token, which ends the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefreshToken {
    pub(crate) tenant: TenantId,
    pub(crate) user: UserId,
    pub(crate) login: LoginId,
    secret: Hidden<[u8; 32]>,
}

impl RefreshToken {
    const VERSION: u8 = 2;
    /// Characters: 65 bytes and the longest tenant's id, in base64.
    #[cfg(test)]
    pub(crate) const MAX: usize = (65 + TenantId::MAX_LENGTH).div_ceil(3) * 4;

    /// A token for a login around 16 random bytes.
    fn new(tenant: TenantId, user: UserId, login: LoginId, keys: &Keys, random: [u8; 16]) -> Self {
        let mut secret = [0; 32];
        secret[..16].copy_from_slice(&random);
        secret[16..].copy_from_slice(&Self::tag(&tenant, user, login, keys, &random));
        Self { tenant, user, login, secret: Hidden::new(secret) }
    }

    /// Whether the token was given out by this installation, be it long ago.
    fn is_ours(&self, keys: &Keys) -> bool {
        let (random, tag) = self.secret.expose().split_at(16);
        verify_slices_are_equal(tag, &Self::tag(&self.tenant, self.user, self.login, keys, random)).is_ok()
    }

    fn tag(tenant: &TenantId, user: UserId, login: LoginId, keys: &Keys, random: &[u8]) -> [u8; 16] {
        let mac = keys.mac("refresh-token", &[tenant.as_str().as_bytes(), &user.bytes(), &login.bytes(), random]);
        mac.first_chunk().copied().unwrap_or_default()
    }

    /// Reads a token.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (user, rest) = rest.split_first_chunk::<16>()?;
        let (login, rest) = rest.split_first_chunk::<16>()?;
        let (secret, tenant) = rest.split_first_chunk::<32>()?;
        (*version == Self::VERSION).then_some(Self {
            tenant: std::str::from_utf8(tenant).ok()?.parse().ok()?,
            user: UserId::from_bytes(*user),
            login: LoginId::from_bytes(*login),
            secret: Hidden::new(*secret),
        })
    }

    fn write(&self) -> String {
        let (user, login) = (self.user.bytes(), self.login.bytes());
        let parts: [&[u8]; 5] =
            [&[Self::VERSION], &user, &login, self.secret.expose(), self.tenant.as_str().as_bytes()];
        BASE64URL_NOPAD.encode(&parts.concat())
    }

    fn hash(&self) -> Secret {
        Secret::of_hash(&sha256(&[b"refresh", self.secret.expose()]))
    }

    fn signed_in(&self, user: User, role: Role, app: &App, now: Timestamp) -> Result<SignedIn, Error> {
        let identity = Identity { user: user.id, role, login: self.login };
        Ok(SignedIn {
            token: app.keys.access_token(&self.tenant, &identity, now)?,
            refresh_token: self.write(),
            expires_in: ACCESS_SECS,
            must_enrol: role != user.role,
            user: UserView::of(user, &self.tenant),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> RefreshToken {
        let (user, login) = (UserId::from_bytes([1; 16]), LoginId::from_bytes([2; 16]));
        RefreshToken::new("a-tenant-of-24-letters-x".parse().unwrap(), user, login, &Keys::new(&[7; 32]), [3; 16])
    }

    #[test]
    fn a_token_reads_back_and_is_as_long_as_stated() {
        assert_eq!(RefreshToken::parse(&token().write()), Some(token()));
        assert!(token().write().len() <= RefreshToken::MAX);
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let good = token().write();
        for bad in ["", "x", "!!!!", &good[..80], &good[1..], &[&good, "."].concat()] {
            assert_eq!(RefreshToken::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_was_never_given_out_is_told_from_what_is_old() {
        let (keys, other) = (Keys::new(&[7; 32]), LoginId::from_bytes([9; 16]));
        assert!(token().is_ours(&keys) && !token().is_ours(&Keys::new(&[8; 32])));
        assert!(!RefreshToken { login: other, ..token() }.is_ours(&keys));
        assert!(!RefreshToken { secret: Hidden::new([3; 32]), ..token() }.is_ours(&keys));
    }

    #[test]
    fn tokens_do_not_print() {
        assert!(!format!("{:?}", token()).contains("3, 3"));
    }
}
