//! What a login elsewhere begins with and has to come back with.
//!
//! The client is given `<state>.<key>`; the address of the provider carries the state alone. Coming back, the client shows
//! what it was given, not what stands in the address: so a code and state that somebody else's browser brought are of no
//! use here. The state is sealed, which makes beginning a login cost no write; that it was used up is what is written.

use app::{App, Error, auth::sha256};
use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{self, SHA256},
};
use data_encoding::BASE64URL_NOPAD;
use domain::{Timestamp, tenant::TenantId};
use serde::{Deserialize, Serialize};
use store::Remembered;

use super::text;

/// Seconds from the beginning of a login to its end.
const LIFE_SECS: i64 = 10 * 60;
/// What states are sealed under.
const LABEL: &str = "login-state";
/// Characters of what a client shows: the longest address to come back to, sealed, with its key.
pub(crate) const LONGEST: usize = 2_048;

/// What a login is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Purpose {
    /// To log in.
    #[default]
    Login,
    /// To link what the provider knows to the account of whoever is logged in here.
    Link,
}

/// A login under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Names the login, in base64.
    id: String,
    provider: String,
    purpose: Purpose,
    pub(crate) redirect_uri: String,
    /// When it was begun, in seconds since 1970.
    at: i64,
    /// The hash of the client's key, in base64.
    key: String,
}

/// A state in its two forms.
pub(crate) struct Begun {
    /// For the address.
    pub(crate) sent: String,
    /// For the client to keep.
    pub(crate) kept: String,
}

impl State {
    /// Begins a login.
    pub(crate) fn begin(
        app: &App,
        tenant: &TenantId,
        provider: &str,
        purpose: Purpose,
        redirect_uri: &str,
    ) -> Result<(Self, Begun), Error> {
        let key = app.random::<32>()?;
        let state = Self {
            id: text(&app.random::<16>()?),
            provider: provider.to_owned(),
            purpose,
            redirect_uri: redirect_uri.to_owned(),
            at: app.now().as_second(),
            key: text(&hash_of(&key)),
        };
        let sent = app.keys.seal(LABEL, tenant, serde_json::to_vec(&state).map_err(Error::internal)?)?;
        let kept = [&sent, ".", &text(&key)].concat();
        Ok((state, Begun { sent, kept }))
    }

    /// Opens what a client kept: nothing where it is another tenant's, provider's, purpose's or client's, or too old.
    pub(crate) fn open(app: &App, tenant: &TenantId, provider: &str, purpose: Purpose, kept: &str) -> Option<Self> {
        let (sent, key) = kept.split_once('.')?;
        let state: Self = serde_json::from_slice(&app.keys.unseal(LABEL, tenant, sent)?).ok()?;
        let key = BASE64URL_NOPAD.decode(key.as_bytes()).ok()?;
        state.fits(provider, purpose, &key, app.now()).then_some(state)
    }

    fn fits(&self, provider: &str, purpose: Purpose, key: &[u8], now: Timestamp) -> bool {
        self.provider == provider
            && self.purpose == purpose
            && (0..LIFE_SECS).contains(&(now.as_second() - self.at))
            && verify_slices_are_equal(text(&hash_of(key)).as_bytes(), self.key.as_bytes()).is_ok()
    }

    /// Uses the state up. `false`: it was used before.
    pub(crate) async fn use_up(&self, app: &App, tenant: &TenantId) -> Result<bool, Error> {
        let key = sha256(&[b"login-state", self.id.as_bytes()]);
        let attempt = app.random()?;
        let activity = app.store.tenant(tenant);
        let remembered = activity.activity().remember(key, [0; 32], attempt, app.now()).await?;
        Ok(remembered == Remembered::New)
    }

    /// The verifier of PKCE (RFC 7636, 4.1): 43 characters that this program alone can make, of this state alone.
    pub(crate) fn verifier(&self, app: &App, tenant: &TenantId) -> String {
        text(&app.keys.mac("login-verifier", &[tenant.as_str().as_bytes(), self.id.as_bytes()]))
    }

    /// The challenge of the verifier, by S256.
    pub(crate) fn challenge(&self, app: &App, tenant: &TenantId) -> String {
        text(digest::digest(&SHA256, self.verifier(app, tenant).as_bytes()).as_ref())
    }

    /// What the ID token has to name.
    pub(crate) fn nonce(&self, app: &App, tenant: &TenantId) -> String {
        text(&app.keys.mac("login-nonce", &[tenant.as_str().as_bytes(), self.id.as_bytes()]))
    }
}

fn hash_of(key: &[u8]) -> [u8; 32] {
    sha256(&[b"login-key", key])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_good_for_its_provider_purpose_and_client_for_ten_minutes() {
        let state = State {
            id: "i".into(),
            provider: "google".into(),
            purpose: Purpose::Login,
            redirect_uri: "https://shop.example.org/back".into(),
            at: 1_000,
            key: text(&hash_of(b"key")),
        };
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(state.fits("google", Purpose::Login, b"key", at(1_000)));
        assert!(state.fits("google", Purpose::Login, b"key", at(1_000 + LIFE_SECS - 1)));
        assert!(!state.fits("google", Purpose::Login, b"key", at(1_000 + LIFE_SECS)), "too old");
        assert!(!state.fits("google", Purpose::Login, b"key", at(999)), "not begun");
        assert!(!state.fits("other", Purpose::Login, b"key", at(1_000)));
        assert!(!state.fits("google", Purpose::Link, b"key", at(1_000)));
        assert!(!state.fits("google", Purpose::Login, b"", at(1_000)));
    }
}
