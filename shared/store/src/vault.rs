//! What is personal or secret, sealed under a data key of the tenant; and hashes by which it can be found.
//!
//! A data key is 32 random bytes, stored wrapped by a key that this program cannot read (KMS) or that lies beside the data
//! (the local program). It is unwrapped when a process first needs it and kept for an hour. What is sealed names the number
//! of its key, so that a tenant can get a new one while what is there stays readable. It also stands for one place: moved
//! to another tenant, record or field it does not open.

use std::{collections::BTreeMap, fmt, future::Future, pin::Pin, sync::Arc};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hmac,
};
use domain::{Timestamp, tenant::TenantId};
use serde::{Deserialize, Serialize};

use crate::{
    Failed, SORT, Table, Tenant,
    client::{Bytes, Expression, Find, Read, Tables, Wrote, decode, encode, text_of},
    keys,
    lately::Lately,
};

/// The version of what is sealed: AES-256-GCM, a random nonce of 12 bytes, a tag of 16.
const VERSION: u8 = 1;
/// Bytes before the nonce: version and number of the key.
const HEAD: usize = 3;
/// Milliseconds for which an unwrapped key is kept.
const KEPT_MS: i64 = 3_600_000;

/// What a call of a [`KeyWrap`] comes to.
pub type Wrapping<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failed>> + Send + 'a>>;

/// Which data key.
#[derive(Clone, Copy, Debug)]
pub struct KeyName<'a> {
    /// Whose.
    pub tenant: &'a TenantId,
    /// Which of theirs; from 1.
    pub number: u16,
}

/// What is wanted of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// To seal, open and look up.
    Open,
    /// To make a new one.
    Make,
}

/// Whoever wraps data keys: KMS where the program is deployed, a file of its owner's where it is local.
pub trait KeyWrap: fmt::Debug + Send + Sync {
    /// Makes a data key; answers it wrapped.
    fn make<'a>(&'a self, key: KeyName<'a>) -> Wrapping<'a, Vec<u8>>;
    /// Unwraps a data key.
    fn unwrap<'a>(&'a self, key: KeyName<'a>, wrapped: &'a [u8]) -> Wrapping<'a, [u8; 32]>;
    /// Whether what runs may use the keys so. Asked at each use: a key in memory opens nothing by itself.
    fn permit(&self, wanted: KeyUse) -> Result<(), Failed>;
    /// The application's time.
    fn now(&self) -> Timestamp;
}

/// The place that something is sealed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The kind of record, such as `user`.
    pub kind: &'a str,
    /// Its id.
    pub id: &'a [u8],
    /// What of it.
    pub field: &'a str,
}

/// Data keys by tenant.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    wrap: Arc<dyn KeyWrap>,
    known: Arc<Lately<TenantId, Arc<DataKeys>, 1_024, KEPT_MS>>,
}

impl Vault {
    pub(crate) fn new(wrap: Arc<dyn KeyWrap>) -> Self {
        Self { wrap, known: Arc::default() }
    }

    /// The data keys of a tenant.
    async fn keys(&self, tables: &Tables, tenant: &TenantId) -> Result<Arc<DataKeys>, Failed> {
        self.wrap.permit(KeyUse::Open)?;
        // Boxed: what is rarely done would make every future of the store as large as itself.
        self.known.get(tenant.clone(), self.wrap.now(), Box::pin(self.load(tables, tenant))).await
    }

    async fn load(&self, tables: &Tables, tenant: &TenantId) -> Result<Arc<DataKeys>, Failed> {
        let mut seals = BTreeMap::new();
        let mut lookup = None;
        for (number, wrapped) in stored(tables, tenant).await? {
            let key = self.wrap.unwrap(KeyName { tenant, number }, &wrapped).await?;
            // What can be looked up was hashed under the first key, and stays so whatever keys follow.
            lookup.get_or_insert_with(|| derive(&key, b"lookup"));
            seals.insert(number, RandomizedNonceKey::new(&AES_256_GCM, &derive(&key, b"seal")).map_err(unusable)?);
        }
        let lookup = lookup.ok_or(Failed::NoTenant)?;
        Ok(Arc::new(DataKeys { lookup: hmac::Key::new(hmac::HMAC_SHA256, &lookup), seals }))
    }
}

/// The wrapped keys of a tenant, oldest first.
async fn stored(tables: &Tables, tenant: &TenantId) -> Result<Vec<(u16, Vec<u8>)>, Failed> {
    let find = Find::partition(keys::data_keys(tenant), Read::Consistent);
    let items = tables.all(Table::Vault, find).await?;
    let read = items.into_iter().map(|item| {
        let number =
            keys::data_key_number(text_of(&item, SORT)).ok_or_else(|| Failed::corrupt("a data key's number"))?;
        Ok((number, decode::<Record>(item)?.wrapped.0))
    });
    read.collect()
}

