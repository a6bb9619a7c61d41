//! An issuer's public keys (RFC 7517).

use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// The algorithms that are believed, where the issuer offers them. None with a shared secret, and not `none`.
pub(super) const ALGORITHMS: [(&str, Algorithm); 3] =
    [("RS256", Algorithm::RS256), ("ES256", Algorithm::ES256), ("EdDSA", Algorithm::EdDSA)];

/// A set of keys. What is not understood is not in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Jwks(Vec<Jwk>);

#[derive(Clone, Debug, Deserialize)]
struct Jwk {
    kid: Option<String>,
    kty: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl Jwks {
    /// Reads a set.
    pub(super) fn read(body: &[u8]) -> Result<Self, serde_json::Error> {
        let document: Document = serde_json::from_slice(body)?;
        Ok(Self(document.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect()))
    }

    /// The key that a token names; where it names none, the only one that there is for the algorithm.
    pub(super) fn find(&self, kid: Option<&str>, word: &str, algorithm: Algorithm) -> Option<DecodingKey> {
        let fits = |key: &&Jwk| {
            key.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
                && key.alg.as_deref().is_none_or(|alg| alg == word)
                && kid.is_none_or(|kid| key.kid.as_deref() == Some(kid))
        };
        let mut keys = self.0.iter().filter(fits).filter_map(|key| key.decoding(algorithm));
        let first = keys.next()?;
        keys.next().is_none().then_some(first)
    }
}

impl Jwk {
    fn decoding(&self, algorithm: Algorithm) -> Option<DecodingKey> {
        let curve = self.crv.as_deref();
        match (algorithm, self.kty.as_str()) {
            (Algorithm::RS256, "RSA") => DecodingKey::from_rsa_components(self.n.as_deref()?, self.e.as_deref()?).ok(),
            (Algorithm::ES256, "EC") if curve == Some("P-256") => {
                DecodingKey::from_ec_components(self.x.as_deref()?, self.y.as_deref()?).ok()
            }
            (Algorithm::EdDSA, "OKP") if curve == Some("Ed25519") => {
                DecodingKey::from_ed_components(self.x.as_deref()?).ok()
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn set(keys: &Value) -> Jwks {
        Jwks::read(serde_json::json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_key_is_found_by_its_name_for_its_algorithm_alone() {
        let one = serde_json::json!({"kid": "a", "kty": "OKP", "crv": "Ed25519", "x": X});
        let keys = set(&serde_json::json!([one, {"kty": "oct", "k": "AA"}, {"nothing": 1}]));
        assert!(keys.find(Some("a"), "EdDSA", Algorithm::EdDSA).is_some());
        assert!(keys.find(None, "EdDSA", Algorithm::EdDSA).is_some(), "there is but one");
        assert!(keys.find(Some("b"), "EdDSA", Algorithm::EdDSA).is_none());
        assert!(keys.find(Some("a"), "RS256", Algorithm::RS256).is_none());
    }

    #[test]
    fn of_two_keys_that_fit_none_is_guessed_and_keys_for_encryption_are_none() {
        let key = |kid: &str, purpose: &str| serde_json::json!({"kid": kid, "kty": "OKP", "crv": "Ed25519", "x": X, "use": purpose});
        let two = set(&serde_json::json!([key("a", "sig"), key("b", "sig")]));
        assert!(two.find(None, "EdDSA", Algorithm::EdDSA).is_none());
        assert!(two.find(Some("b"), "EdDSA", Algorithm::EdDSA).is_some());
        let encryption = set(&serde_json::json!([key("a", "enc")]));
        assert!(encryption.find(Some("a"), "EdDSA", Algorithm::EdDSA).is_none());
    }
}
