//! A small OpenID provider over HTTP. It checks what a real one checks, and can be told to misbehave.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use app::clock::Clock;
use aws_lc_rs::digest::{SHA256, SHA512, digest};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Value, json};

use super::{
    keys::{Key, unsigned},
    server::{Asked, Said, Server, decode, fields},
};
use crate::client::Web;

pub(super) const CLIENT: &str = "onsale client";
/// Has what has to be encoded twice.
pub(super) const SECRET: &str = "s3cr:et/+%é";
pub(super) const BACK: &str = "https://shop.example.org/back?from=idp";

/// How a provider can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mischief {
    None,
    WrongNonce,
    NoNonce,
    WrongAudience,
    MoreAudiences,
    WrongParty,
    OtherIssuer,
    Expired,
    FromTheFuture,
    AlgNone,
    HmacWithPublicKey,
    UnknownKid,
    AnothersKey,
    Critical,
    WrongAtHash,
    NoSubject,
    NoIdToken,
    NoJson,
}

impl Mischief {
    pub(super) const ALL: [Self; 17] = [
        Self::WrongNonce,
        Self::NoNonce,
        Self::WrongAudience,
        Self::MoreAudiences,
        Self::WrongParty,
        Self::OtherIssuer,
        Self::Expired,
        Self::FromTheFuture,
        Self::AlgNone,
        Self::HmacWithPublicKey,
        Self::UnknownKid,
        Self::AnothersKey,
        Self::Critical,
        Self::WrongAtHash,
        Self::NoSubject,
        Self::NoIdToken,
        Self::NoJson,
    ];
}

/// A code that was given out.
struct Given {
    redirect_uri: String,
    challenge: String,
    nonce: String,
    person: Value,
}

pub(super) struct Idp {
    server: Server,
    desk: Arc<Mutex<Desk>>,
}

/// What the provider knows.
pub(super) struct Desk {
    base: String,
    clock: Clock,
    codes: BTreeMap<String, Given>,
    /// Those that are published; the last one signs.
    pub(super) keys: Vec<Key>,
    pub(super) mischief: Mischief,
    /// Whether the client proves itself by HTTP Basic; else by the form.
    pub(super) basic: bool,
    /// How the discovery document names the issuer, where that is wrong.
    pub(super) alias: Option<String>,
    /// Requests by path.
    pub(super) served: BTreeMap<String, usize>,
    number: usize,
}

impl Idp {
    pub(super) async fn open(clock: &Clock, key: Key) -> Self {
        let desk = Arc::new(Mutex::new(Desk {
            base: String::new(),
            clock: clock.clone(),
            codes: BTreeMap::new(),
            keys: vec![key],
            mischief: Mischief::None,
            basic: true,
            alias: None,
            served: BTreeMap::new(),
            number: 0,
        }));
        let behind = Arc::clone(&desk);
        let server = Server::start(Arc::new(move |asked| behind.lock().unwrap().answer(&asked))).await;
        desk.lock().unwrap().base.clone_from(&server.base);
        Self { server, desk }
    }

    pub(super) fn issuer(&self) -> String {
        self.server.base.clone()
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap()
    }

    pub(super) fn served(&self, path: &str) -> usize {
        self.desk().served.get(path).copied().unwrap_or_default()
    }

    /// Does what a browser and its user do: goes where it is sent, and says who is there. The code and the state that
    /// stand in the address it comes back to.
    pub(super) async fn visit(&self, url: &str, person: &Value) -> (String, String) {
        let url = [url, "&person=", &person.to_string().replace('"', "%22").replace(' ', "%20")].concat();
        let answer = Web::new(&self.server.base).send("GET", &url, &[], "").await;
        assert_eq!(answer.status, 302, "{answer}");
        let location = answer.header("location").to_owned();
        let query = location.strip_prefix(&format!("{BACK}&")).unwrap_or_else(|| panic!("{location}"));
        let query = fields(query);
        (query["code"].clone(), query["state"].clone())
    }
}

