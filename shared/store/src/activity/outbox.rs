//! Messages to people that nobody delivers: local and test stages only.

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::Activity;
use crate::{
    Failed, Table,
    client::{Expression, Find, Read, decode, encode, number},
    keys,
};

/// For how long a message is kept, in seconds: a day.
const KEPT_SECS: i64 = 86_400;
/// How many messages are shown.
const SHOWN: i32 = 100;

/// A message that was kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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

impl Activity<'_> {
    /// Keeps a message for a day. `number` tells two of the same millisecond apart.
    pub async fn keep_message(&self, message: &Kept, at: Timestamp, number_of_many: [u8; 8]) -> Result<(), Failed> {
        let mut item = encode(keys::message(&self.tenant.id, at, &number_of_many), message)?;
        item.insert("ttl".into(), number(at.as_second() + KEPT_SECS));
        self.tenant.store.tables.put(Table::Activity, item, Expression::default()).await.map(drop)
    }

    /// The latest messages, newest first.
    pub async fn messages(&self) -> Result<Vec<Kept>, Failed> {
        let find = Find::partition(keys::messages(&self.tenant.id), Read::Consistent);
        let find = Find { newest_first: true, limit: Some(SHOWN), ..find };
        let page = self.tenant.store.tables.page(Table::Activity, find).await?;
        page.items.into_iter().map(decode).collect()
    }
}
