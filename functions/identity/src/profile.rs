//! What users say of themselves, and how they are shown.

use app::{
    Detail,
    wire::{IdText, Instant, Text},
};
use domain::{id::UserId, tenant::TenantId, user::Role};
use schemars::JsonSchema;
use serde::Serialize;
use store::identity::User;

/// Characters of a nickname.
pub(crate) const NICKNAME_MAX: usize = 32;
/// Characters of a real name.
pub(crate) const REAL_NAME_MAX: usize = 64;
/// Characters of a picture's address.
pub(crate) const AVATAR_MAX: usize = 512;

/// A user as they see themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserView {
    /// Who.
    pub(crate) id: IdText<UserId>,
    /// The tenant that the account belongs to.
    pub(crate) tenant_id: Text<TenantId>,
    /// How they want to be called.
    pub(crate) nickname: Option<String>,
    /// Address of their picture.
    pub(crate) avatar: Option<String>,
    /// Telephone number in E.164.
    pub(crate) phone: Option<String>,
    /// Whether the number is known to be theirs.
    pub(crate) phone_verified: bool,
    /// E-mail address.
    pub(crate) email: Option<String>,
    /// Whether the address is known to be theirs.
    pub(crate) email_verified: bool,
    /// The name in their papers.
    pub(crate) real_name: Option<String>,
    /// What they may do.
    pub(crate) role: Text<Role>,
    /// `active` or `disabled`.
    pub(crate) status: &'static str,
    /// When they registered.
    pub(crate) created_at: Instant,
    /// When anything here changed last.
    pub(crate) updated_at: Instant,
}

impl UserView {
    pub(crate) fn of(user: User, tenant: &TenantId) -> Self {
        Self {
            id: user.id.into(),
            tenant_id: tenant.clone().into(),
            nickname: user.profile.nickname,
            avatar: user.profile.avatar,
            phone: user.phone,
            email: user.email,
            phone_verified: user.verified.phone,
            email_verified: user.verified.email,
            real_name: user.profile.real_name,
            role: user.role.into(),
            status: user.standing.word(),
            created_at: user.created.into(),
            updated_at: user.updated.into(),
        }
    }
}

/// Reads one line of text without its outer blanks; none where it is empty.
pub(crate) fn line(field: &'static str, text: &str, longest: usize) -> Result<Option<String>, Detail> {
    let text = text.trim();
    let refuse = |reason: String| Err(Detail { field: field.to_owned(), reason });
    if text.chars().any(char::is_control) {
        return refuse("must be one line of text".to_owned());
    }
    if text.chars().count() > longest {
        return refuse(format!("must have at most {longest} characters"));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Reads the address of a picture, or a path of the tenant's own site; none where it is empty. Nothing but the web's
/// schemes: pages put it into `src`.
pub(crate) fn avatar(text: &str) -> Result<Option<String>, Detail> {
    let address = line("avatar", text, AVATAR_MAX)?;
    let is_web = |address: &str| {
        let host = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
        let path = address.strip_prefix('/').filter(|rest| !rest.starts_with('/'));
        host.or(path).is_some_and(|rest| !rest.is_empty() && !rest.contains([' ', '"', '<', '>', '\\']))
    };
    match address {
        Some(address) if !is_web(&address) => {
            Err(Detail { field: "avatar".to_owned(), reason: "must be an address with https://".to_owned() })
        }
        address => Ok(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_short_and_visible() {
        assert_eq!(line("nickname", " Ana ", 3), Ok(Some("Ana".into())));
        assert_eq!(line("nickname", "小明同学", 4), Ok(Some("小明同学".into())));
        assert_eq!(line("nickname", "  ", 3), Ok(None));
        assert_eq!(line("nickname", "Anna", 3).unwrap_err().reason, "must have at most 3 characters");
        assert!(line("nickname", "A\nB", 3).is_err());
    }

    #[test]
    fn a_picture_is_on_the_web() {
        assert!(avatar("https://files.test/a.png").is_ok() && avatar("/me.png").is_ok());
        assert_eq!(avatar(""), Ok(None));
        for bad in
            ["javascript:alert(1)", "https://", "data:image/png;base64,AA", "https://a\"onerror", "a.png", "//a.test/b"]
        {
            assert!(avatar(bad).is_err(), "{bad}");
        }
    }
}
