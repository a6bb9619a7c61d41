//! Messages to people that nobody delivers: local and test stages only. They are sealed all the same: they name people, and
//! hold codes that let people in.

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::Activity;
use crate::{
    Failed, Place, SORT, Table,
    client::{Bytes, Expression, Find, Read, decode, encode, text_of},
    keys,
    packed::{pack, unpack},
};

/// For how long a message is kept, in seconds: a day.
const KEPT_SECS: i64 = 86_400;
/// How many messages are shown.
const SHOWN: i32 = 100;

/// A message that was kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    /// `email` or `phone`.
    pub channel: String,
    /// The address or number.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// When it was kept, milliseconds since 1970.
    pub at: i64,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("channel", &self.channel).field("at", &self.at).finish_non_exhaustive()
    }
}

/// A message as stored.
#[derive(Serialize, Deserialize)]
struct Record {
    sealed: Bytes,
    at: i64,
    ttl: i64,
}

impl Activity<'_> {
    /// Keeps a message for a day. `number_of_many` tells two of the same millisecond apart.
    pub async fn keep_message(&self, message: &Kept, at: Timestamp, number_of_many: [u8; 8]) -> Result<(), Failed> {
        let key = keys::message(&self.tenant.id, at, &number_of_many);
        let Kept { channel, to, subject, text, at: kept } = message;
        let plain = pack(&[channel, to, subject, text].map(|text| Some(text.as_str())))?;
        let sealed = Bytes(self.tenant.seal(place(&key.sort), &plain).await?);
        let item = encode(key, &Record { sealed, at: *kept, ttl: at.as_second() + KEPT_SECS })?;
        self.tenant.store.tables.put(Table::Activity, item, Expression::default()).await.map(drop)
    }

    /// The latest messages, newest first.
    pub async fn messages(&self) -> Result<Vec<Kept>, Failed> {
        let find = Find::partition(keys::messages(&self.tenant.id), Read::Consistent);
        let find = Find { newest_first: true, limit: Some(SHOWN), ..find };
        let page = self.tenant.store.tables.page(Table::Activity, find).await?;
        let mut messages = Vec::with_capacity(page.items.len());
        for item in page.items {
            let sort = text_of(&item, SORT).to_owned();
            let Record { sealed, at, ttl: _ } = decode(item)?;
            let [channel, to, subject, text] = unpack(&self.tenant.open(place(&sort), &sealed.0).await?)?;
            let whole = |text: Option<String>| text.ok_or_else(|| Failed::corrupt("a message that lacks a text"));
            let (channel, to, subject, text) = (whole(channel)?, whole(to)?, whole(subject)?, whole(text)?);
            messages.push(Kept { channel, to, subject, text, at });
        }
        Ok(messages)
    }
}

const fn place(sort: &str) -> Place<'_> {
    Place { kind: "message", id: sort.as_bytes(), field: "all" }
}
