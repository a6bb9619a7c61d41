//! Keys, all derived from one master secret, and the hashes and identifiers made with them.
//!
//! Derived keys need no storage: changing `ONSALE_SECRET` changes all of them. A label keeps each use apart: what was made
//! with one key proves nothing under another. The keys of access tokens are derived by number, so that they can be replaced
//! without the secret ([0018](../../../docs/decisions/0018-signing-keys-by-number.md)).

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    constant_time::verify_slices_are_equal,
    digest,
    error::Unspecified,
    hmac,
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};
use data_encoding::BASE64URL_NOPAD;
use domain::{
    Timestamp,
    id::{Id, OrderId, RefundId, UserId},
    payment::Provider,
    tenant::TenantId,
};

pub use store::keys::ticket_id;

use crate::{Error, token::TokenKeys};

/// The keys of one installation.
pub struct Keys {
    master: hmac::Key,
    orders: hmac::Key,
    /// Those that were asked for, by tenant: deriving one takes longer than signing with it.
    tickets: Mutex<HashMap<TenantId, Arc<TicketKey>>>,
    pub(crate) tokens: TokenKeys,
}

/// Tenants whose key of ticket codes is remembered at once; beyond that all are forgotten.
const REMEMBERED: usize = 1_024;

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// Derives the keys; access tokens are signed with the first of theirs.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self::with_token_key(secret, 1)
    }

    /// Derives the keys; access tokens are signed with the one of this number.
    pub fn with_token_key(secret: &[u8; 32], number: u32) -> Self {
        let master = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let tokens = TokenKeys::new(number, |number| hash_with(&master, &[b"access-token", &number.to_be_bytes()]));
        let orders = hmac::Key::new(hmac::HMAC_SHA256, &hash_with(&master, &[b"order-id"]));
        Self { tokens, master, orders, tickets: Mutex::default() }
    }

    /// A keyed hash that nobody else can make. The label names the use; the parts cannot run into each other.
    pub fn mac(&self, label: &str, parts: &[&[u8]]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &hash_with(&self.master, &[b"mac", label.as_bytes()]));
        hash_with(&key, parts)
    }

    /// Whether `mac` is what [`Keys::mac`] makes, in a time that tells nothing.
    pub fn is_mac(&self, label: &str, parts: &[&[u8]], mac: &[u8]) -> bool {
        verify_slices_are_equal(&self.mac(label, parts), mac).is_ok()
    }

    /// Seals bytes for a tenant, so that nobody else can read, make or change them, or use them with another tenant or under
    /// another label. As text that stands in an address.
    ///
    /// # Errors
    /// `internal` where the system gives no randomness.
    pub fn seal(&self, label: &str, tenant: &TenantId, mut bytes: Vec<u8>) -> Result<String, Error> {
        let refused = |_| Error::internal("the system seals nothing");
        let key = self.seal_key(label).map_err(refused)?;
        let nonce = key.seal_in_place_append_tag(Aad::from(tenant.as_str()), &mut bytes).map_err(refused)?;
        Ok(BASE64URL_NOPAD.encode(&[nonce.as_ref().as_slice(), &bytes].concat()))
    }

    /// Opens what [`Keys::seal`] sealed for this tenant under this label; nothing where it is anything else.
    pub fn unseal(&self, label: &str, tenant: &TenantId, sealed: &str) -> Option<Vec<u8>> {
        let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        let (nonce, mut bytes) = (bytes.get(..NONCE_LEN)?, bytes.get(NONCE_LEN..)?.to_vec());
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self.seal_key(label).ok()?.open_in_place(nonce, Aad::from(tenant.as_str()), &mut bytes).ok()?;
        Some(opened.to_vec())
    }

    fn seal_key(&self, label: &str) -> Result<RandomizedNonceKey, Unspecified> {
        RandomizedNonceKey::new(&AES_256_GCM, &hash_with(&self.master, &[b"seal", label.as_bytes()]))
    }

    /// The key that signs a tenant's ticket codes.
    pub fn ticket(&self, tenant: &TenantId) -> Arc<TicketKey> {
        let mut known = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known.get(tenant) {
            return Arc::clone(key);
        }
        if known.len() >= REMEMBERED {
            known.clear();
        }
        let pair = key_pair(&hash_with(&self.master, &[b"ticket", tenant.as_str().as_bytes()]));
        Arc::clone(known.entry(tenant.clone()).or_insert_with(|| Arc::new(TicketKey(pair))))
    }

    /// Makes an order's id: a version 7 UUID of 48 bits of time, 26 bits of chance (the first of `nonce`), and 48 bits
    /// that only this key can make for this tenant and user. So who owns an order that is not written yet can be told from
    /// its id alone, and nobody can make up an id that is waited for.
    pub fn order_id(&self, tenant: &TenantId, user: UserId, now: Timestamp, nonce: [u8; 4]) -> OrderId {
        let mut bytes = [0; 16];
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
        // RFC 9562, 5.7: four bits of version before the first 12 bits of chance, two bits of variant before the rest.
        let chance = u32::from_be_bytes(nonce) >> 6;
        let [_, first, second, third] = (chance >> 14).to_be_bytes();
        debug_assert_eq!(first, 0, "12 bits fill no third byte");
        bytes[6] = 0x70 | second;
        bytes[7] = third;
        let [.., fourth, fifth] = (chance & 0x3fff).to_be_bytes();
        bytes[8] = 0x80 | fourth;
        bytes[9] = fifth;
        let proof = self.order_proof(tenant, user, &bytes[..10]);
        bytes[10..].copy_from_slice(&proof);
        OrderId::from_bytes(bytes)
    }

    /// Whether the id was made for this tenant and user, told in constant time.
    pub fn is_order_id_of(&self, tenant: &TenantId, user: UserId, order: OrderId) -> bool {
        let bytes = order.bytes();
        verify_slices_are_equal(&self.order_proof(tenant, user, &bytes[..10]), &bytes[10..]).is_ok()
    }

    fn order_proof(&self, tenant: &TenantId, user: UserId, time_and_chance: &[u8]) -> [u8; 6] {
        first(&hash_with(&self.orders, &[tenant.as_str().as_bytes(), &user.bytes(), time_and_chance]))
    }
}

