//! Making accounts: by people who register, and by programs that need somebody to begin with.

use app::{App, Code, Detail, Error};
use domain::{
    Timestamp,
    id::{Id as _, UserId},
    tenant::TenantId,
    user::Role,
};
use store::identity::{PasswordHash, Profile, Registration, Standing, User, Verified};

use crate::{
    login_name::Email,
    password::{self, Password},
    profile::{NICKNAME_MAX, line},
};

/// An account to be made without anybody registering.
#[derive(Clone)]
pub struct NewAccount {
    /// E-mail address; what they log in with.
    pub email: String,
    /// At least ten characters, and no common one.
    pub password: String,
    /// What they may do.
    pub role: Role,
    /// How they are called.
    pub nickname: String,
}

impl std::fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAccount").field("role", &self.role).finish_non_exhaustive()
    }
}

/// Makes an account, or finds the one that has this e-mail address already and leaves it as it is.
///
/// # Errors
/// `validation_failed` where the address, the password or the nickname cannot be taken; `unavailable` where somebody else
/// is registering with the same address just now.
pub async fn create_account(app: &App, tenant: &TenantId, account: NewAccount) -> Result<UserId, Error> {
    let email = Email::parse(&account.email).map_err(|error| Error::field("email", error))?.into_string();
    let nickname = line("nickname", &account.nickname, NICKNAME_MAX).map_err(|detail| Error::fields(vec![detail]))?;
    let accounts = app.store.tenant(tenant);
    if let Some(user) = accounts.identity().named(&email).await? {
        return Ok(user.id);
    }
    let password = Password::parse(&account.password, [email.as_str()].into_iter())
        .map_err(|error| Error::field("password", error))?;
    let hash = password::hash(password, app).await?;
    let names = Names { email: Some(email.clone()), phone: None };
    let user = new_user(names, nickname, account.role, hash, app.now(), app.random()?);
    match accounts.identity().register(&user, app.now()).await? {
        Registration::Made => Ok(user.id),
        Registration::Taken => {
            let first = accounts.identity().named(&email).await?;
            first.map(|user| user.id).ok_or_else(|| Code::Unavailable.into())
        }
    }
}

/// The login names of a new account, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
}

/// A user who did not exist before.
pub(crate) fn new_user(
    names: Names,
    nickname: Option<String>,
    role: Role,
    password: impl Into<Option<PasswordHash>>,
    now: Timestamp,
    chance: [u8; 10],
) -> User {
    User {
        id: UserId::new(now, chance),
        role,
        standing: Standing::Active,
        email: names.email,
        phone: names.phone,
        verified: Verified::default(),
        profile: Profile { nickname, ..Profile::default() },
        password: password.into(),
        epoch: 0,
        created: now,
        updated: now,
        version: 0,
    }
}

/// A wrong field.
pub(crate) fn wrong(field: &str, reason: impl std::fmt::Display) -> Detail {
    Detail { field: field.to_owned(), reason: reason.to_string() }
}