#[derive(Serialize, Deserialize)]
struct Record {
    wrapped: Bytes,
}

/// A tenant's keys, unwrapped.
struct DataKeys {
    seals: BTreeMap<u16, RandomizedNonceKey>,
    lookup: hmac::Key,
}

impl fmt::Debug for DataKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKeys(…)")
    }
}

impl DataKeys {
    /// Seals under the newest key.
    fn seal(&self, tenant: &TenantId, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, Failed> {
        let (number, key) = self.seals.last_key_value().ok_or(Failed::NoTenant)?;
        let [high, low] = number.to_be_bytes();
        let head = [VERSION, high, low];
        let mut bytes = plain.to_vec();
        let nonce = key.seal_in_place_append_tag(associated(head, tenant, place), &mut bytes).map_err(unusable)?;
        Ok([head.as_slice(), nonce.as_ref(), &bytes].concat())
    }

    /// Opens; nothing where it was sealed under a key that is not known here.
    fn open(&self, tenant: &TenantId, place: Place<'_>, sealed: &[u8]) -> Result<Option<Vec<u8>>, Failed> {
        let unreadable = || Failed::corrupt("what is sealed is not readable");
        let (head, rest) = sealed.split_first_chunk::<HEAD>().ok_or_else(unreadable)?;
        let [VERSION, high, low] = *head else { return Err(unreadable()) };
        let Some(key) = self.seals.get(&u16::from_be_bytes([high, low])) else { return Ok(None) };
        let (nonce, rest) = rest.split_at_checked(NONCE_LEN).ok_or_else(unreadable)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| unreadable())?;
        let mut bytes = rest.to_vec();
        let opened = key.open_in_place(nonce, associated(*head, tenant, place), &mut bytes);
        opened.map(|plain| Some(plain.to_vec())).map_err(|_| unreadable())
    }
}

/// What is sealed stands for this: each part behind its length, so that no two places give the same bytes.
fn associated(head: [u8; HEAD], tenant: &TenantId, place: Place<'_>) -> Aad<Vec<u8>> {
    let parts: [&[u8]; 5] =
        [&head, tenant.as_str().as_bytes(), place.kind.as_bytes(), place.id, place.field.as_bytes()];
    Aad::from(parts.iter().flat_map(|part| [&(part.len() as u64).to_be_bytes(), *part].concat()).collect::<Vec<_>>())
}

fn derive(key: &[u8; 32], label: &[u8]) -> [u8; 32] {
    mac(&hmac::Key::new(hmac::HMAC_SHA256, key), &[label])
}

fn mac(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    out
}

fn unusable(_: aws_lc_rs::error::Unspecified) -> Failed {
    Failed::KeysUnavailable("a data key cannot be used".to_owned())
}

impl Tenant {
    /// Makes the tenant's first data key, unless there is one. A tenant without one can keep nothing that is personal.
    pub async fn make_first_key(&self) -> Result<(), Failed> {
        if stored(&self.store.tables, &self.id).await?.is_empty() { self.add_key(1).await } else { Ok(()) }
    }

    /// Makes a new data key: what is sealed from now on is sealed under it, and what was sealed before stays readable.
    /// Other processes follow within an hour.
    pub async fn make_next_key(&self) -> Result<(), Failed> {
        let newest = stored(&self.store.tables, &self.id).await?.last().map_or(0, |(number, _)| *number);
        self.add_key(newest.checked_add(1).ok_or_else(|| Failed::corrupt("too many data keys"))?).await
    }

    /// Of two who make the same key at once the first one's counts.
    async fn add_key(&self, number: u16) -> Result<(), Failed> {
        let vault = &self.store.vault;
        vault.wrap.permit(KeyUse::Make)?;
        let wrapped = vault.wrap.make(KeyName { tenant: &self.id, number }).await?;
        let item = encode(keys::data_key(&self.id, number), &Record { wrapped: Bytes(wrapped) })?;
        let absent = Expression::only_if("attribute_not_exists(pk)");
        match self.store.tables.put(Table::Vault, item, absent).await? {
            Wrote::Yes | Wrote::Refused(_) => {}
        }
        vault.known.forget(&self.id);
        Ok(())
    }

    /// Seals something for a place. Nobody else can read it, make it, change it, or use it elsewhere.
    pub async fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, Failed> {
        self.store.vault.keys(&self.store.tables, &self.id).await?.seal(&self.id, place, plain)
    }

