//! Access tokens: JWT, signed with Ed25519, good for fifteen minutes.
//!
//! The algorithm is fixed here and never read from the token. Times are compared with the application's clock, not the
//! system's, so that tests move both together.

use std::{fmt, sync::OnceLock};

use aws_lc_rs::signature::KeyPair as _;
use domain::{Timestamp, tenant::TenantId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Identity,
    auth::{Keys, key_pair},
};

/// Seconds for which an access token is good.
pub const ACCESS_SECS: i64 = 15 * 60;

/// Seconds by which the clocks of two machines may differ: a token from further in the future was not made by us.
const SKEW_SECS: i64 = 60;

const ISSUER: &str = "onsale";
const AUDIENCE: &str = "onsale-api";
/// Who a token speaks for, before it is known whether the session is alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The tenant.
    pub tenant: TenantId,
    /// The user, role and login.
    pub identity: Identity,
    /// When the token ends.
    pub expires: Timestamp,
}

/// The key that signs, and those that verify: it, the one before, and the one after. The one before, because tokens signed
/// with it live on for a while; the one after, because functions are replaced one by one, and those that are old meet
/// tokens of those that are new.
pub(crate) struct TokenKeys {
    signs: u32,
    known: Vec<TokenKey>,
}

/// A key by its number, which as text is its name in a token's header. Its halves are made when they are first needed: a
/// process that never meets a token of another key never makes it.
struct TokenKey {
    number: u32,
    seed: [u8; 32],
    halves: OnceLock<Halves>,
}

struct Halves {
    signing: EncodingKey,
    checking: DecodingKey,
    public: [u8; 32],
}

/// A key that verifies access tokens, for whoever wants to do so without asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Its name in the header of a token.
    pub id: String,
    /// The 32 bytes of an Ed25519 key.
    pub bytes: [u8; 32],
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKeys")
    }
}

/// The claims, by the names of RFC 7519 where it has them.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: String,
    tid: String,
    role: String,
    sid: String,
    iat: i64,
    exp: i64,
    iss: String,
    aud: String,
    /// Not before. We write none; a token that has one is held to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
}

impl TokenKeys {
    /// Keys around the one that signs, each made of the seed of its number.
    pub(crate) fn new(signs: u32, seed: impl Fn(u32) -> [u8; 32]) -> Self {
        let numbers = signs.saturating_sub(1).max(1)..=signs.saturating_add(1);
        let known = numbers.map(|number| TokenKey { number, seed: seed(number), halves: OnceLock::new() });
        Self { signs, known: known.collect() }
    }

    fn named(&self, id: &str) -> Option<&TokenKey> {
        self.known.iter().find(|key| key.number.to_string() == id)
    }
}

impl TokenKey {
    #[expect(clippy::expect_used, reason = "a key pair that was made can be written down, and is 32 bytes long")]
    fn halves(&self) -> &Halves {
        self.halves.get_or_init(|| {
            let pair = key_pair(&self.seed);
            let private = pair.to_pkcs8().expect("a key pair can be written as PKCS #8");
            let public = pair.public_key().as_ref();
            Halves {
                signing: EncodingKey::from_ed_der(private.as_ref()),
                checking: DecodingKey::from_ed_der(public),
                public: public.try_into().expect("an Ed25519 key has 32 bytes"),
            }
        })
    }
}

impl Keys {
    /// Writes an access token.
    ///
    /// # Errors
    /// `internal` where it cannot be signed.
    pub fn access_token(&self, tenant: &TenantId, identity: &Identity, now: Timestamp) -> Result<String, Error> {
        let claims = Claims {
            sub: identity.user.to_string(),
            tid: tenant.to_string(),
            role: identity.role.to_string(),
            sid: identity.login.to_string(),
            iat: now.as_second(),
            exp: now.as_second() + ACCESS_SECS,
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            nbf: None,
        };
        let id = self.tokens.signs.to_string();
        let key = self.tokens.named(&id).ok_or_else(|| Error::internal("the key that signs is not known"))?;
        let header = Header { kid: Some(id), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &key.halves().signing).map_err(Error::internal)
    }

    /// The keys that verify access tokens, oldest first.
    pub fn token_keys(&self) -> Vec<PublicKey> {
        let known = self.tokens.known.iter();
        known.map(|key| PublicKey { id: key.number.to_string(), bytes: key.halves().public }).collect()
    }

