//! Refunds, and the one transaction of the system: giving tickets back, for money or for other tickets.

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, Put, TransactWriteItem},
};
use domain::{
    Timestamp,
    id::{Id as _, OrderId, RefundId},
    order::{Change, Exchange},
    refund::{Reason, Refund, State},
    ticket::{Ticket, TicketState},
};
use serde::{Deserialize, Serialize};

use crate::{
    Applied, BY_DUE, Failed, Orders, Table,
    client::{Expression, Find, Item, Read, Wrote, decode, encode},
    keys,
    orders::item::{CaptureItem, at, money},
};

/// What became of giving tickets back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundEntry {
    /// The orders have changed, the tickets are void, the refund is decided.
    Done,
    /// An order or the refund is not what was decided on: decide anew.
    Changed,
    /// A ticket has been used.
    TicketUsed,
}

#[derive(Debug, Serialize, Deserialize)]
struct RefundItem {
    cap: CaptureItem,
    amt: u64,
    cur: String,
    n: Vec<u8>,
    why: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    words: Option<String>,
    st: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Tickets that were changed: the order of the new ones, and what of their worth does not go back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<(String, u64)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    cr: i64,
    ver: u32,
}

impl Orders<'_> {
    /// A refund of an order.
    pub async fn refund(&self, order: OrderId, id: RefundId) -> Result<Option<Refund>, Failed> {
        let key = keys::refund(&self.tenant.id, order, id);
        let item = self.tenant.store.tables.get(Table::Orders, key, Read::Consistent).await?;
        item.map(|item| read(order, id, item)).transpose()
    }

    /// The refunds of an order, oldest first.
    pub async fn refunds(&self, order: OrderId) -> Result<Vec<Refund>, Failed> {
        let partition = keys::order_partition(&self.tenant.id, order);
        let find = Find::partition(partition, Read::Consistent).beginning(keys::REFUND);
        let items = self.tenant.store.tables.all(Table::Orders, find).await?;
        items
            .into_iter()
            .map(|item| {
                let id = keys::parse_refund(crate::client::text_of(&item, crate::SORT));
                read(order, id.ok_or_else(|| Failed::corrupt("a refund's key"))?, item)
            })
            .collect()
    }

    /// Writes a refund that touches neither order nor tickets: a request, a refusal, its end. A new one has version 0; a
    /// later version replaces the one before.
    pub async fn put_refund(&self, refund: &Refund, now: Timestamp) -> Result<Applied, Failed> {
        let item = self.encode_refund(refund, now)?;
        match self.tenant.store.tables.put(Table::Orders, item, condition(refund)).await? {
            Wrote::Yes => Ok(Applied::Done),
            Wrote::Refused(None) => Ok(Applied::Conflict(None)),
            Wrote::Refused(Some(item)) => {
                let is_ours = read(refund.order, refund.id, item)? == *refund;
                Ok(if is_ours { Applied::Done } else { Applied::Conflict(None) })
            }
        }
    }

    /// Gives tickets back, all or nothing: the order as decided, the refund as decided, and each ticket void. A ticket that
    /// is not issued yet is made void on purpose, so that a late issuer leaves it alone.
    pub async fn enter_refund(&self, change: &Change, refund: &Refund) -> Result<RefundEntry, Failed> {
        self.give_back(change, None, refund).await
    }

    /// Gives tickets back for those of another order, which is paid in the same write: all or nothing.
    pub async fn enter_exchange(&self, exchange: &Exchange) -> Result<RefundEntry, Failed> {
        self.give_back(&exchange.old, Some(&exchange.new), &exchange.refund).await
    }

    async fn give_back(&self, old: &Change, new: Option<&Change>, refund: &Refund) -> Result<RefundEntry, Failed> {
        let now = old.order.updated;
        let mut writes = vec![self.put_write(self.encode_refund(refund, now)?, condition(refund))?];
        for change in [Some(old), new].into_iter().flatten() {
            writes.push(self.put_write(self.encode(&change.order, fastrand::u64(..))?, unchanged(change.from))?);
        }
        let decided = writes.len();
        for number in &refund.tickets {
            let id = keys::ticket_id(old.order.id, *number);
            let ticket = Ticket::of(&old.order, *number, id, TicketState::Void, now);
            writes.push(self.tenant.tickets().void_write(&ticket)?);
        }
        let request = self.tenant.store.tables.client.transact_write_items().set_transact_items(Some(writes));
        match request.send().await {
            Ok(_) => Ok(RefundEntry::Done),
            Err(SdkError::ServiceError(refusal)) => match refusal.into_err() {
                TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                    let codes: Vec<_> = cancelled.cancellation_reasons().iter().map(|reason| reason.code()).collect();
                    self.explain(&codes, refund, decided).await
                }
                other => Err(Failed::service(&other)),
            },
            Err(other) => Err(other.into()),
        }
    }

    /// Reads which part of the transaction was refused: one of the first `decided`, or a ticket. One that was applied, but whose reply was lost, shows the refund as
    /// it was to be.
    async fn explain(&self, codes: &[Option<&str>], refund: &Refund, decided: usize) -> Result<RefundEntry, Failed> {
        if codes.iter().any(|code| {
            matches!(code, Some("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded"))
        }) {
            return Err(Failed::Throttled);
        }
        if self.refund(refund.order, refund.id).await?.as_ref() == Some(refund) {
            return Ok(RefundEntry::Done);
        }
        match codes.iter().position(|code| *code == Some("ConditionalCheckFailed")) {
            Some(part) if part < decided => Ok(RefundEntry::Changed),
            Some(_) => Ok(RefundEntry::TicketUsed),
            None => Err(Failed::corrupt("a transaction was refused for no reason that is known")),
        }
    }

    fn put_write(&self, item: Item, condition: Expression) -> Result<TransactWriteItem, Failed> {
        let put = Put::builder()
            .table_name(self.tenant.store.tables.name(Table::Orders))
            .set_item(Some(item))
            .set_condition_expression(condition.condition)
            .set_expression_attribute_values((!condition.values.is_empty()).then_some(condition.values))
            .build()
            .map_err(Failed::corrupt)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// A refund is in the index of due work from its approval until the money is back.
    fn encode_refund(&self, refund: &Refund, now: Timestamp) -> Result<Item, Failed> {
        let (st, note, time) = match &refund.state {
            State::Requested => ("requested", None, None),
            State::Refused { reason, at } => ("refused", Some(reason.clone()), Some(*at)),
            State::Approved => ("approved", None, None),
            State::Done { at } => ("done", None, Some(*at)),
            State::Failed { reason, at } => ("failed", Some(reason.clone()), Some(*at)),
        };
        let (why, words, to) = match &refund.reason {
            Reason::Asked(words) => ("asked", Some(words.clone()), None),
            Reason::Late => ("late", None, None),
            Reason::Duplicate => ("duplicate", None, None),
            Reason::Changed { to, kept } => ("changed", None, Some((to.bare(), *kept))),
            Reason::Waited => ("waited", None, None),
        };
        let record = RefundItem {
            cap: CaptureItem::of(&refund.capture),
            amt: refund.amount.minor,
            cur: refund.amount.currency.to_string(),
            n: refund.tickets.clone(),
            why: why.into(),
            words,
            st: st.into(),
            note,
            to,
            at: time.map(Timestamp::as_millisecond),
            cr: refund.created.as_millisecond(),
            ver: refund.version,
        };
        let mut item = encode(keys::refund(&self.tenant.id, refund.order, refund.id), &record)?;
        if refund.state == State::Approved {
            let due = keys::due(keys::hour(now), keys::slot(refund.order));
            item.insert(BY_DUE.partition.into(), AttributeValue::S(due));
        }
        Ok(item)
    }
}

