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
    client::{Expression, number},
    keys,
};

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
    /// Notes that a ticket was used, to be forgotten after `until`. Once more changes nothing. One write unit.
    pub async fn note(&self, session: SessionId, ticket: TicketId, until: Timestamp) -> Result<(), Failed> {
        let mut item = keys::admission(&self.tenant.id, session, ticket).item();
        item.insert(TIME_TO_LIVE.into(), number(until.as_second()));
        let absent = Expression::only_if("attribute_not_exists(pk)");
        self.tenant.store.tables.put(Table::Activity, item, absent).await.map(drop)
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
