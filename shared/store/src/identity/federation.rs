//! People whom another provider names, and the providers themselves.
//!
//! What a provider calls somebody, a *subject*, is an item of its own that points to a user; writing it conditionally is
//! what makes it unique. It counts where the user's list of links names it in turn. The subject is written first, the
//! links second, a new user last. Whoever dies in between leaves a subject that does not count, which the next login or
//! link takes over after a minute.

use domain::{Timestamp, id::UserId};
use serde::{Deserialize, Serialize};

use super::{Fence, Identity, NameRecord, REGISTRATION_SECS, Saved, User, owner};
use crate::{
    Failed, Table,
    client::{Expression, Read, Wrote, decode, encode, number_of, text_of},
    keys,
};

/// What a provider calls somebody: a keyed hash, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Subject(String);

impl Subject {
    /// Takes the keyed hash of a provider and of its name for somebody.
    pub fn of_hash(hash: &[u8]) -> Self {
        Self(data_encoding::HEXLOWER.encode(hash))
    }
}

/// A provider by which a user logs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The tenant's word for the provider.
    pub provider: String,
    /// What it calls the user.
    pub subjects: Vec<Subject>,
    /// Since when, in seconds since 1970.
    pub since: i64,
}

/// All providers by which a user logs in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// Them.
    pub all: Vec<Link>,
    /// Counts changes: [`Identity::save_links`] refuses to overwrite what it was not made of.
    version: u32,
}

impl Links {
    /// Whether a subject is one of them.
    pub fn name(&self, subject: &Subject) -> bool {
        self.all.iter().any(|link| link.subjects.contains(subject))
    }
}

/// What became of claiming a subject for a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Claim {
    /// It points to them; it counts once their links name it.
    Ours,
    /// It is another user's, or somebody is making it so just now.
    Others,
}

impl Identity<'_> {
    /// The user whom a subject means.
    pub async fn meant_by(&self, subject: &Subject) -> Result<Option<User>, Failed> {
        let key = keys::subject(&self.tenant.id, &subject.0);
        let Some(item) = self.tenant.store.tables.get(Table::Identity, key, Read::Consistent).await? else {
            return Ok(None);
        };
        let holder = owner(&item)?;
        if !self.links(holder).await?.name(subject) {
            return Ok(None);
        }
        self.user(holder).await
    }

    /// Points a subject to a user, if it does not count for another.
    pub async fn claim_subject(&self, subject: &Subject, user: UserId, now: Timestamp) -> Result<Claim, Failed> {
        let tables = &self.tenant.store.tables;
        let record = NameRecord { user: user.to_string(), reserved: now.as_second() };
        let item = encode(keys::subject(&self.tenant.id, &subject.0), &record)?;
        let absent = Expression::only_if("attribute_not_exists(pk)");
        let there = match tables.put(Table::Identity, item.clone(), absent).await? {
            Wrote::Yes => return Ok(Claim::Ours),
            Wrote::Refused(there) => there.ok_or(Failed::Throttled)?,
        };
        let (holder, since) = (owner(&there)?, number_of(&there, "reserved").unwrap_or_default());
        if holder == user {
            return Ok(Claim::Ours);
        }
        if since + REGISTRATION_SECS > now.as_second() || !self.abandoned(subject, holder, now).await? {
            return Ok(Claim::Others);
        }
        let unchanged = Expression::only_if("#user = :holder AND reserved = :since")
            .name("#user", "user")
            .text(":holder", text_of(&there, "user"))
            .number(":since", since);
        match tables.put(Table::Identity, item.clone(), unchanged).await? {
            Wrote::Yes => Ok(Claim::Ours),
            Wrote::Refused(Some(there)) if there == item => Ok(Claim::Ours),
            Wrote::Refused(_) => Ok(Claim::Others),
        }
    }

    /// Whether a subject points to a user who will never claim it: one who does not exist, and now never will, or one
    /// whose links do not name it.
    async fn abandoned(&self, subject: &Subject, holder: UserId, now: Timestamp) -> Result<bool, Failed> {
        match self.fence(holder, now).await? {
            Fence::Stands => {
                let links = keys::links(&self.tenant.id, holder);
                self.tenant.store.tables.delete(Table::Identity, links, Expression::default()).await?;
                Ok(true)
            }
            Fence::Exists => Ok(!self.links(holder).await?.name(subject)),
        }
    }

    /// Removes a subject that points to a user.
    pub async fn drop_subject(&self, subject: &Subject, user: UserId) -> Result<(), Failed> {
        let own = Expression::only_if("#user = :user").name("#user", "user").text(":user", user.to_string());
        let key = keys::subject(&self.tenant.id, &subject.0);
        self.tenant.store.tables.delete(Table::Identity, key, own).await.map(drop)
    }

    /// The providers by which a user logs in.
    pub async fn links(&self, user: UserId) -> Result<Links, Failed> {
        let key = keys::links(&self.tenant.id, user);
        let item = self.tenant.store.tables.get(Table::Identity, key, Read::Consistent).await?;
        Ok(item.map(decode).transpose()?.unwrap_or_default())
    }

    /// Stores a user's links, unless they changed since they were read.
    pub async fn save_links(&self, user: UserId, links: &Links) -> Result<Saved, Failed> {
        let next = Links { all: links.all.clone(), version: links.version + 1 };
        let item = encode(keys::links(&self.tenant.id, user), &next)?;
        let unchanged = if links.version == 0 {
            Expression::only_if("attribute_not_exists(pk)")
        } else {
            Expression::only_if("version = :version").number(":version", links.version)
        };
        match self.tenant.store.tables.put(Table::Identity, item.clone(), unchanged).await? {
            Wrote::Yes => Ok(Saved::Yes),
            Wrote::Refused(Some(there)) if there == item => Ok(Saved::Yes),
            Wrote::Refused(_) => Ok(Saved::Outdated),
        }
    }

    /// Removes the links of a user who was never made.
    pub async fn drop_links(&self, user: UserId) -> Result<(), Failed> {
        let key = keys::links(&self.tenant.id, user);
        self.tenant.store.tables.delete(Table::Identity, key, Expression::default()).await.map(drop)
    }

    /// What the tenant has sealed about a provider.
    pub async fn login_provider(&self, provider: &str) -> Result<Option<String>, Failed> {
        let key = keys::login_provider(&self.tenant.id, provider);
        let item = self.tenant.store.tables.get(Table::Identity, key, Read::Consistent).await?;
        Ok(item.map(|item| text_of(&item, "sealed").to_owned()))
    }

    /// Keeps what the tenant has sealed about a provider.
    pub async fn put_login_provider(&self, provider: &str, sealed: String) -> Result<(), Failed> {
        let item = encode(keys::login_provider(&self.tenant.id, provider), &Sealed { sealed })?;
        self.tenant.store.tables.put(Table::Identity, item, Expression::default()).await.map(drop)
    }
}

#[derive(Serialize)]
struct Sealed {
    sealed: String,
}
