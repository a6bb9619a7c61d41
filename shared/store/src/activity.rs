//! What may be forgotten after a while: idempotency records, providers' notifications, reconcilers' cursors.

mod outbox;
mod refunds;

use data_encoding::HEXLOWER;
use domain::{Timestamp, event::later, payment::Provider, tenant::TenantId};
use serde::{Deserialize, Serialize};

pub use self::{outbox::Kept, refunds::Shelf};
use crate::{
    Failed, Platform, SORT, Store, Table, Tenant,
    client::{Expression, Find, Read, Wrote, decode, encode, number_of, text_of},
    keys,
};

/// Seconds for which an idempotency key is known: a day.
const ONCE_SECS: i64 = 24 * 3_600;
/// Seconds for which a notification is kept as it came: ninety days, longer than any provider repeats it.
const NOTICE_SECS: i64 = 90 * 24 * 3_600;

/// What an idempotency key led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remembered {
    /// Nothing yet: this attempt is the first.
    New,
    /// An attempt before.
    Known {
        /// The id that it made, or was to make.
        id: [u8; 16],
        /// The hash of its body.
        body: [u8; 32],
    },
}

/// A provider's notification as it came, after its signature was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Who sent it.
    pub provider: String,
    /// The provider's id of the event.
    pub event: String,
    /// The provider's time of the event, in seconds since 1970: part of where it is kept.
    pub at: i64,
    /// The body.
    pub body: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct OnceItem {
    id: String,
    body: String,
    ttl: i64,
}

/// Records of one tenant that may be forgotten.
#[derive(Clone, Copy, Debug)]
pub struct Activity<'t> {
    tenant: &'t Tenant,
}

impl<'t> Activity<'t> {
    pub(crate) const fn new(tenant: &'t Tenant) -> Self {
        Self { tenant }
    }

    /// Notes what a key leads to, unless it is known. One write unit.
    pub async fn remember(
        &self,
        key: [u8; 32],
        body: [u8; 32],
        id: [u8; 16],
        now: Timestamp,
    ) -> Result<Remembered, Failed> {
        let absent = Expression::only_if("attribute_not_exists(pk) OR #ttl <= :now").name("#ttl", "ttl");
        match self.put_once(key, body, id, now, absent.number(":now", now.as_second())).await? {
            Some(Remembered::Known { id: known, body: of }) if known == id && of == body => Ok(Remembered::New),
            Some(remembered) => Ok(remembered),
            None => Err(Failed::corrupt("a record that is neither there nor absent")),
        }
    }

    /// What a key led to, without noting anything. Whoever asks at the same moment is answered by the same call.
    pub async fn recall(&self, key: [u8; 32], now: Timestamp) -> Result<Remembered, Failed> {
        let Store { tables, together, .. } = &self.tenant.store;
        let item = together.get(tables, Table::Activity, keys::once(&self.tenant.id, &key)).await?;
        match item.map(decode::<OnceItem>).transpose()? {
            Some(known) if known.ttl > now.as_second() => known.read(),
            _ => Ok(Remembered::New),
        }
    }

    /// Gives a key a new id, if it still has the old one.
    pub async fn replace(
        &self,
        key: [u8; 32],
        old: [u8; 16],
        new: [u8; 16],
        body: [u8; 32],
        now: Timestamp,
    ) -> Result<bool, Failed> {
        let ours = Expression::only_if("id = :old").text(":old", HEXLOWER.encode(&old));
        Ok(match self.put_once(key, body, new, now, ours).await? {
            Some(Remembered::New) => true,
            Some(Remembered::Known { id, .. }) => id == new,
            // Forgotten meanwhile: the caller claims the key anew.
            None => false,
        })
    }

    /// Forgets a key whose attempt had no effect, so that the client may try again with it.
    pub async fn forget(&self, key: [u8; 32], id: [u8; 16]) -> Result<(), Failed> {
        let ours = Expression::only_if("id = :id").text(":id", HEXLOWER.encode(&id));
        self.tenant.store.tables.delete(Table::Activity, keys::once(&self.tenant.id, &key), ours).await.map(drop)
    }

    /// Writes the record if the condition holds; else what is there, or nothing where nothing is.
    async fn put_once(
        &self,
        key: [u8; 32],
        body: [u8; 32],
        id: [u8; 16],
        now: Timestamp,
        condition: Expression,
    ) -> Result<Option<Remembered>, Failed> {
        let ttl = now.as_second() + ONCE_SECS;
        let record = OnceItem { id: HEXLOWER.encode(&id), body: HEXLOWER.encode(&body), ttl };
        let item = encode(keys::once(&self.tenant.id, &key), &record)?;
        match self.tenant.store.tables.put(Table::Activity, item, condition).await? {
            Wrote::Yes => Ok(Some(Remembered::New)),
            Wrote::Refused(None) => Ok(None),
            Wrote::Refused(Some(known)) => decode::<OnceItem>(known)?.read().map(Some),
        }
    }

    /// Keeps a notification, once. The same notification again changes nothing.
    pub async fn keep_notice(&self, provider: Provider, notice: &Notice) -> Result<(), Failed> {
        let at = Timestamp::from_second(notice.at).map_err(Failed::corrupt)?;
        let mut item = encode(keys::notice(&self.tenant.id, provider, &notice.event, at), notice)?;
        item.insert("ttl".into(), crate::client::number(later(at, NOTICE_SECS).as_second()));
        let absent = Expression::only_if("attribute_not_exists(pk)");
        self.tenant.store.tables.put(Table::Activity, item, absent).await.map(drop)
    }

