//! Logging in elsewhere: at OpenID providers, and as the user of a WeChat mini-program.

pub(crate) mod person;
pub(crate) mod provider;
pub(crate) mod state;
pub(crate) mod trouble;

use app::{App, Code, Error};
use data_encoding::BASE64URL_NOPAD;
use domain::tenant::TenantId;
use providers::oidc::Grant;

use self::{
    person::Proven,
    provider::Provider,
    state::{Purpose, State},
    trouble::refused,
};
use crate::profile::{NICKNAME_MAX, avatar, line};

/// Whom an OpenID provider names, for a code and the state that the same client was given when it began.
pub(crate) async fn by_oidc(
    app: &App,
    tenant: &TenantId,
    name: &str,
    code: &str,
    state: &str,
    purpose: Purpose,
) -> Result<Proven, Error> {
    let provider = Provider::of(app, tenant, name).await?.ok_or(Code::NotFound)?;
    let state = State::open(app, tenant, name, purpose, state).ok_or_else(|| refused("the state is not good"))?;
    if !state.use_up(app, tenant).await? {
        return Err(refused("the state was used before"));
    }
    let (verifier, nonce) = (state.verifier(app, tenant), state.nonce(app, tenant));
    let grant = Grant { code, redirect_uri: &state.redirect_uri, verifier: &verifier, nonce: &nonce };
    let claims = provider.oidc(app).redeem(&provider.client(), grant, app.now()).await.map_err(trouble::explain)?;
    let email = claims.email.as_deref().and_then(|email| crate::login_name::Email::parse(email).ok());
    Ok(Proven {
        provider: name.to_owned(),
        subjects: vec![provider.subject(app, tenant, "oidc", &claims.subject)],
        email: email.map(crate::login_name::Email::into_string),
        nickname: claims.name.as_deref().and_then(nickname),
        avatar: claims.picture.as_deref().and_then(|address| avatar(address).ok().flatten()),
    })
}

/// Whom WeChat names for a mini-program's code.
pub(crate) async fn by_wechat(app: &App, tenant: &TenantId, code: &str) -> Result<Proven, Error> {
    let provider = Provider::of(app, tenant, provider::WECHAT).await?.ok_or(Code::NotFound)?;
    let answered = provider.mini_program().who(&app.web, code).await.map_err(Error::unavailable)?;
    let person = answered.map_err(trouble::explain_wechat)?;
    let open = provider.subject(app, tenant, "wechat", &person.openid);
    let union = person.unionid.map(|unionid| provider::union_subject(app, tenant, &unionid));
    Ok(Proven {
        provider: provider::WECHAT.to_owned(),
        subjects: [Some(open), union].into_iter().flatten().collect(),
        email: None,
        nickname: None,
        avatar: None,
    })
}

/// As much of a name as a nickname may have.
fn nickname(name: &str) -> Option<String> {
    let short: String = name.trim().chars().take(NICKNAME_MAX).collect();
    line("nickname", &short, NICKNAME_MAX).ok().flatten()
}

/// Bytes as text that stands in an address.
fn text(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}
