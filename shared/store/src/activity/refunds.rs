//! The tenant's list of refunds, for the people who decide them.
//!
//! A refund lies under its order's key, and there is no index over them: this list stands in for one, with one small item
//! for each refund. Those on which somebody or something still has to act lie on one shelf, those that have ended on
//! another, so that the list that is asked for every day stays short.
//!
//! **The list decides nothing.** A refund is listed before it is written, and moved once it has ended: an entry may name a
//! refund that was never written, or stand on the wrong shelf after a crash, but no refund that waits is missing. Readers
//! look at the refund itself. Every call may be repeated.

use domain::{Timestamp, event::later, refund::Refund};

use super::Activity;
use crate::{
    Failed, SORT, Table,
    client::{Expression, Find, Read, number, text_of},
    keys,
};

/// Seconds for which an ended refund is listed: ninety days. The refund itself stays with its order.
const ENDED_SECS: i64 = 90 * 24 * 3_600;

/// Which part of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// Refunds on which somebody or something still has to act.
    Open,
    /// Refunds that are done or refused.
    Ended,
}

impl Shelf {
    const fn word(self) -> &'static str {
        match self {
            Self::Open => keys::OPEN_REFUNDS,
            Self::Ended => keys::ENDED_REFUNDS,
        }
    }
}

impl Activity<'_> {
    /// Lists a refund that is about to be written.
    pub async fn list_refund(&self, refund: &Refund) -> Result<(), Failed> {
        let key = self.listed(Shelf::Open, refund);
        self.tenant.store.tables.put(Table::Activity, key.item(), Expression::default()).await.map(drop)
    }

    /// Moves a refund that has ended to the other shelf.
    pub async fn end_refund(&self, refund: &Refund, now: Timestamp) -> Result<(), Failed> {
        let mut item = self.listed(Shelf::Ended, refund).item();
        item.insert("ttl".into(), number(later(now, ENDED_SECS).as_second()));
        self.tenant.store.tables.put(Table::Activity, item, Expression::default()).await?;
        let open = self.listed(Shelf::Open, refund);
        self.tenant.store.tables.delete(Table::Activity, open, Expression::default()).await.map(drop)
    }

    /// The orders and refunds on a shelf, newest first, at most `most` of them.
    pub async fn listed_refunds(
        &self,
        shelf: Shelf,
        most: usize,
    ) -> Result<Vec<(domain::id::OrderId, domain::id::RefundId)>, Failed> {
        let mut found = Vec::new();
        let mut from = None;
        loop {
            let find = Find::partition(keys::refund_list(&self.tenant.id, shelf.word()), Read::Consistent);
            let page =
                self.tenant.store.tables.page(Table::Activity, Find { newest_first: true, from, ..find }).await?;
            for item in &page.items {
                let named = keys::parse_listed_refund(text_of(item, SORT));
                found.push(named.ok_or_else(|| Failed::corrupt("a key in the list of refunds"))?);
            }
            from = page.next;
            if from.is_none() || found.len() >= most {
                found.truncate(most);
                return Ok(found);
            }
        }
    }

    fn listed(&self, shelf: Shelf, refund: &Refund) -> crate::client::Key {
        keys::listed_refund(&self.tenant.id, shelf.word(), refund.created, refund.order, refund.id)
    }
}
