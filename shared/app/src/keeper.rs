//! Who wraps the data keys of tenants: KMS where the program is deployed, a master key beside the data where it is local.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    rand::{SecureRandom as _, SystemRandom},
};
use domain::Timestamp;
use providers::kms::Kms;
use store::{Failed, KeyName, KeyUse, KeyWrap, Wrapping};

use crate::{Grant, clock::Clock, guard};

/// The name of the only thing that wrapped keys are for, in the encryption context.
const PURPOSE: &str = "onsale-data-key";

/// Wraps by one key or the other, and lets nobody use a data key whose declaration does not say so.
pub(crate) struct Keeper {
    by: By,
    clock: Clock,
    guarded: bool,
}

/// By what keys are wrapped.
pub(crate) enum By {
    /// A key that never leaves KMS.
    Kms(Box<Kms>),
    /// 32 bytes.
    Master([u8; 32]),
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeper")
    }
}

impl Keeper {
    pub(crate) const fn new(by: By, clock: Clock, guarded: bool) -> Self {
        Self { by, clock, guarded }
    }
}

impl KeyWrap for Keeper {
    fn make<'a>(&'a self, key: KeyName<'a>) -> Wrapping<'a, Vec<u8>> {
        Box::pin(async move {
            match &self.by {
                By::Kms(kms) => {
                    let number = key.number.to_string();
                    kms.make(&context(key, &number), self.clock.now()).await.map_err(|failed| unavailable(&failed))
                }
                By::Master(master) => wrap(master, key).map_err(unusable),
            }
        })
    }

    fn unwrap<'a>(&'a self, key: KeyName<'a>, wrapped: &'a [u8]) -> Wrapping<'a, [u8; 32]> {
        Box::pin(async move {
            match &self.by {
                By::Kms(kms) => {
                    let number = key.number.to_string();
                    kms.open(wrapped, &context(key, &number), self.clock.now())
                        .await
                        .map_err(|failed| unavailable(&failed))
                }
                By::Master(master) => unwrap(master, key, wrapped).ok_or_else(|| {
                    Failed::KeysUnavailable("the master key beside the data is not the one they were made with".into())
                }),
            }
        })
    }

    fn permit(&self, wanted: KeyUse) -> Result<(), Failed> {
        if !self.guarded {
            return Ok(());
        }
        let grant = match wanted {
            KeyUse::Open => Grant::open_keys(),
            KeyUse::Make => Grant::make_keys(),
        };
        guard::permit(grant).map_err(Failed::KeysUnavailable)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

fn context<'a>(key: KeyName<'a>, number: &'a str) -> [(&'a str, &'a str); 3] {
    [("purpose", PURPOSE), ("tenant", key.tenant.as_str()), ("key", number)]
}

fn associated(key: KeyName<'_>) -> Aad<Vec<u8>> {
    let parts: [&[u8]; 3] = [PURPOSE.as_bytes(), &key.number.to_be_bytes(), key.tenant.as_str().as_bytes()];
    Aad::from(parts.concat())
}

fn wrap(master: &[u8; 32], key: KeyName<'_>) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
    let mut bytes = vec![0; 32];
    SystemRandom::new().fill(&mut bytes)?;
    let master = RandomizedNonceKey::new(&AES_256_GCM, master)?;
    let nonce = master.seal_in_place_append_tag(associated(key), &mut bytes)?;
    Ok([nonce.as_ref().as_slice(), &bytes].concat())
}

fn unwrap(master: &[u8; 32], key: KeyName<'_>, wrapped: &[u8]) -> Option<[u8; 32]> {
    let (nonce, rest) = wrapped.split_at_checked(NONCE_LEN)?;
    let (nonce, mut bytes) = (Nonce::try_assume_unique_for_key(nonce).ok()?, rest.to_vec());
    let master = RandomizedNonceKey::new(&AES_256_GCM, master).ok()?;
    let opened = master.open_in_place(nonce, associated(key), &mut bytes).ok()?;
    (&*opened).try_into().ok()
}

fn unusable(_: aws_lc_rs::error::Unspecified) -> Failed {
    Failed::KeysUnavailable("the system wraps nothing".to_owned())
}

fn unavailable(failed: &providers::Failed) -> Failed {
    if failed.is_throttled() {
        return Failed::Throttled;
    }
    Failed::KeysUnavailable(crate::dispatch::Chain(failed).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_unwrapped_by_its_master_and_for_its_tenant_and_number_alone() {
        let (demo, other) = ("demo".parse().unwrap(), "other".parse().unwrap());
        let name = KeyName { tenant: &demo, number: 1 };
        let wrapped = wrap(&[7; 32], name).unwrap();
        let key = unwrap(&[7; 32], name, &wrapped).unwrap();
        assert_ne!(key, [0; 32]);
        assert_ne!(unwrap(&[7; 32], name, &wrap(&[7; 32], name).unwrap()), Some(key), "no two are alike");
        assert_eq!(unwrap(&[8; 32], name, &wrapped), None);
        assert_eq!(unwrap(&[7; 32], KeyName { tenant: &other, number: 1 }, &wrapped), None);
        assert_eq!(unwrap(&[7; 32], KeyName { number: 2, ..name }, &wrapped), None);
        assert_eq!(unwrap(&[7; 32], name, &wrapped[1..]), None);
        assert_eq!(unwrap(&[7; 32], name, b""), None);
    }

    #[tokio::test]
    async fn whoever_does_not_declare_it_uses_no_key() {
        const OPENS: &[Grant] = &[Grant::open_keys()];
        let keeper = Keeper::new(By::Master([7; 32]), Clock::System, true);
        guard::scope("opens-nothing", &[], async { assert!(keeper.permit(KeyUse::Open).is_err()) }).await;
        guard::scope("opens", OPENS, async {
            assert!(keeper.permit(KeyUse::Open).is_ok() && keeper.permit(KeyUse::Make).is_err());
        })
        .await;
        assert!(guard::used()["opens"].contains(&Grant::open_keys()));
        assert!(Keeper::new(By::Master([7; 32]), Clock::System, false).permit(KeyUse::Make).is_ok());
    }
}