/// The Ed25519 key of one tenant's ticket codes.
pub struct TicketKey(Ed25519KeyPair);

impl fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketKey")
    }
}

impl TicketKey {
    /// The number by which codes name the key.
    pub const NUMBER: u8 = 1;

    /// Signs.
    pub fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        first(self.0.sign(bytes).as_ref())
    }

    /// Whether the signature is of these bytes.
    pub fn verify(&self, bytes: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0.public_key().as_ref()).verify(bytes, signature).is_ok()
    }

    /// The public key, for scanners without a connection.
    pub fn public(&self) -> [u8; 32] {
        first(self.0.public_key().as_ref())
    }
}

/// A hash of several parts that cannot run into each other.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&length(part));
        context.update(part);
    }
    first(context.finish().as_ref())
}

/// The id of the refund of a capture that nobody asked to be refunded: a notice told twice gives the money back once.
pub fn refund_id_of_capture(provider: Provider, capture: &str) -> RefundId {
    RefundId::from_bytes(first(&sha256(&[b"refund", provider.word().as_bytes(), capture.as_bytes()])))
}

fn hash_with(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&length(part));
        context.update(part);
    }
    first(context.sign().as_ref())
}

/// Goes before a part, so that `["ab", "c"]` and `["a", "bc"]` differ.
fn length(part: &[u8]) -> [u8; 8] {
    (part.len() as u64).to_be_bytes()
}

/// The first bytes of a longer slice.
fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[..N]);
    out
}

