//! Tokens as somebody makes them who knows the format, the public key, and for some of them even the private key: those
//! show that a signature alone is not enough.

use aws_lc_rs::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use data_encoding::{BASE64, BASE64URL_NOPAD as BASE64URL};
use serde_json::{Value, json};

use crate::shop::{Person, Shop};

/// Makes tokens out of somebody's good one.
pub(crate) struct Forge {
    pair: Ed25519KeyPair,
    now: i64,
    good: String,
    claims: Value,
}

/// What is wrong with a token, and the token.
pub(crate) type Forged = (String, String);

impl Forge {
    pub(crate) fn of(shop: &Shop, who: &Person) -> Self {
        let good = shop.token(who);
        let claims = BASE64URL.decode(good.split('.').nth(1).unwrap().as_bytes()).unwrap();
        // As the program derives it from its secret.
        let master = hmac::Key::new(hmac::HMAC_SHA256, shop.app().settings.secret.expose());
        let parts = [&12_u64.to_be_bytes()[..], b"access-token", &4_u64.to_be_bytes(), &1_u32.to_be_bytes()];
        let seed = hmac::sign(&master, &parts.concat());
        Self {
            pair: Ed25519KeyPair::from_seed_unchecked(seed.as_ref()).unwrap(),
            now: shop.now().as_second(),
            claims: serde_json::from_slice(&claims).unwrap(),
            good,
        }
    }

    /// With the installation's own signature: taken, if header and claims are.
    pub(crate) fn signed(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        join(&message, self.pair.sign(message.as_bytes()).as_ref())
    }

    /// The claims of the good token, one of them changed.
    pub(crate) fn with(&self, name: &str, value: Value) -> Value {
        let mut claims = self.claims.clone();
        claims[name] = value;
        claims
    }

    /// The good token made once more: shows that the key is the right one.
    pub(crate) fn again(&self) -> String {
        self.signed(&header("EdDSA"), &self.claims)
    }

    /// Everything that has to be refused. `stranger` is somebody else of the same tenant.
    pub(crate) fn all(&self, stranger: &Person) -> Vec<Forged> {
        let mut forged = self.other_algorithms();
        forged.extend(self.other_keys());
        forged.extend(self.other_claims(stranger));
        forged.extend(self.damaged().into_iter().map(|(what, token)| (what.to_owned(), token)));
        forged
    }

