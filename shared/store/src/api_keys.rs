//! Keys of machine clients, and which of their requests were seen.

use domain::{
    Timestamp,
    event::later,
    id::{Id as _, KeyId, UserId},
    user::Role,
};
use serde::{Deserialize, Serialize};

use crate::{
    Failed, Table, Tenant,
    client::{Expression, Find, Item, Read, Wrote, decode, encode, number_of, text_of},
    keys,
};

/// A machine client: who it is, and what it may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Names it; as a user, too.
    pub id: KeyId,
    /// What people call it.
    pub name: String,
    /// What it may do at most.
    pub role: Role,
    /// What it may do of that: `orders:read`.
    pub scopes: Vec<String>,
    /// What it signs with, sealed.
    pub secret: String,
    /// Who made it.
    pub creator: UserId,
    /// Until when it is good, where that has an end.
    pub expires: Option<Timestamp>,
}

impl ApiKey {
    /// Under which user's name it acts: its own. No person's id is equal to it, for both are drawn from the same 80 bits of
    /// chance and a moment.
    pub fn principal(&self) -> UserId {
        UserId::from_bytes(self.id.bytes())
    }

    /// Whether it is past its end.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

#[derive(Serialize, Deserialize)]
struct KeyItem {
    name: String,
    role: String,
    scopes: Vec<String>,
    secret: String,
    by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
}

/// One tenant's machine clients.
#[derive(Clone, Copy, Debug)]
pub struct ApiKeys<'t> {
    tenant: &'t Tenant,
}

impl<'t> ApiKeys<'t> {
    pub(crate) const fn new(tenant: &'t Tenant) -> Self {
        Self { tenant }
    }

    /// Adds a key. `false`: there is one of this id.
    pub async fn add(&self, key: &ApiKey) -> Result<bool, Failed> {
        let record = KeyItem {
            name: key.name.clone(),
            role: key.role.to_string(),
            scopes: key.scopes.clone(),
            secret: key.secret.clone(),
            by: key.creator.to_string(),
            until: key.expires.map(Timestamp::as_millisecond),
        };
        let item = encode(keys::api_key(&self.tenant.id, key.id), &record)?;
        let absent = Expression::only_if("attribute_not_exists(pk)");
        match self.tenant.store.tables.put(Table::Identity, item, absent).await? {
            Wrote::Yes => Ok(true),
            // Our own write whose answer was lost.
            Wrote::Refused(there) => Ok(there.is_some_and(|there| text_of(&there, "secret") == key.secret)),
        }
    }

    /// A key.
    pub async fn find(&self, id: KeyId) -> Result<Option<ApiKey>, Failed> {
        let key = keys::api_key(&self.tenant.id, id);
        let item = self.tenant.store.tables.get(Table::Identity, key, Read::Consistent).await?;
        item.map(read).transpose()
    }

    /// All keys, oldest first.
    pub async fn all(&self) -> Result<Vec<ApiKey>, Failed> {
        let find = Find::partition(keys::api_keys(&self.tenant.id), Read::Consistent);
        let items = self.tenant.store.tables.all(Table::Identity, find).await?;
        items.into_iter().map(read).collect()
    }

    /// Removes a key. `false`: there is none.
    pub async fn remove(&self, id: KeyId) -> Result<bool, Failed> {
        let there = Expression::only_if("attribute_exists(pk)");
        let key = keys::api_key(&self.tenant.id, id);
        Ok(self.tenant.store.tables.delete(Table::Identity, key, there).await? == Wrote::Yes)
    }

    /// Notes that a nonce was used, for so many seconds. `false`: it was used before, by another request than this one.
    pub async fn spend(
        &self,
        id: KeyId,
        nonce: &str,
        request: &str,
        now: Timestamp,
        keep_secs: i64,
    ) -> Result<bool, Failed> {
        let mut item = keys::nonce(&self.tenant.id, id, nonce).item();
        item.insert("by".into(), aws_sdk_dynamodb::types::AttributeValue::S(request.to_owned()));
        item.insert("ttl".into(), crate::client::number(later(now, keep_secs).as_second()));
        let absent = Expression::only_if("attribute_not_exists(pk)");
        Ok(match self.tenant.store.tables.put(Table::Activity, item, absent).await? {
            Wrote::Yes => true,
            // Our own write whose answer was lost: no two requests have one id.
            Wrote::Refused(there) => there.is_some_and(|there| text_of(&there, "by") == request && !request.is_empty()),
        })
    }
}

fn read(item: Item) -> Result<ApiKey, Failed> {
    let id = KeyId::from_bare(text_of(&item, crate::SORT)).map_err(Failed::corrupt)?;
    let until = number_of(&item, "until");
    let record: KeyItem = decode(item)?;
    Ok(ApiKey {
        id,
        name: record.name,
        role: record.role.parse().map_err(Failed::corrupt)?,
        scopes: record.scopes,
        secret: record.secret,
        creator: record.by.parse().map_err(Failed::corrupt)?,
        expires: until.map(Timestamp::from_millisecond).transpose().map_err(Failed::corrupt)?,
    })
}