fn from(version: u32) -> Expression {
    Expression::only_if("ver = :from").number(":from", version)
}

/// The order that is stored is the one that was decided on; version 0 is that of one that is not written yet.
fn unchanged(order: u32) -> Expression {
    if order == 0 { Expression::only_if("attribute_not_exists(pk)") } else { from(order) }
}

fn condition(refund: &Refund) -> Expression {
    match refund.version.checked_sub(1) {
        None => Expression::only_if("attribute_not_exists(pk)"),
        Some(before) => from(before),
    }
}

pub(crate) fn read(order: OrderId, id: RefundId, item: Item) -> Result<Refund, Failed> {
    let item: RefundItem = decode(item)?;
    let time = || at(item.at.ok_or_else(|| Failed::corrupt("a refund without its time"))?);
    let note = || item.note.clone().unwrap_or_default();
    let state = match item.st.as_str() {
        "requested" => State::Requested,
        "refused" => State::Refused { reason: note(), at: time()? },
        "approved" => State::Approved,
        "done" => State::Done { at: time()? },
        "failed" => State::Failed { reason: note(), at: time()? },
        other => return Err(Failed::corrupt(other)),
    };
    let reason = match item.why.as_str() {
        "asked" => Reason::Asked(item.words.clone().unwrap_or_default()),
        "late" => Reason::Late,
        "duplicate" => Reason::Duplicate,
        "changed" => {
            let (to, kept) = item.to.clone().ok_or_else(|| Failed::corrupt("a change to nothing"))?;
            Reason::Changed { to: OrderId::from_bare(&to).map_err(Failed::corrupt)?, kept }
        }
        "waited" => Reason::Waited,
        other => return Err(Failed::corrupt(other)),
    };
    Ok(Refund {
        id,
        order,
        capture: item.cap.read()?,
        amount: money(item.amt, &item.cur)?,
        tickets: item.n,
        reason,
        state,
        created: at(item.cr)?,
        version: item.ver,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refund_ids_are_found_again_in_keys() {
        let (tenant, order, refund) =
            ("demo".parse().unwrap(), OrderId::from_bytes([1; 16]), RefundId::from_bytes([2; 16]));
        assert_eq!(keys::parse_refund(&keys::refund(&tenant, order, refund).sort), Some(refund));
        assert_eq!(keys::parse_refund(keys::ORDER), None);
        assert_eq!(refund.bare().len(), 26);
    }
}