    /// Who an access token speaks for; nothing where it is forged, ended, or meant for something else. Why is nobody's
    /// business.
    pub fn bearer(&self, token: &str, now: Timestamp) -> Option<Bearer> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "sub", "iss", "aud"]);
        // Compared below, with the application's clock.
        validation.validate_exp = false;
        // Of the header, which anybody can write, only the name of a key of ours is believed: never the algorithm.
        let key = self.tokens.named(&jsonwebtoken::decode_header(token).ok()?.kid?)?;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.halves().checking, &validation).ok()?.claims;
        let now = now.as_second();
        let from = claims.iat.max(claims.nbf.unwrap_or(i64::MIN));
        if claims.exp <= now || from > now + SKEW_SECS {
            return None;
        }
        Some(Bearer {
            tenant: claims.tid.parse().ok()?,
            identity: Identity {
                user: claims.sub.parse().ok()?,
                role: claims.role.parse().ok()?,
                login: claims.sid.parse().ok()?,
            },
            expires: Timestamp::from_second(claims.exp).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64URL_NOPAD as BASE64;
    use domain::{
        id::{Id as _, LoginId, UserId},
        user::Role,
    };
    use serde_json::{Value, json};

    use super::*;

    fn keys() -> Keys {
        Keys::new(&[7; 32])
    }

    fn identity() -> Identity {
        Identity { user: UserId::from_bytes([1; 16]), role: Role::Staff, login: LoginId::from_bytes([2; 16]) }
    }

    fn now() -> Timestamp {
        Timestamp::from_second(1_767_225_600).unwrap()
    }

    fn good() -> String {
        keys().access_token(&"demo".parse().unwrap(), &identity(), now()).unwrap()
    }

    fn claims() -> Value {
        serde_json::from_slice(&BASE64.decode(good().split('.').nth(1).unwrap().as_bytes()).unwrap()).unwrap()
    }

    /// A token with these claims, really signed with our key.
    fn signed(header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &halves(&keys(), "1").signing).unwrap()
    }

    fn halves<'k>(keys: &'k Keys, id: &str) -> &'k Halves {
        keys.tokens.named(id).unwrap().halves()
    }

    fn ours() -> Header {
        Header { kid: Some("1".to_owned()), ..Header::new(Algorithm::EdDSA) }
    }

    fn changed(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    /// A token whose header and signature are made up.
    fn forged(header: &Value, signature: &[u8]) -> String {
        let part = |value: &Value| BASE64.encode(value.to_string().as_bytes());
        [part(header), part(&claims()), BASE64.encode(signature)].join(".")
    }

    #[test]
    fn a_token_speaks_for_who_it_was_made_for_until_it_ends() {
        let bearer = keys().bearer(&good(), now()).unwrap();
        assert_eq!((bearer.tenant.as_str(), bearer.identity), ("demo", identity()));
        let at = |secs| Timestamp::from_second(now().as_second() + secs).unwrap();
        assert_eq!(bearer.expires, at(ACCESS_SECS));
        assert!(keys().bearer(&good(), at(ACCESS_SECS - 1)).is_some());
        assert!(keys().bearer(&good(), at(ACCESS_SECS)).is_none(), "no leeway, and by the application's clock");
    }

    #[test]
    fn nothing_but_our_signature_counts() {
        let public = halves(&keys(), "1").public;
        let with_public_as_secret = Header { kid: Some("1".to_owned()), ..Header::new(Algorithm::HS256) };
        let refused = [
            ("no signature", forged(&json!({"alg": "none", "typ": "JWT", "kid": "1"}), b"")),
            ("none, spelled otherwise", forged(&json!({"alg": "NONE", "kid": "1"}), b"")),
            ("zeros", forged(&json!({"alg": "EdDSA", "kid": "1"}), &[0; 64])),
            (
                "the public key as an HMAC secret",
                jsonwebtoken::encode(&with_public_as_secret, &claims(), &EncodingKey::from_secret(&public)).unwrap(),
            ),
            (
                "another installation",
                Keys::new(&[8; 32]).access_token(&"demo".parse().unwrap(), &identity(), now()).unwrap(),
            ),
            ("another key's name", signed(&Header { kid: Some("2".to_owned()), ..ours() }, &claims())),
            ("a key that is too far away", signed(&Header { kid: Some("3".to_owned()), ..ours() }, &claims())),
            ("a key's name otherwise", signed(&Header { kid: Some("01".to_owned()), ..ours() }, &claims())),
            ("no key's name", signed(&Header { kid: None, ..ours() }, &claims())),
            ("nothing", String::new()),
            ("no token", "a.b.c".to_owned()),
            ("half a token", good().rsplit_once('.').unwrap().0.to_owned()),
        ];
        for (what, token) in refused {
            assert_eq!(keys().bearer(&token, now()), None, "{what}");
        }
    }

    #[test]
    fn a_new_key_takes_over_while_the_one_before_still_verifies() {
        let with = |number| Keys::with_token_key(&[7; 32], number);
        let token = |number| with(number).access_token(&"demo".parse().unwrap(), &identity(), now()).unwrap();
        for (signed, verifies, good) in
            [(1, 1, true), (1, 2, true), (2, 1, true), (2, 3, true), (1, 3, false), (3, 1, false)]
        {
            let bearer = with(verifies).bearer(&token(signed), now());
            assert_eq!(bearer.is_some(), good, "signed with {signed}, verified by who signs with {verifies}");
        }
        let ids = |number| with(number).token_keys().into_iter().map(|key| key.id).collect::<Vec<_>>();
        assert_eq!((ids(1), ids(5)), (vec!["1".into(), "2".into()], vec!["4".into(), "5".into(), "6".into()]));
        assert_ne!(with(1).token_keys()[0].bytes, with(2).token_keys()[1].bytes);
        assert_eq!(with(1).token_keys()[1], with(2).token_keys()[1], "the same key whoever derives it");
    }

    #[test]
    fn every_changed_letter_is_noticed() {
        let token = good();
        for place in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            assert_eq!(keys().bearer(&String::from_utf8(bytes).unwrap(), now()), None, "letter {place}");
        }
    }

    #[test]
    fn claims_must_be_meant_for_us() {
        let refused = [
            changed("aud", json!("another-api")),
            changed("aud", Value::Null),
            changed("iss", json!("somebody")),
            changed("exp", json!(now().as_second())),
            changed("exp", json!("soon")),
            changed("iat", json!(now().as_second() + SKEW_SECS + 1)),
            changed("nbf", json!(now().as_second() + SKEW_SECS + 1)),
            changed("role", json!("root")),
            changed("tid", json!("Demo#")),
            changed("sub", json!("log_00000000000000000000000000")),
            changed("sid", json!("")),
        ];
        for good in [claims(), changed("nbf", json!(now().as_second() + SKEW_SECS))] {
            assert!(keys().bearer(&signed(&ours(), &good), now()).is_some());
        }
        for claims in refused {
            assert_eq!(keys().bearer(&signed(&ours(), &claims), now()), None, "{claims}");
        }
    }
}
