//! The token by which a forgotten password is replaced: whose it is, and 256 bits that nobody can guess.

use app::{auth::sha256, config::Secret};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use domain::{
    id::{Id as _, UserId},
    tenant::TenantId,
};

/// A token. In base64url: a version, 16 bytes of user, 32 of secret, the tenant's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResetToken {
    pub(crate) tenant: TenantId,
    pub(crate) user: UserId,
    secret: Secret<[u8; 32]>,
}

impl ResetToken {
    const VERSION: u8 = 1;

    pub(crate) const fn new(tenant: TenantId, user: UserId, secret: [u8; 32]) -> Self {
        Self { tenant, user, secret: Secret::new(secret) }
    }

    /// Reads a token.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (user, rest) = rest.split_first_chunk::<16>()?;
        let (secret, tenant) = rest.split_first_chunk::<32>()?;
        let tenant = std::str::from_utf8(tenant).ok()?.parse().ok()?;
        (*version == Self::VERSION).then(|| Self::new(tenant, UserId::from_bytes(*user), *secret))
    }

    /// Writes it.
    pub(crate) fn write(&self) -> String {
        let user = self.user.bytes();
        let parts: [&[u8]; 4] = [&[Self::VERSION], &user, self.secret.expose(), self.tenant.as_str().as_bytes()];
        BASE64URL_NOPAD.encode(&parts.concat())
    }

    /// What is stored of it.
    pub(crate) fn hash(&self) -> String {
        HEXLOWER.encode(&sha256(&[b"reset", self.secret.expose()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_nothing_else_does() {
        let token = ResetToken::new("demo".parse().unwrap(), UserId::from_bytes([1; 16]), [3; 32]);
        let text = token.write();
        assert_eq!(ResetToken::parse(&text), Some(token.clone()));
        for bad in ["", "x", "!!!", &text[1..], &text[..60], &[&text, "."].concat()] {
            assert_eq!(ResetToken::parse(bad), None, "{bad}");
        }
        assert!(!format!("{token:?}").contains("3, 3"));
        let other = ResetToken::new("demo".parse().unwrap(), UserId::from_bytes([1; 16]), [4; 32]);
        assert_ne!(token.hash(), other.hash());
    }
}