    /// A notification that was kept.
    pub async fn notice(&self, provider: Provider, event: &str, at: Timestamp) -> Result<Option<Notice>, Failed> {
        let key = keys::notice(&self.tenant.id, provider, event, at);
        let item = self.tenant.store.tables.get(Table::Activity, key, Read::Consistent).await?;
        item.map(decode).transpose()
    }

    /// The notifications of one hour.
    pub async fn notices(&self, hour: i64) -> Result<Vec<Notice>, Failed> {
        let mut notices = Vec::new();
        for slot in 0..keys::NOTICE_SLOTS {
            let find = Find::partition(keys::notices(&self.tenant.id, hour, slot), Read::Consistent);
            for item in self.tenant.store.tables.all(Table::Activity, find).await? {
                notices.push(decode(item)?);
            }
        }
        Ok(notices)
    }

    /// Keeps what the sandbox knows of a payment, given as JSON, if it still is what was read before. `false`: it is not,
    /// read again. Local and test stages only.
    pub async fn swap_sandbox(
        &self,
        payment: domain::id::PaymentId,
        before: Option<&str>,
        record: &str,
    ) -> Result<bool, Failed> {
        let mut item = keys::sandbox(&self.tenant.id, payment).item();
        item.insert("record".into(), aws_sdk_dynamodb::types::AttributeValue::S(record.to_owned()));
        let condition = match before {
            None => Expression::only_if("attribute_not_exists(pk)"),
            Some(before) => Expression::only_if("#r = :before").name("#r", "record").text(":before", before),
        };
        Ok(match self.tenant.store.tables.put(Table::Activity, item, condition).await? {
            Wrote::Yes => true,
            // Our own earlier try whose answer was lost.
            Wrote::Refused(found) => found.is_some_and(|found| text_of(&found, "record") == record),
        })
    }

    /// What the sandbox knows of a payment, as JSON.
    pub async fn sandbox(&self, payment: domain::id::PaymentId) -> Result<Option<String>, Failed> {
        let key = keys::sandbox(&self.tenant.id, payment);
        let item = self.tenant.store.tables.get(Table::Activity, key, Read::Consistent).await?;
        Ok(item.map(|item| text_of(&item, "record").to_owned()))
    }
}

/// Whether an idempotency record can be read.
pub(crate) fn check_once(item: crate::client::Item) -> Result<(), Failed> {
    decode::<OnceItem>(item)?.read().map(drop)
}

impl OnceItem {
    fn read(&self) -> Result<Remembered, Failed> {
        let unreadable = || Failed::corrupt("an idempotency record");
        let bytes = |text: &str| HEXLOWER.decode(text.as_bytes()).map_err(|_| unreadable());
        let id = bytes(&self.id)?.try_into().map_err(|_| unreadable())?;
        let body = bytes(&self.body)?.try_into().map_err(|_| unreadable())?;
        Ok(Remembered::Known { id, body })
    }
}

/// How far a reconciler that walks the hours has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    name: String,
}

impl Cursor {
    /// The cursor over work that is due at providers.
    pub fn money() -> Self {
        Self { name: "money".into() }
    }

    /// The cursor over what falls due of a tenant's rides.
    pub fn rides(tenant: &TenantId) -> Self {
        Self { name: ["rides#", tenant.as_str()].concat() }
    }

    /// The cursor over a tenant's notifications.
    pub fn notices(tenant: &TenantId) -> Self {
        Self { name: ["notices#", tenant.as_str()].concat() }
    }
}

impl Platform {
    /// The hour that a reconciler begins at; where it never ran, a day back.
    pub async fn cursor(&self, cursor: &Cursor, now: Timestamp) -> Result<i64, Failed> {
        let item = self.store.tables.get(Table::Activity, keys::cursor(&cursor.name), Read::Consistent).await?;
        Ok(item.and_then(|item| number_of(&item, "hour")).unwrap_or_else(|| keys::hour(now) - 24))
    }

    /// Moves a cursor forward: everything before that hour is done.
    pub async fn advance(&self, cursor: &Cursor, hour: i64) -> Result<(), Failed> {
        let forward = Expression::set("SET #hour = :hour")
            .given("attribute_not_exists(#hour) OR #hour < :hour")
            .name("#hour", "hour")
            .number(":hour", hour);
        self.store.tables.update(Table::Activity, keys::cursor(&cursor.name), forward).await.map(drop)
    }
}

/// The order of an index entry's partition key; the sort key says whether it is the order itself or a refund.
pub(crate) fn due_item(item: &crate::client::Item) -> Result<crate::DueItem, Failed> {
    let unreadable = || Failed::corrupt("a key in the index of due work");
    let (tenant, order) = keys::parse_order(text_of(item, crate::PARTITION)).ok_or_else(unreadable)?;
    let sort = text_of(item, SORT);
    let refund = if sort == keys::ORDER { None } else { Some(keys::parse_refund(sort).ok_or_else(unreadable)?) };
    Ok(crate::DueItem { tenant, order, refund })
}