    /// Opens what was sealed for this place.
    pub async fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, Failed> {
        let (vault, tables) = (&self.store.vault, &self.store.tables);
        if let Some(plain) = vault.keys(tables, &self.id).await?.open(&self.id, place, sealed)? {
            return Ok(plain);
        }
        // Sealed under a key that was made since this process looked.
        vault.known.forget(&self.id);
        let plain = vault.keys(tables, &self.id).await?.open(&self.id, place, sealed)?;
        plain.ok_or_else(|| Failed::corrupt("what is sealed names a key that there is not"))
    }

    /// A hash by which something is found that must not stand there in clear: the same for the same text, and nobody can
    /// compute it without the tenant's key.
    pub async fn keyed_hash(&self, label: &str, text: &str) -> Result<[u8; 32], Failed> {
        let keys = self.store.vault.keys(&self.store.tables, &self.id).await?;
        Ok(mac(&keys.lookup, &[label.as_bytes(), text.as_bytes()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: Place<'static> = Place { kind: "user", id: &[1; 16], field: "phone" };

    fn data_keys(bytes: &[[u8; 32]]) -> DataKeys {
        let seals = bytes
            .iter()
            .zip(1..)
            .map(|(key, number)| (number, RandomizedNonceKey::new(&AES_256_GCM, &derive(key, b"seal")).unwrap()));
        let lookup = hmac::Key::new(hmac::HMAC_SHA256, &derive(&bytes[0], b"lookup"));
        DataKeys { seals: seals.collect(), lookup }
    }

    fn tenant(name: &str) -> TenantId {
        name.parse().unwrap()
    }

    #[test]
    fn what_is_sealed_opens_at_its_place_alone() {
        let (keys, demo) = (data_keys(&[[7; 32]]), tenant("demo"));
        let sealed = keys.seal(&demo, PHONE, b"+8613800138000").unwrap();
        assert_eq!(keys.open(&demo, PHONE, &sealed).unwrap().unwrap(), b"+8613800138000");
        assert_ne!(keys.seal(&demo, PHONE, b"+8613800138000").unwrap(), sealed, "no two are alike");
        assert!(keys.open(&tenant("other"), PHONE, &sealed).is_err());
        for elsewhere in [
            Place { kind: "order", ..PHONE },
            Place { id: &[2; 16], ..PHONE },
            Place { field: "email", ..PHONE },
            Place { kind: "userp", field: "hone", ..PHONE },
        ] {
            assert!(keys.open(&demo, elsewhere, &sealed).is_err(), "{elsewhere:?}");
        }
        assert!(data_keys(&[[8; 32]]).open(&demo, PHONE, &sealed).is_err());
    }

    #[test]
    fn what_was_changed_or_cut_off_does_not_open() {
        let (keys, demo) = (data_keys(&[[7; 32], [8; 32]]), tenant("demo"));
        let sealed = keys.seal(&demo, PHONE, b"1").unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(!matches!(keys.open(&demo, PHONE, &changed), Ok(Some(_))), "byte {place}");
            assert!(!matches!(keys.open(&demo, PHONE, &sealed[..place]), Ok(Some(_))), "{place} bytes");
        }
    }

    #[test]
    fn a_new_key_seals_and_the_old_one_still_opens() {
        let demo = tenant("demo");
        let before = data_keys(&[[7; 32]]);
        let after = data_keys(&[[7; 32], [8; 32]]);
        let old = before.seal(&demo, PHONE, b"old").unwrap();
        let new = after.seal(&demo, PHONE, b"new").unwrap();
        assert_eq!((&old[..HEAD], &new[..HEAD]), (&[VERSION, 0, 1][..], &[VERSION, 0, 2][..]));
        assert_eq!(after.open(&demo, PHONE, &old).unwrap().unwrap(), b"old");
        assert_eq!(before.open(&demo, PHONE, &new).unwrap(), None, "not known yet: read the keys again");
        assert_eq!(mac(&before.lookup, &[b"a"]), mac(&after.lookup, &[b"a"]), "what was hashed is found");
    }

    #[test]
    fn hashes_differ_by_label_text_and_key() {
        let hash = |key: u8, label: &[u8], text: &[u8]| mac(&data_keys(&[[key; 32]]).lookup, &[label, text]);
        assert_eq!(hash(7, b"name", b"a"), hash(7, b"name", b"a"));
        assert_ne!(hash(7, b"name", b"a"), hash(7, b"name", b"b"));
        assert_ne!(hash(7, b"name", b"a"), hash(7, b"failures", b"a"));
        assert_ne!(hash(7, b"ab", b"c"), hash(7, b"a", b"bc"));
        assert_ne!(hash(7, b"name", b"a"), hash(8, b"name", b"a"));
    }

    #[test]
    fn keys_do_not_print() {
        assert_eq!(format!("{:?}", data_keys(&[[7; 32]])), "DataKeys(…)");
    }
}
