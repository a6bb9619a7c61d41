//! Machine clients: requests that are signed with an API key instead of carrying a token. What is understood is described
//! in docs/api-keys.md, and read by [`crate::signature`].
//!
//! A key is a caller of its own: its user id has the key's bytes, and what it orders or organises belongs to it. It may do
//! what its role may, of that what its scopes name, and nothing in the areas where people look after themselves.
//!
//! **Invariant:** whatever is wrong with a signature, the answer is the same. A nonce is spent only once everything else is
//! right, so that nobody can spend another's.

use std::sync::Arc;

use data_encoding::BASE64;
use domain::{
    Timestamp,
    id::{Id as _, KeyId, LoginId},
    tenant::TenantId,
};
use moka::future::Cache;
use store::ApiKey;

use crate::{
    App, Call, Error, Identity,
    session_cache::FRESH_MS,
    signature::{Message, Signed},
};

/// Seconds by which the clock of a client may differ from ours.
pub const SKEW_SECS: i64 = 300;
/// Seconds for which a nonce is known: longer than any signature that carries it counts.
const NONCE_SECS: i64 = 2 * SKEW_SECS + 60;
/// Under which secrets are sealed.
const SEALED: &str = "api-key";
/// Keys that a process remembers.
const REMEMBERED: u64 = 10_000;

/// Every scope that a key can have. What is missing is no machine's: `identity` is where people look after their
/// own accounts, and a key that could make keys could outlive its own end.
pub const SCOPES: [&str; 17] = [
    "catalogue:read",
    "catalogue:write",
    "door:read",
    "door:write",
    "orders:read",
    "orders:write",
    "payments:read",
    "payments:write",
    "rail:read",
    "rail:write",
    "security:read",
    "tenancy:read",
    "tenancy:write",
    "tickets:read",
    "tickets:write",
    "venues:read",
    "venues:write",
];

/// The scope that an operation of this area asks for; nothing where no key may call it.
pub fn scope(area: &str, changes: bool) -> Option<&'static str> {
    let action = if changes { "write" } else { "read" };
    SCOPES.into_iter().find(|scope| scope.split_once(':') == Some((area, action)))
}

/// What this process saw of keys lately.
#[derive(Clone, Debug)]
pub(crate) struct Machines(Cache<(TenantId, KeyId), Seen>);

#[derive(Clone, Debug)]
struct Seen {
    key: Option<Arc<ApiKey>>,
    at: Timestamp,
}

/// A key that signed.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) tenant: TenantId,
    pub(crate) key: Arc<ApiKey>,
}

impl Machine {
    /// Whom it acts as.
    pub(crate) fn identity(&self) -> Identity {
        let login = LoginId::from_bytes(self.key.id.bytes());
        Identity { user: self.key.principal(), role: self.key.role, login }
    }

    /// Whether its scopes allow an operation of this area.
    pub(crate) fn may(&self, area: &str, changes: bool) -> bool {
        scope(area, changes).is_some_and(|scope| self.key.scopes.iter().any(|own| own == scope))
    }
}

impl Machines {
    pub(crate) fn new() -> Self {
        Self(Cache::new(REMEMBERED))
    }

    /// Whose signature a request carries; nothing where anything is wrong with it.
    pub(crate) async fn signer(&self, app: &App, call: &Call, now: Timestamp) -> Result<Option<Machine>, Error> {
        let message = Message {
            method: call.target.method.as_str(),
            path: &call.target.path,
            query: &call.target.query,
            headers: &call.request.headers,
            body: &call.request.body,
        };
        let Some(signed) = Signed::read(message.headers) else { return Ok(None) };
        let is_recent = (now.as_second() - signed.created).abs() <= SKEW_SECS;
        let is_fair = is_recent && is_nonce(signed.nonce) && signed.covers_enough(&message) && message.has_its_digest();
        let (true, Some((tenant, id))) = (is_fair, named(signed.key)) else { return Ok(None) };
        let Some(key) = self.find(app, &tenant, id, now).await?.filter(|key| !key.is_over(now)) else {
            return Ok(None);
        };
        let Some(secret) = app.keys.unseal(SEALED, &tenant, &key.secret) else { return Ok(None) };
        if !signed.is_of(&message, &secret) {
            return Ok(None);
        }
        let of_tenant = app.store.tenant(&tenant);
        let is_first = of_tenant.api_keys().spend(id, signed.nonce, &call.request.id, now, NONCE_SECS).await?;
        Ok(is_first.then_some(Machine { tenant, key }))
    }