impl Desk {
    fn answer(&mut self, asked: &Asked) -> Said {
        *self.served.entry(asked.path.clone()).or_default() += 1;
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/.well-known/openid-configuration") => Said::json(200, &self.discovery()),
            ("GET", "/keys") => {
                let keys: Vec<Value> = self.keys.iter().map(Key::jwk).collect();
                Said::json(200, &json!({ "keys": keys }))
            }
            ("GET", "/authorize") => self.authorize(&asked.query),
            ("POST", "/token") => self.token(asked),
            _ => Said::json(404, &json!({"error": "not_found"})),
        }
    }

    fn discovery(&self) -> Value {
        let base = &self.base;
        let method = if self.basic { "client_secret_basic" } else { "client_secret_post" };
        json!({
            "issuer": self.alias.as_ref().unwrap_or(base),
            "authorization_endpoint": format!("{base}/authorize"),
            "token_endpoint": format!("{base}/token"),
            "jwks_uri": format!("{base}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "EdDSA", "HS256", "none"],
            "token_endpoint_auth_methods_supported": [method],
            "code_challenge_methods_supported": ["S256"],
        })
    }

    fn authorize(&mut self, query: &BTreeMap<String, String>) -> Said {
        let is = |name: &str, value: &str| query.get(name).is_some_and(|it| it == value);
        let scoped = query.get("scope").is_some_and(|scope| scope.split(' ').any(|scope| scope == "openid"));
        let asked = is("client_id", CLIENT) && is("response_type", "code") && is("redirect_uri", BACK) && scoped;
        if !asked || !is("code_challenge_method", "S256") || query.get("code_challenge").is_none_or(String::is_empty) {
            return Said::json(400, &json!({"error": "invalid_request", "query": query}));
        }
        self.number += 1;
        let code = format!("code-{} /{:x}", self.number, fastrand::u64(..));
        let given = Given {
            redirect_uri: query["redirect_uri"].clone(),
            challenge: query["code_challenge"].clone(),
            nonce: query.get("nonce").cloned().unwrap_or_default(),
            person: serde_json::from_str(&query["person"]).unwrap(),
        };
        let back = format!("{BACK}&code={}&state={}", code.replace(' ', "%20"), query["state"]);
        self.codes.insert(code, given);
        Said::redirect(back)
    }

    fn token(&mut self, asked: &Asked) -> Said {
        let refuse = |status, error| Said::json(status, &json!({ "error": error }));
        if !self.is_client(asked) {
            return refuse(401, "invalid_client");
        }
        let field = |name: &str| asked.form.get(name).map_or("", String::as_str);
        // A code is good once, whatever becomes of it.
        let Some(given) = self.codes.remove(field("code")) else { return refuse(400, "invalid_grant") };
        let proof = BASE64URL_NOPAD.encode(digest(&SHA256, field("code_verifier").as_bytes()).as_ref());
        if field("grant_type") != "authorization_code"
            || field("redirect_uri") != given.redirect_uri
            || proof != given.challenge
        {
            return refuse(400, "invalid_grant");
        }
        match self.mischief {
            Mischief::NoIdToken => Said::json(200, &json!({"access_token": "access", "token_type": "Bearer"})),
            Mischief::NoJson => Said { body: "<html>".to_owned(), ..Said::json(200, &Value::Null) },
            _ => {
                let token = self.id_token(&given);
                Said::json(200, &json!({"access_token": "access", "token_type": "Bearer", "id_token": token}))
            }
        }
    }

    fn is_client(&self, asked: &Asked) -> bool {
        let field = |name: &str| asked.form.get(name).map(String::as_str);
        if !self.basic {
            return asked.authorization.is_none()
                && field("client_id") == Some(CLIENT)
                && field("client_secret") == Some(SECRET);
        }
        let shown = asked.authorization.as_deref().and_then(|header| header.strip_prefix("Basic "));
        let shown = shown.and_then(|pair| String::from_utf8(BASE64.decode(pair.as_bytes()).ok()?).ok());
        let pair = shown.as_deref().and_then(|pair| pair.split_once(':'));
        pair.is_some_and(|(id, secret)| decode(id) == CLIENT && decode(secret) == SECRET)
            && field("client_secret").is_none()
    }

    fn id_token(&self, given: &Given) -> String {
        let (key, now) = (self.keys.last().unwrap(), self.clock.now().as_second());
        let claims = self.claims(given, key, now);
        let header = json!({"alg": key.algorithm(), "kid": key.kid, "typ": "JWT"});
        match self.mischief {
            Mischief::AlgNone => unsigned(&claims),
            Mischief::HmacWithPublicKey => key.confused(&claims),
            Mischief::UnknownKid => key.token(&json!({"alg": key.algorithm(), "kid": "unknown"}), &claims),
            Mischief::AnothersKey => Key::ed25519("x").token(&json!({"alg": "EdDSA", "kid": key.kid}), &claims),
            Mischief::Critical => {
                key.token(&json!({"alg": key.algorithm(), "kid": key.kid, "crit": ["b64"], "b64": true}), &claims)
            }
            _ => key.token(&header, &claims),
        }
    }

    fn claims(&self, given: &Given, key: &Key, now: i64) -> Value {
        let hash = digest(if key.algorithm() == "EdDSA" { &SHA512 } else { &SHA256 }, b"access");
        let half = BASE64URL_NOPAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2]);
        let mut claims = json!({
            "iss": self.base, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": given.nonce, "at_hash": half,
            // Claims by which nobody becomes anything.
            "role": "platform", "roles": ["admin"], "groups": ["staff"],
        });
        claims.as_object_mut().unwrap().extend(given.person.as_object().unwrap().clone());
        let (name, value) = match self.mischief {
            Mischief::WrongNonce => ("nonce", json!("another")),
            Mischief::NoNonce => ("nonce", Value::Null),
            Mischief::WrongAudience => ("aud", json!("somebody else")),
            Mischief::MoreAudiences => ("aud", json!([CLIENT, "somebody else"])),
            Mischief::WrongParty => ("azp", json!("somebody else")),
            Mischief::OtherIssuer => ("iss", json!("https://accounts.google.com")),
            Mischief::Expired => ("exp", json!(now - 61)),
            Mischief::FromTheFuture => ("iat", json!(now + 61)),
            Mischief::WrongAtHash => ("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
            Mischief::NoSubject => ("sub", json!("")),
            _ => return claims,
        };
        claims[name] = value;
        claims
    }
}
