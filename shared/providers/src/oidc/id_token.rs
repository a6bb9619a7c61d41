//! What an ID token has to be (OpenID Connect Core 1.0, 3.1.3.7 and 3.1.3.8).

use aws_lc_rs::digest::{self, SHA256, SHA512};
use data_encoding::BASE64URL_NOPAD;
use domain::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::Deserialize;
use serde_json::Value;

use super::{Claims, Trouble, jwks::ALGORITHMS};

/// Seconds by which the issuer's clock may differ from ours.
const SKEW_SECS: i64 = 60;
/// Characters of a token: no honest one comes near.
const LONGEST: usize = 16 * 1024;
/// Characters of a subject (OpenID Connect Core 1.0, 2).
const LONGEST_SUBJECT: usize = 255;

/// A token that is not believed yet.
pub(super) struct IdToken<'t> {
    signed: &'t str,
    claims: &'t str,
    signature: &'t str,
    pub(super) word: String,
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
}

/// What a token has to fit.
pub(super) struct Expected<'e> {
    pub(super) issuer: &'e str,
    pub(super) client: &'e str,
    pub(super) nonce: &'e str,
    pub(super) access_token: Option<&'e str>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood; we understand none.
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Body {
    iss: String,
    sub: String,
    aud: Value,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    at_hash: Option<String>,
    email: Option<String>,
    email_verified: Option<Value>,
    name: Option<String>,
    picture: Option<String>,
}

fn refused<T>(why: &'static str) -> Result<T, Trouble> {
    Err(Trouble::Refused(why))
}

impl<'t> IdToken<'t> {
    /// Reads the header: enough to know which key to ask for. The algorithm has to be one of ours and of those that the
    /// issuer offers.
    pub(super) fn read(token: &'t str, offered: &[String]) -> Result<Self, Trouble> {
        let parts = (token.len() <= LONGEST).then(|| token.rsplit_once('.')).flatten();
        let Some((signed, signature)) = parts else { return refused("the ID token is none") };
        let Some((head, claims)) = signed.split_once('.').filter(|(_, claims)| !claims.contains('.')) else {
            return refused("the ID token is none");
        };
        let Some(header) = decoded::<Header>(head) else { return refused("the ID token's header cannot be read") };
        if header.crit.is_some() {
            return refused("the ID token wants an extension understood");
        }
        let known = ALGORITHMS.iter().find(|(word, _)| *word == header.alg && offered.contains(&header.alg));
        let Some((_, algorithm)) = known else { return refused("the ID token's algorithm is not taken") };
        Ok(Self { signed, claims, signature, word: header.alg, algorithm: *algorithm, kid: header.kid })
    }

    /// Believes the token, or says why not.
    pub(super) fn verify(&self, key: &DecodingKey, expected: &Expected<'_>, now: Timestamp) -> Result<Claims, Trouble> {
        let genuine = crypto::verify(self.signature, self.signed.as_bytes(), key, self.algorithm);
        if !matches!(genuine, Ok(true)) {
            return refused("the ID token's signature is wrong");
        }
        let Some(body) = decoded::<Body>(self.claims) else { return refused("the ID token's claims cannot be read") };
        self.check(&body, expected, now)?;
        let is_true = |value: &Value| *value == Value::Bool(true) || value == "true";
        let verified = body.email_verified.as_ref().is_some_and(is_true);
        Ok(Claims { subject: body.sub, email: body.email.filter(|_| verified), name: body.name, picture: body.picture })
    }

    fn check(&self, body: &Body, expected: &Expected<'_>, now: Timestamp) -> Result<(), Trouble> {
        let now = now.as_second();
        if body.iss != expected.issuer {
            return refused("the ID token is another issuer's");
        }
        if !is_for(&body.aud, expected.client) || body.azp.as_deref().is_some_and(|azp| azp != expected.client) {
            return refused("the ID token is meant for somebody else");
        }
        if body.exp.saturating_add(SKEW_SECS) <= now {
            return refused("the ID token has ended");
        }
        if body.iat.max(body.nbf.unwrap_or(i64::MIN)) > now + SKEW_SECS {
            return refused("the ID token is from the future");
        }
        if body.nonce.as_deref() != Some(expected.nonce) {
            return refused("the ID token's nonce is not this login's");
        }
        if body.sub.is_empty() || body.sub.len() > LONGEST_SUBJECT {
            return refused("the ID token names nobody");
        }
        match (&body.at_hash, expected.access_token) {
            (Some(hash), Some(token)) if *hash == self.half_hash(token) => Ok(()),
            (None, _) => Ok(()),
            (Some(_), _) => refused("the ID token belongs to another access token"),
        }
    }

    /// The left half of the hash that belongs to the token's own algorithm.
    fn half_hash(&self, text: &str) -> String {
        let algorithm = if self.algorithm == Algorithm::EdDSA { &SHA512 } else { &SHA256 };
        let hash = digest::digest(algorithm, text.as_bytes());
        BASE64URL_NOPAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2])
    }
}

/// Whether the token is for us and nobody else: other audiences are none that we trust.
fn is_for(audience: &Value, client: &str) -> bool {
    match audience {
        Value::String(one) => one == client,
        Value::Array(all) => !all.is_empty() && all.iter().all(|one| one == client),
        _ => false,
    }
}

fn decoded<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).ok()?).ok()
}

#[cfg(test)]
mod tests;
