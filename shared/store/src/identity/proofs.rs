//! What people are sent to prove who they are: codes for a name, and tokens for a new password. Only hashes are stored.
//!
//! A request is known by its time and its number: the worker that stores it may be called twice for it, and then nothing
//! that was used comes back.

use domain::{Timestamp, id::UserId};
use serde::Serialize;

use super::Identity;
use crate::{
    Failed, SORT, Table,
    client::{Expression, Find, Item, Key, Read, Wrote, encode, number_of, text_of},
    keys,
};

/// How often a code may be tried.
const TRIES: i64 = 5;
/// For how long a proof is kept once it has ended, in seconds. A repeat of its request that comes later stores nothing: the
/// proof would have ended.
const KEPT_SECS: i64 = 3_600;

/// A proof that somebody is to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    /// The keyed hash of the code or token, in hexadecimal.
    pub hash: String,
    /// When it was asked for.
    pub made: Timestamp,
    /// Until when it is good.
    pub until: Timestamp,
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proof").field("made", &self.made).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Record {
    hash: String,
    made: i64,
    until: i64,
    tries: i64,
    ttl: i64,
}

impl Identity<'_> {
    /// Stores a code by which `user` may prove that a name is theirs, in place of the one before. Answers whether it is to
    /// be sent: not if a later one was asked for, or this one was used already.
    pub async fn put_code(&self, name: &str, user: UserId, proof: &Proof) -> Result<bool, Failed> {
        self.put_proof(keys::code(&self.tenant.id, &self.code_hash(name).await?, user), proof).await
    }

    /// Those who were sent a code for a name that may still be told: its user, and whoever says that it is theirs now.
    pub async fn claimants(&self, name: &str, now: Timestamp) -> Result<Vec<UserId>, Failed> {
        let find = Find::partition(keys::codes(&self.tenant.id, &self.code_hash(name).await?), Read::Consistent);
        let items = self.tenant.store.tables.all(Table::Identity, find).await?;
        let open = items.iter().filter(|item| is_open(item, now));
        let user = |item| keys::parse_code(text_of(item, SORT)).ok_or_else(|| Failed::corrupt("a code's key"));
        open.map(user).collect()
    }

    /// Uses a code up, if the hash is that of the code and it is still good. Each call is one of a few tries, taken before
    /// anything is compared: a thousand guesses at once are no more than that.
    pub async fn redeem_code(&self, name: &str, user: UserId, hash: &str, now: Timestamp) -> Result<bool, Failed> {
        let key = keys::code(&self.tenant.id, &self.code_hash(name).await?, user);
        let another = Expression::set("SET tries = tries + :one")
            .given("tries < :most AND #until > :now AND attribute_not_exists(used)")
            .name("#until", "until")
            .number(":one", 1)
            .number(":most", TRIES)
            .number(":now", now.as_second());
        match self.tenant.store.tables.update(Table::Identity, key.clone(), another).await? {
            Wrote::Yes => self.redeem(key, hash, now).await,
            Wrote::Refused(_) => Ok(false),
        }
    }

    /// Stores a token by which a user may set a new password, in place of the one before. Answers as [`Self::put_code`].
    pub async fn put_reset(&self, user: UserId, proof: &Proof) -> Result<bool, Failed> {
        self.put_proof(keys::reset(&self.tenant.id, user), proof).await
    }

    /// Whether a token for a new password is good.
    pub async fn may_reset(&self, user: UserId, hash: &str, now: Timestamp) -> Result<bool, Failed> {
        let key = keys::reset(&self.tenant.id, user);
        let item = self.tenant.store.tables.get(Table::Identity, key, Read::Consistent).await?;
        Ok(item.is_some_and(|item| is_good(&item, hash, now)))
    }

    /// Uses a token for a new password up; `false` where it is not good.
    pub async fn redeem_reset(&self, user: UserId, hash: &str, now: Timestamp) -> Result<bool, Failed> {
        self.redeem(keys::reset(&self.tenant.id, user), hash, now).await
    }

    /// Forgets the code by which a user may prove that a name is theirs.
    pub(super) async fn drop_code(&self, name: &str, user: UserId) -> Result<(), Failed> {
        let key = keys::code(&self.tenant.id, &self.code_hash(name).await?, user);
        self.tenant.store.tables.delete(Table::Identity, key, Expression::default()).await.map(drop)
    }

    async fn code_hash(&self, name: &str) -> Result<[u8; 32], Failed> {
        self.tenant.keyed_hash("code", name).await
    }

    async fn put_proof(&self, key: Key, proof: &Proof) -> Result<bool, Failed> {
        let record = Record {
            hash: proof.hash.clone(),
            made: proof.made.as_millisecond(),
            until: proof.until.as_second(),
            tries: 0,
            ttl: proof.until.as_second() + KEPT_SECS,
        };
        let later = Expression::only_if("attribute_not_exists(pk) OR made < :made").number(":made", record.made);
        let item = encode(key, &record)?;
        Ok(match self.tenant.store.tables.put(Table::Identity, item, later).await? {
            Wrote::Yes => true,
            Wrote::Refused(Some(there)) => text_of(&there, "hash") == record.hash && !there.contains_key("used"),
            Wrote::Refused(None) => false,
        })
    }

    async fn redeem(&self, key: Key, hash: &str, now: Timestamp) -> Result<bool, Failed> {
        let use_up = Expression::set("SET used = :now")
            .given("#hash = :hash AND #until > :now AND attribute_not_exists(used)")
            .name("#hash", "hash")
            .name("#until", "until")
            .text(":hash", hash)
            .number(":now", now.as_second());
        Ok(self.tenant.store.tables.update(Table::Identity, key, use_up).await? == Wrote::Yes)
    }
}

fn is_good(item: &Item, hash: &str, now: Timestamp) -> bool {
    text_of(item, "hash") == hash && is_open(item, now)
}

fn is_open(item: &Item, now: Timestamp) -> bool {
    !item.contains_key("used") && number_of(item, "until").is_some_and(|until| until > now.as_second())
}