#[expect(clippy::expect_used, reason = "any 32 bytes are a seed; the type leaves no other length")]
pub(crate) fn key_pair(seed: &[u8; 32]) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(seed).expect("32 bytes are a seed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::new(&[7; 32])
    }

    fn tenant(name: &str) -> TenantId {
        name.parse().unwrap()
    }

    fn now() -> Timestamp {
        Timestamp::from_millisecond(1_767_225_600_123).unwrap()
    }

    #[test]
    fn parts_do_not_run_into_each_other_and_labels_differ() {
        assert_ne!(sha256(&[b"ab", b"c"]), sha256(&[b"a", b"bc"]));
        assert_ne!(sha256(&[b"a"]), sha256(&[b"a", b""]));
        assert_ne!(keys().mac("one", &[b"a"]), keys().mac("two", &[b"a"]));
        assert_ne!(keys().mac("one", &[b"a"]), Keys::new(&[8; 32]).mac("one", &[b"a"]));
        assert!(keys().is_mac("one", &[b"a"], &keys().mac("one", &[b"a"])));
        assert!(!keys().is_mac("one", &[b"a"], b""));
    }

    #[test]
    fn an_order_id_is_a_version_7_uuid_of_its_time() {
        let user = UserId::from_bytes([3; 16]);
        for nonce in [[0; 4], [0xff; 4], [0xde, 0xad, 0xbe, 0xef]] {
            let id = keys().order_id(&tenant("demo"), user, now(), nonce);
            assert_eq!(id.created(), now());
            assert_eq!((id.bytes()[6] >> 4, id.bytes()[8] >> 6), (7, 2));
        }
    }

    #[test]
    fn the_chance_in_an_order_id_is_the_first_26_bits() {
        let id = |nonce: u32| keys().order_id(&tenant("demo"), UserId::from_bytes([3; 16]), now(), nonce.to_be_bytes());
        for bit in 6..32 {
            assert_ne!(id(0).bytes()[..10], id(1 << bit).bytes()[..10], "bit {bit}");
        }
        for bit in 0..6 {
            assert_eq!(id(0), id(1 << bit), "bit {bit}");
        }
    }

    #[test]
    fn an_order_id_belongs_to_one_user_of_one_tenant() {
        let (user, other) = (UserId::from_bytes([3; 16]), UserId::from_bytes([4; 16]));
        let id = keys().order_id(&tenant("demo"), user, now(), [1, 2, 3, 4]);
        assert!(keys().is_order_id_of(&tenant("demo"), user, id));
        assert!(!keys().is_order_id_of(&tenant("demo"), other, id));
        assert!(!keys().is_order_id_of(&tenant("dem"), user, id));
        assert!(!Keys::new(&[8; 32]).is_order_id_of(&tenant("demo"), user, id));
        for place in 0..16 {
            let mut bytes = id.bytes();
            bytes[place] ^= 1;
            assert!(!keys().is_order_id_of(&tenant("demo"), user, OrderId::from_bytes(bytes)), "byte {place}");
        }
    }

    #[test]
    fn a_ticket_code_is_signed_for_one_tenant() {
        let key = keys().ticket(&tenant("demo"));
        let signature = key.sign(b"payload");
        assert!(key.verify(b"payload", &signature));
        assert!(!key.verify(b"payloaf", &signature));
        assert!(!key.verify(b"payload", &signature[..63]));
        assert!(!keys().ticket(&tenant("other")).verify(b"payload", &signature));
        assert_eq!(key.public(), keys().ticket(&tenant("demo")).public(), "a key is the same in every process");
    }

    #[test]
    fn what_is_sealed_opens_for_its_tenant_and_label_alone() {
        let (keys, demo) = (keys(), tenant("demo"));
        let sealed = keys.seal("one", &demo, b"a place".to_vec()).unwrap();
        assert_eq!(keys.unseal("one", &demo, &sealed).as_deref(), Some(&b"a place"[..]));
        assert_eq!(keys.unseal("one", &tenant("other"), &sealed), None);
        assert_eq!(keys.unseal("two", &demo, &sealed), None);
        assert_eq!(Keys::new(&[8; 32]).unseal("one", &demo, &sealed), None);
        assert_ne!(keys.seal("one", &demo, b"a place".to_vec()).unwrap(), sealed, "no two are alike");
        for wrong in ["", "A", "AAAA", &sealed[1..], &sealed[..sealed.len() - 1], "!"] {
            assert_eq!(keys.unseal("one", &demo, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn derived_ids_are_stable_and_differ() {
        let order = OrderId::from_bytes([1; 16]);
        assert_eq!(ticket_id(order, 0), ticket_id(order, 0));
        assert_ne!(ticket_id(order, 0), ticket_id(order, 1));
        assert_ne!(refund_id_of_capture(Provider::Sandbox, "a"), refund_id_of_capture(Provider::Sandbox, "b"));
    }
}
