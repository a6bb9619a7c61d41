//! Passwords: which are accepted, and how they are kept (argon2id).

use std::{collections::HashSet, sync::LazyLock};

use app::{App, Error};
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version, password_hash::phc};
use store::identity::PasswordHash;
use tokio::sync::Semaphore;

/// A password that may be set.
pub(crate) struct Password(String);

/// Why a password may not be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordError {
    TooShort,
    TooLong,
    Common,
    IsLogin,
}

impl std::fmt::Display for PasswordError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TooShort => "must have at least 10 characters",
            Self::TooLong => "must have at most 128 characters",
            Self::Common => "is one of the most common passwords",
            Self::IsLogin => "must not be the login",
        })
    }
}

impl Password {
    /// Characters.
    const MIN: usize = 10;
    /// Characters. A limit, because hashing takes time by length.
    pub(crate) const MAX: usize = 128;

    /// Takes a password for somebody who logs in with these names.
    pub(crate) fn parse<'n>(text: &str, mut logins: impl Iterator<Item = &'n str>) -> Result<Self, PasswordError> {
        let length = text.chars().count();
        let lower = text.to_lowercase();
        if length < Self::MIN {
            return Err(PasswordError::TooShort);
        }
        if length > Self::MAX {
            return Err(PasswordError::TooLong);
        }
        if COMMON.contains(lower.trim()) {
            return Err(PasswordError::Common);
        }
        if logins.any(|login| login == lower) {
            return Err(PasswordError::IsLogin);
        }
        Ok(Self(text.to_owned()))
    }
}

/// Passwords that are tried first, in lower case, one a line.
static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// Memory in KiB, passes and lanes: OWASP's Password Storage Cheat Sheet, argon2id.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// A hash of nothing in particular at the same cost: what a password is compared with where there is no user.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$b25zYWxlLW5vYm9keXMtMQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// How many passwords are hashed at once: each takes a core and 19 MiB.
static LANES: Semaphore = Semaphore::const_new(2);

/// Hashes a password to be stored.
pub(crate) async fn hash(password: Password, app: &App) -> Result<PasswordHash, Error> {
    let salt: [u8; 16] = app.random()?;
    on_a_lane(move || hash_with(&password, salt)).await?
}

/// Whether the password is the one that was stored; takes the same time where none was.
pub(crate) async fn matches(password: String, stored: Option<&PasswordHash>) -> Result<bool, Error> {
    let is_somebodys = stored.is_some();
    let phc = stored.map_or(NOBODYS, PasswordHash::as_str).to_owned();
    let fits = on_a_lane(move || verify(&password, &phc)).await??;
    Ok(fits && is_somebodys)
}

async fn on_a_lane<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let _permit = LANES.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

fn hash_with(password: &Password, salt: [u8; 16]) -> Result<PasswordHash, Error> {
    let (memory_kib, passes, lanes) = COST;
    let params = Params::new(memory_kib, passes, lanes, None).map_err(Error::internal)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let phc: phc::PasswordHash =
        argon2.hash_password_with_salt(password.0.as_bytes(), &salt).map_err(Error::internal)?;
    Ok(PasswordHash::new(phc.to_string()))
}

fn verify(password: &str, phc: &str) -> Result<bool, Error> {
    let phc = phc::PasswordHash::new(phc).map_err(Error::internal)?;
    Ok(Argon2::default().verify_password(password.as_bytes(), &phc).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(), PasswordError>) {
        let logins = ["longish@demo.test"].into_iter();
        assert_eq!(Password::parse(text, logins).map(|_| ()), expected, "{text}");
    }

    #[test]
    fn short_long_and_common_passwords_are_refused() {
        check("demo-password-1", Ok(()));
        check("correct horse battery staple", Ok(()));
        check("密码不在名单里的十个字", Ok(()));
        check("ninechars", Err(PasswordError::TooShort));
        check(&"a1".repeat(65), Err(PasswordError::TooLong));
        check("1234567890", Err(PasswordError::Common));
        check("Password123", Err(PasswordError::Common));
        check("QWERTYUIOP", Err(PasswordError::Common));
        check("Longish@demo.test", Err(PasswordError::IsLogin));
    }

    #[test]
    fn the_list_is_long_and_holds_nothing_that_is_too_short_anyway() {
        assert!(COMMON.len() >= 1_000, "{}", COMMON.len());
        for line in COMMON.iter() {
            assert!(line.chars().count() >= Password::MIN && *line == line.to_lowercase(), "{line}");
        }
    }

    #[test]
    fn a_hash_verifies_its_password_alone_at_the_stated_cost() {
        let password = Password::parse("demo-password-1", std::iter::empty()).unwrap();
        let hash = hash_with(&password, [7; 16]).unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert!(verify("demo-password-1", hash.as_str()).unwrap());
        assert!(!verify("demo-password-2", hash.as_str()).unwrap());
    }

    #[test]
    fn nobodys_hash_costs_what_everybodys_does() {
        assert!(!verify("demo-password-1", NOBODYS).unwrap());
        let (memory_kib, passes, lanes) = COST;
        assert!(NOBODYS.starts_with(&format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}$")));
    }
}
