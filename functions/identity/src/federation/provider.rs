//! What a tenant has agreed with a login provider. Where this is kept is known to this file alone: sealed, in an item of its
//! own for each provider.

use app::{App, Error, config::Secret};
use domain::tenant::TenantId;
use providers::{
    oidc::{Client, Oidc, Reach},
    wechat::MiniProgram,
};
use serde::{Deserialize, Serialize};
use store::identity::Subject;

/// The one provider that is not spoken to by OpenID Connect.
pub(crate) const WECHAT: &str = "wechat";
/// Characters of a provider's name.
const NAME_MAX: usize = 24;
/// What of a person is asked for where the tenant says nothing.
pub(crate) const SCOPES: &str = "openid email profile";

/// What a tenant has agreed with a provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Provider {
    /// The tenant's word for it.
    pub(crate) name: String,
    /// The issuer; of WeChat, where its API is.
    pub(crate) issuer: String,
    /// The client's id; of WeChat, the mini-program's.
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret<String>,
    pub(crate) scopes: String,
    /// Where a browser may come back to; the first where nothing is said.
    pub(crate) redirect_uris: Vec<String>,
}

/// As it is sealed.
#[derive(Serialize, Deserialize)]
struct Record {
    issuer: String,
    client_id: String,
    client_secret: String,
    scopes: String,
    redirect_uris: Vec<String>,
}

/// Whether a provider may be called so.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=NAME_MAX).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// How far calls to providers may go.
pub(crate) fn reach(app: &App) -> Reach {
    if app.settings.stage.has_sandbox() { Reach::Anywhere } else { Reach::Public }
}

/// What each provider's settings are sealed under, so that none are taken for another's.
fn label(name: &str) -> String {
    ["login-provider-", name].concat()
}

impl Provider {
    /// What a tenant has agreed with the provider of that name.
    pub(crate) async fn of(app: &App, tenant: &TenantId, name: &str) -> Result<Option<Self>, Error> {
        if !is_name(name) {
            return Ok(None);
        }
        let Some(sealed) = app.store.tenant(tenant).identity().login_provider(name).await? else { return Ok(None) };
        let unreadable = || Error::internal("a login provider's settings cannot be opened");
        let bytes = app.keys.unseal(&label(name), tenant, &sealed).ok_or_else(unreadable)?;
        let record: Record = serde_json::from_slice(&bytes).map_err(|_| unreadable())?;
        Ok(Some(Self {
            name: name.to_owned(),
            issuer: record.issuer,
            client_id: record.client_id,
            client_secret: Secret::new(record.client_secret),
            scopes: record.scopes,
            redirect_uris: record.redirect_uris,
        }))
    }

    /// Keeps what was agreed, in place of what was agreed before.
    pub(crate) async fn keep(&self, app: &App, tenant: &TenantId) -> Result<(), Error> {
        let record = Record {
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.expose().clone(),
            scopes: self.scopes.clone(),
            redirect_uris: self.redirect_uris.clone(),
        };
        let bytes = serde_json::to_vec(&record).map_err(Error::internal)?;
        let sealed = app.keys.seal(&label(&self.name), tenant, bytes)?;
        Ok(app.store.tenant(tenant).identity().put_login_provider(&self.name, sealed).await?)
    }

    /// What the tenant is to the issuer.
    pub(crate) fn client(&self) -> Client {
        Client { issuer: self.issuer.clone(), id: self.client_id.clone(), secret: self.client_secret.expose().clone() }
    }

    /// What the tenant is to WeChat.
    pub(crate) fn mini_program(&self) -> MiniProgram {
        MiniProgram {
            api: self.issuer.clone(),
            id: self.client_id.clone(),
            secret: self.client_secret.expose().clone(),
        }
    }

    /// The way to the issuer.
    #[expect(clippy::unused_self, reason = "the way to a provider is asked of the provider")]
    pub(crate) fn oidc<'a>(&self, app: &'a App) -> Oidc<'a> {
        Oidc { web: &app.web, issuers: &app.issuers, reach: reach(app) }
    }

    /// What this provider calls somebody. Of an issuer, its name counts and not the tenant's word for it: under another
    /// issuer the same word means other people.
    pub(crate) fn subject(&self, app: &App, tenant: &TenantId, kind: &str, subject: &str) -> Subject {
        let namespace = if kind == WECHAT { &self.client_id } else { &self.issuer };
        let parts = [tenant.as_str().as_bytes(), kind.as_bytes(), namespace.as_bytes(), subject.as_bytes()];
        Subject::of_hash(&app.keys.mac("subject", &parts))
    }
}

/// What WeChat calls somebody in all programs of one owner.
pub(crate) fn union_subject(app: &App, tenant: &TenantId, unionid: &str) -> Subject {
    let parts = [tenant.as_str().as_bytes(), b"wechat-union", unionid.as_bytes()];
    Subject::of_hash(&app.keys.mac("subject", &parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_of_an_address() {
        assert!(is_name("google") && is_name("a-1"));
        for bad in ["", "Google", "1a", "a#b", "a/b", "a_b", "aaaaaaaaaaaaaaaaaaaaaaaaa"] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