    fn other_algorithms(&self) -> Vec<Forged> {
        let mut forged = Vec::new();
        let signature = self.good.rsplit('.').next().unwrap();
        for none in ["none", "None", "NONE", "nOnE", ""] {
            let message = message(&header(none), &self.claims);
            forged.push((format!("alg {none:?} without a signature"), format!("{message}.")));
            forged.push((format!("alg {none:?} with the old signature"), format!("{message}.{signature}")));
        }
        let public = self.pair.public_key().as_ref();
        // SubjectPublicKeyInfo of Ed25519: RFC 8410.
        let der = [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00], public].concat();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64.encode(&der));
        let text = BASE64.encode(public);
        let secrets: [&[u8]; 6] = [public, &der, pem.as_bytes(), text.as_bytes(), b"", b"secret"];
        for (name, algorithm) in
            [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)]
        {
            for (place, secret) in secrets.iter().enumerate() {
                let message = message(&header(name), &self.claims);
                let tag = hmac::sign(&hmac::Key::new(algorithm, secret), message.as_bytes());
                forged.push((format!("{name} with what everybody knows, {place}"), join(&message, tag.as_ref())));
            }
        }
        for other in ["RS256", "PS256", "ES256", "ES384", "Ed25519", "eddsa", "EdDSA ", "HS256"] {
            forged.push((format!("alg {other:?} over our signature"), self.signed(&header(other), &self.claims)));
        }
        forged
    }

    fn other_keys(&self) -> Vec<Forged> {
        let theirs = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
        let key = json!({"kty": "OKP", "crv": "Ed25519", "x": BASE64URL.encode(theirs.public_key().as_ref())});
        let mut forged = Vec::new();
        for (name, value) in [
            ("jwk", key),
            ("jku", json!("http://127.0.0.1:9/keys")),
            ("x5u", json!("http://127.0.0.1:9/cert")),
            ("x5c", json!(["AA=="])),
            ("kid", json!("1")),
        ] {
            let mut header = header("EdDSA");
            header[name] = value;
            let message = message(&header, &self.claims);
            forged
                .push((format!("somebody's key by {name}"), join(&message, theirs.sign(message.as_bytes()).as_ref())));
        }
        let long = "1".repeat(600);
        for kid in [
            json!("2"),
            json!(""),
            json!("../../../../dev/null"),
            json!("1' OR '1'='1"),
            json!("1\u{0}"),
            json!("http://127.0.0.1:9/key"),
            json!(1),
            json!(["1"]),
            Value::Null,
            json!(long),
        ] {
            let mut header = header("EdDSA");
            header["kid"] = kid.clone();
            forged.push((format!("kid {kid}"), self.signed(&header, &self.claims)));
        }
        forged
    }

    fn other_claims(&self, stranger: &Person) -> Vec<Forged> {
        let now = self.now;
        let (user, login) = (stranger.identity.user.to_string(), stranger.identity.login.to_string());
        let claims = [
            ("exp", json!(now)),
            ("exp", json!(now - 1)),
            ("exp", json!(0)),
            ("exp", json!(-1)),
            ("exp", json!("9999999999")),
            ("exp", json!(1e300)),
            ("exp", Value::Null),
            ("nbf", json!(now + 61)),
            ("iat", json!(now + 61)),
            ("aud", json!("another-api")),
            ("aud", json!(["another-api"])),
            ("aud", json!("")),
            ("aud", Value::Null),
            ("iss", json!("somebody")),
            ("iss", Value::Null),
            ("role", json!("root")),
            ("role", json!(["admin"])),
            ("role", Value::Null),
            ("tid", json!("Demo#")),
            ("tid", json!("")),
            ("tid", json!("other")),
            ("sub", json!(user)),
            ("sub", json!("")),
            ("sub", json!(login)),
            ("sid", json!(login)),
            ("sid", json!("")),
            ("sid", Value::Null),
        ];
        let signed = |(name, value): (&str, Value)| {
            (format!("{name} is {value}"), self.signed(&header("EdDSA"), &self.with(name, value)))
        };
        claims.into_iter().map(signed).collect()
    }

    fn damaged(&self) -> Vec<(&'static str, String)> {
        let good = &self.good;
        let [head, claims, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
        let admin = BASE64URL.encode(self.with("role", json!("platform")).to_string().as_bytes());
        let bytes = BASE64URL.decode(signature.as_bytes()).unwrap();
        vec![
            ("another role", format!("{head}.{admin}.{signature}")),
            ("no signature", format!("{head}.{claims}")),
            ("an empty signature", format!("{head}.{claims}.")),
            ("half a signature", format!("{head}.{claims}.{}", &signature[..40])),
            ("a signature of zeros", join(&[head, ".", claims].concat(), &[0; 64])),
            ("a signature by another spelling", join(&[head, ".", claims].concat(), &plus_order(&bytes))),
            ("no claims", format!("{head}..{signature}")),
            ("no header", format!(".{claims}.{signature}")),
            ("four parts", format!("{good}.{signature}")),
            ("a dot behind", format!("{good}.")),
            ("padding", format!("{good}==")),
            ("a blank inside", good.replacen('.', ". ", 1)),
            ("cut off", good[..good.len() / 2].to_owned()),
            ("a letter less", good[..good.len() - 1].to_owned()),
            ("a letter more", format!("{good}A")),
            ("two tokens", format!("{good},{good}")),
            ("no token", "null".to_owned()),
            ("too long a token", format!("{good}{}", "A".repeat(8_000))),
        ]
    }
}

/// The signature with the order of the group added to its scalar: the same to who does not look (RFC 8032, 5.1.7).
fn plus_order(signature: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut sum = signature.to_vec();
    let mut carry = 0;
    for (byte, add) in sum[32..].iter_mut().zip(ORDER) {
        let whole = u16::from(*byte) + u16::from(add) + carry;
        *byte = whole.to_le_bytes()[0];
        carry = whole >> 8;
    }
    sum
}

fn header(algorithm: &str) -> Value {
    json!({"alg": algorithm, "typ": "JWT", "kid": "1"})
}

fn message(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64URL.encode(value.to_string().as_bytes());
    [part(header), part(claims)].join(".")
}

fn join(message: &str, signature: &[u8]) -> String {
    [message, &BASE64URL.encode(signature)].join(".")
}