    async fn find(
        &self,
        app: &App,
        tenant: &TenantId,
        id: KeyId,
        now: Timestamp,
    ) -> Result<Option<Arc<ApiKey>>, Error> {
        let name = (tenant.clone(), id);
        if let Some(seen) = self.0.get(&name).await
            && (0..FRESH_MS).contains(&(now.as_millisecond() - seen.at.as_millisecond()))
        {
            return Ok(seen.key);
        }
        let key = app.store.tenant(tenant).api_keys().find(id).await?.map(Arc::new);
        self.0.insert(name, Seen { key: key.clone(), at: now }).await;
        Ok(key)
    }

    /// Forgets a key, for the process that removes it itself.
    pub(crate) async fn forget(&self, tenant: &TenantId, id: KeyId) {
        self.0.invalidate(&(tenant.clone(), id)).await;
    }
}

impl App {
    /// Draws the secret of a new key: as the client is told it, and sealed for us.
    ///
    /// # Errors
    /// `internal` where the system gives no randomness.
    pub fn machine_secret(&self, tenant: &TenantId) -> Result<(String, String), Error> {
        let secret: [u8; 32] = self.random()?;
        Ok((BASE64.encode(&secret), self.keys.seal(SEALED, tenant, secret.to_vec())?))
    }

    /// Forgets what was seen of a key, for the process that removes it itself. Others notice within [`FRESH_MS`].
    pub async fn forget_key(&self, tenant: &TenantId, id: KeyId) {
        self.machines.forget(tenant, id).await;
    }
}

/// How a key is named in a signature: `demo/key_…`. The tenant is part of it, for nothing else that is signed says it.
pub fn key_name(tenant: &TenantId, id: KeyId) -> String {
    format!("{tenant}/{id}")
}

fn named(key: &str) -> Option<(TenantId, KeyId)> {
    let (tenant, id) = key.split_once('/')?;
    Some((tenant.parse().ok()?, id.parse().ok()?))
}

/// Long enough that no two are alike by chance.
fn is_nonce(nonce: &str) -> bool {
    (16..=64).contains(&nonce.len()) && nonce.bytes().all(|it| it.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_an_area_and_whether_it_changes_something() {
        assert_eq!(scope("orders", true), Some("orders:write"));
        assert_eq!(scope("security", false), Some("security:read"));
        for (area, changes) in
            [("security", true), ("identity", false), ("identity", true), ("service", false), ("", true)]
        {
            assert_eq!(scope(area, changes), None, "{area}");
        }
        assert!(SCOPES.is_sorted());
    }

    #[test]
    fn a_key_is_named_with_its_tenant() {
        let (tenant, id) = ("demo".parse::<TenantId>().unwrap(), KeyId::from_bytes([1; 16]));
        assert_eq!(named(&key_name(&tenant, id)), Some((tenant, id)));
        for wrong in
            ["", "demo", "/key_1", "demo/usr_00000000000000000000000000", "De#mo/key_00000000000000000000000000"]
        {
            assert_eq!(named(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_nonce_is_16_to_64_visible_characters() {
        assert!(is_nonce("0123456789abcdef") && is_nonce(&"x".repeat(64)));
        assert!(!is_nonce("") && !is_nonce("0123456789abcde") && !is_nonce(&"x".repeat(65)));
        assert!(!is_nonce("0123456789 abcdef"));
    }
}
