//! `GET /.well-known/onsale/ticket-keys.json`: what a scanner needs to verify tickets without a connection.

use app::{App, Auth, Caller, Endpoint, Error, Method, Nothing, Operation, Route, auth::TicketKey};
use data_encoding::BASE64URL_NOPAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The operation.
pub static OPERATION: Operation = Operation::of::<TicketKeys>();

/// Nothing beside the tenant.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct TicketKeys {}

/// The keys that the tenant's tickets are signed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KeySet {
    keys: [PublicKey; 1],
}

/// A public key in the words of a JSON Web Key (RFC 8037, 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PublicKey {
    /// The number by which a ticket's token names the key: its second byte.
    kid: u8,
    /// `OKP`.
    kty: &'static str,
    /// `Ed25519`.
    crv: &'static str,
    /// The 32 bytes of the key in base64url without padding.
    x: String,
}

impl Endpoint for TicketKeys {
    const ROUTE: Route = Route {
        name: "ticket-keys",
        method: Method::Get,
        path: "/.well-known/onsale/ticket-keys.json",
        auth: Auth::Public,
        summary: "Read the public keys that a tenant's ticket codes are signed with",
        cache: Some("public, max-age=300"),
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = KeySet;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<KeySet, Error> {
        Ok(key_set(&app.keys.ticket(caller.tenant()?)))
    }
}

fn key_set(key: &TicketKey) -> KeySet {
    let x = BASE64URL_NOPAD.encode(&key.public());
    KeySet { keys: [PublicKey { kid: TicketKey::NUMBER, kty: "OKP", crv: "Ed25519", x }] }
}

#[cfg(test)]
mod tests {
    use app::auth::Keys;

    use super::*;

    #[test]
    fn a_tenant_has_its_own_key_of_32_bytes() {
        let keys = Keys::new(&[7; 32]);
        let of = |tenant: &str| key_set(&keys.ticket(&tenant.parse().unwrap()));
        let [key] = of("demo").keys;
        assert_eq!(BASE64URL_NOPAD.decode(key.x.as_bytes()).unwrap().len(), 32);
        assert_eq!((key.kid, key.kty, key.crv), (1, "OKP", "Ed25519"));
        assert_ne!(of("demo"), of("other"));
        assert_eq!(of("demo"), of("demo"));
    }
}
