//! Who has come in: one record for each ticket that was used, so that a session's can be counted.
//!
//! The ticket decides; this follows it. A counter would drift whenever a write is repeated; a record is there or not.

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use domain::{
    Timestamp,
    id::{SessionId, TicketId},
};

use crate::{
    Failed, PARTITION, TIME_TO_LIVE, Table, Tenant,
    client::{Expression, Item},
    keys,
};

/// The attribute of the scans that were let in: one.
const SCANS: &str = "n";

/// Admissions of one tenant.
#[derive(Clone, Copy, Debug)]
pub struct Admissions<'t> {
    tenant: &'t Tenant,
}

impl Tenant {
    /// Who has come in.
    pub const fn admissions(&self) -> Admissions<'_> {
        Admissions { tenant: self }
    }
}

impl Admissions<'_> {
    /// Notes that a ticket was used by a scan, to be forgotten after `until`. The same scan once more changes nothing; two
    /// scans that were both let in would both stand here, which is how an audit sees it. One write unit.
    pub async fn note(
        &self,
        session: SessionId,
        ticket: TicketId,
        nonce: &str,
        until: Timestamp,
    ) -> Result<(), Failed> {
        let note = Expression::set("SET #ttl = :until ADD #scans :scan")
            .name("#ttl", TIME_TO_LIVE)
            .name("#scans", SCANS)
            .number(":until", until.as_second())
            .value(":scan", AttributeValue::Ss(vec![nonce.to_owned()]));
        let key = keys::admission(&self.tenant.id, session, ticket);
        self.tenant.store.tables.update(Table::Activity, key, note).await.map(drop)
    }

    /// How many tickets of a session were used; may be a second behind. One read unit for some 80 of them.
    pub async fn count(&self, session: SessionId) -> Result<u64, Failed> {
        let tables = &self.tenant.store.tables;
        let partition = keys::admissions(&self.tenant.id, session);
        let (mut count, mut from) = (0, None);
        loop {
            let page = tables
                .client
                .query()
                .table_name(tables.name(Table::Activity))
                .key_condition_expression("#p = :p")
                .expression_attribute_names("#p", PARTITION)
                .expression_attribute_values(":p", AttributeValue::S(partition.clone()))
                .select(Select::Count)
                .set_exclusive_start_key(from)
                .send()
                .await?;
            count += u64::try_from(page.count).map_err(Failed::corrupt)?;
            match page.last_evaluated_key {
                Some(next) => from = Some(next),
                None => return Ok(count),
            }
        }
    }
}

/// The scans that were let in, of a note as it is stored.
pub(crate) fn scans(note: &Item) -> impl Iterator<Item = &str> {
    let scans = note.get(SCANS).and_then(|value| value.as_ss().ok());
    scans.into_iter().flatten().map(String::as_str)
}
