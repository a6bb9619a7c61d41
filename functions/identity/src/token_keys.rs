//! `GET /.well-known/jwks.json`: the keys that verify access tokens (RFC 7517), for services beside this one.

use app::{App, Auth, Caller, Endpoint, Error, Method, Nothing, Operation, Plain, Reply, Route, token::PublicKey};
use data_encoding::BASE64URL_NOPAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The operation.
pub static OPERATION: Operation = Operation::of::<TokenKeys>();

/// The type of the document (RFC 7517, 8.5.2).
const KIND: &str = "application/jwk-set+json";

/// The keys are the same for everybody.
#[derive(Deserialize, JsonSchema)]
struct TokenKeys {}

/// A JSON Web Key Set.
#[derive(Debug, Serialize)]
struct KeySet {
    keys: Vec<Jwk>,
}

/// A public key in the words of RFC 8037, 2.
#[derive(Debug, Serialize)]
struct Jwk {
    kty: &'static str,
    crv: &'static str,
    r#use: &'static str,
    alg: &'static str,
    kid: String,
    x: String,
}

impl Endpoint for TokenKeys {
    const ROUTE: Route = Route {
        name: "token-keys",
        method: Method::Get,
        path: "/.well-known/jwks.json",
        auth: Auth::Open,
        summary: "Read the public keys that access tokens are signed with",
        // The next key is in the set long before it signs, so that nobody who keeps the set for so long misses it.
        cache: Some("public, max-age=3600"),
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Plain;

    async fn handle(self, _: Nothing, _: Caller, app: &'static App) -> Result<Plain, Error> {
        let set = KeySet { keys: app.keys.token_keys().into_iter().map(jwk).collect() };
        Ok(Plain(Reply::raw(KIND, serde_json::to_vec(&set).map_err(Error::internal)?)))
    }
}

fn jwk(key: PublicKey) -> Jwk {
    let x = BASE64URL_NOPAD.encode(&key.bytes);
    Jwk { kty: "OKP", crv: "Ed25519", r#use: "sig", alg: "EdDSA", kid: key.id, x }
}
