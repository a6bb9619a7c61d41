//! What is known of issuers: their discovery documents and keys, each believed for a quarter of an hour.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use domain::Timestamp;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;

use super::{Oidc, PATIENCE, Trouble, address::check, id_token::IdToken, jwks::Jwks};

/// Seconds for which what an issuer published is believed.
const FRESH_SECS: i64 = 15 * 60;
/// Seconds between two looks at an issuer's keys because of a key that is not known.
const LOOK_SECS: i64 = 60;
/// Issuers that are remembered at once; beyond that all are forgotten.
const REMEMBERED: usize = 256;

/// What this process knows of issuers.
#[derive(Default)]
pub struct Issuers {
    known: Mutex<HashMap<String, Known>>,
}

#[derive(Clone)]
struct Known {
    discovery: Arc<Discovery>,
    at: Timestamp,
    keys: Option<(Arc<Jwks>, Timestamp)>,
}

/// What of a discovery document is used.
#[derive(Debug)]
pub(super) struct Discovery {
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    /// Whether the client proves who it is by HTTP Basic; else by a field of the form.
    pub(super) basic: bool,
    /// The algorithms of ID tokens.
    pub(super) algorithms: Vec<String>,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
}

impl fmt::Debug for Issuers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Issuers")
    }
}

impl Issuers {
    /// The discovery document of an issuer (OpenID Connect Discovery 1.0, 4).
    pub(super) async fn discover(
        &self,
        oidc: &Oidc<'_>,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Arc<Discovery>, Trouble> {
        if let Some(known) = self.known(issuer).filter(|known| is_within(known.at, now, FRESH_SECS)) {
            return Ok(known.discovery);
        }
        check(issuer, oidc.reach)?;
        let address = [issuer.trim_end_matches('/'), "/.well-known/openid-configuration"].concat();
        let document: Document = serde_json::from_slice(&fetch(oidc, &address).await?).map_err(Trouble::failed)?;
        if document.issuer != issuer {
            return Err(Trouble::Refused("the discovery document is another issuer's"));
        }
        let discovery = Arc::new(document.read());
        for endpoint in [&discovery.authorization_endpoint, &discovery.token_endpoint, &discovery.jwks_uri] {
            check(endpoint, oidc.reach)?;
        }
        self.keep(issuer, Known { discovery: Arc::clone(&discovery), at: now, keys: None });
        Ok(discovery)
    }

    /// The key that a token names. One that is not known may be new: the issuer is asked once more, once a minute at most.
    pub(super) async fn key(
        &self,
        oidc: &Oidc<'_>,
        issuer: &str,
        discovery: &Discovery,
        token: &IdToken<'_>,
        now: Timestamp,
    ) -> Result<DecodingKey, Trouble> {
        let find = |keys: &Jwks| keys.find(token.kid.as_deref(), &token.word, token.algorithm);
        let unknown = Trouble::Refused("the ID token's key is not known");
        let kept = self.known(issuer).and_then(|known| known.keys).filter(|(_, at)| is_within(*at, now, FRESH_SECS));
        if let Some((keys, at)) = kept {
            if let Some(key) = find(&keys) {
                return Ok(key);
            }
            if is_within(at, now, LOOK_SECS) {
                return Err(unknown);
            }
        }
        let keys = Arc::new(Jwks::read(&fetch(oidc, &discovery.jwks_uri).await?).map_err(Trouble::failed)?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get_mut(issuer) {
            known.keys = Some((Arc::clone(&keys), now));
        }
        drop(known);
        find(&keys).ok_or(unknown)
    }

    fn known(&self, issuer: &str) -> Option<Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(issuer).cloned()
    }

    fn keep(&self, issuer: &str, new: Known) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(issuer.to_owned(), new);
    }
}

/// Whether a moment is less than so many seconds past. A clock that went back makes everything old.
fn is_within(then: Timestamp, now: Timestamp, seconds: i64) -> bool {
    (0..seconds).contains(&(now.as_second() - then.as_second()))
}

impl Document {
    fn read(self) -> Discovery {
        // What is meant where nothing is said: OpenID Connect Discovery 1.0, 3.
        let methods = self.token_endpoint_auth_methods_supported;
        let supports = |word: &str| methods.as_ref().is_some_and(|methods| methods.iter().any(|method| method == word));
        let algorithms = self.id_token_signing_alg_values_supported.unwrap_or_else(|| vec!["RS256".to_owned()]);
        Discovery {
            basic: supports("client_secret_basic") || !supports("client_secret_post"),
            authorization_endpoint: self.authorization_endpoint,
            token_endpoint: self.token_endpoint,
            jwks_uri: self.jwks_uri,
            algorithms,
        }
    }
}

async fn fetch(oidc: &Oidc<'_>, address: &str) -> Result<Vec<u8>, Trouble> {
    let answer = oidc.web.get(address, &[("accept", "application/json")], PATIENCE).await?;
    if answer.status == 200 {
        Ok(answer.body)
    } else {
        Err(Trouble::failed(format!("the issuer answered {}", answer.status)))
    }
}
