//! Orders with their payments and refunds: the order machine as conditional writes.

mod contact;
mod forget;
mod item;
mod refunds;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Timestamp,
    event::later,
    id::{OrderId, RefundId, UserId},
    order::{Change, Order},
    tenant::TenantId,
};

use crate::{
    BY_DUE, BY_USER, Failed, PARTITION, Platform, Table, Tenant,
    client::{Expression, Find, Item, Read, Wrote, decode, encode, number, text_of},
    keys,
};

pub use contact::{Reach, Traveller};
pub(crate) use item::word;
pub use refunds::RefundEntry;
pub(crate) use refunds::read as read_refund;

/// Seconds for which a tombstone stands: longer than a queue and its dead letters keep a message (4 and 14 days).
const TOMBSTONE_SECS: i64 = 20 * 24 * 3_600;

/// What stands under an order's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The order.
    Order(Box<Order>),
    /// Nothing will ever stand here: the try was given up before the order was written.
    Tombstone,
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It is made; perhaps by an earlier try whose reply was lost.
    Done,
    /// Something else stands there now: decide anew.
    Conflict(Option<Stored>),
}

/// A user's orders, newest first.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The orders of the page.
    pub orders: Vec<Order>,
    /// How many there are in all, counted up to [`Listed::COUNTED`].
    pub total: usize,
    /// Whether there are more than were counted.
    pub total_is_minimum: bool,
}

impl Listed {
    /// The number up to which totals are exact.
    pub const COUNTED: usize = 1_000;
}

/// Work that is due at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueItem {
    /// Whose.
    pub tenant: TenantId,
    /// Which order.
    pub order: OrderId,
    /// Which of its refunds; `None` where it is the order itself.
    pub refund: Option<RefundId>,
}

/// Orders of one tenant.
#[derive(Clone, Copy, Debug)]
pub struct Orders<'t> {
    tenant: &'t Tenant,
}

impl<'t> Orders<'t> {
    pub(crate) const fn new(tenant: &'t Tenant) -> Self {
        Self { tenant }
    }

    /// What stands under an id now.
    pub async fn find(&self, id: OrderId) -> Result<Option<Stored>, Failed> {
        let key = keys::order(&self.tenant.id, id);
        let item = self.tenant.store.tables.get(Table::Orders, key, Read::Consistent).await?;
        item.map(stored).transpose()
    }

    /// The order of an id; a tombstone is none.
    pub async fn load(&self, id: OrderId) -> Result<Option<Order>, Failed> {
        Ok(match self.find(id).await? {
            Some(Stored::Order(order)) => Some(*order),
            Some(Stored::Tombstone) | None => None,
        })
    }

    /// Several orders, in no order; those that are not written, and tombstones, are left out.
    pub async fn load_all(&self, ids: &[OrderId]) -> Result<Vec<Order>, Failed> {
        let keys: Vec<Item> = ids.iter().map(|id| keys::order(&self.tenant.id, *id).item()).collect();
        self.of_keys(&keys).await
    }

    /// Writes a new order, unless something stands under its id.
    pub async fn create(&self, order: &Order) -> Result<Applied, Failed> {
        self.put(order, Expression::only_if("attribute_not_exists(pk)")).await
    }

    /// Writes a decision, if the order is still the one that was decided on.
    pub async fn apply(&self, change: &Change) -> Result<Applied, Failed> {
        self.put(&change.order, Expression::only_if("ver = :from").number(":from", change.from)).await
    }

    async fn put(&self, order: &Order, condition: Expression) -> Result<Applied, Failed> {
        let written = fastrand::u64(..);
        let item = self.encode(order, written)?;
        match self.tenant.store.tables.put(Table::Orders, item, condition).await? {
            Wrote::Yes => Ok(Applied::Done),
            Wrote::Refused(None) => Ok(Applied::Conflict(None)),
            Wrote::Refused(Some(item)) if item::is_written_by(&item, written) => Ok(Applied::Done),
            Wrote::Refused(Some(item)) => Ok(Applied::Conflict(Some(stored(item)?))),
        }
    }

    pub(crate) fn encode(&self, order: &Order, written: u64) -> Result<Item, Failed> {
        let mut item = encode(keys::order(&self.tenant.id, order.id), &item::OrderItem::of(order, written))?;
        item.insert(BY_USER.partition.into(), AttributeValue::S(keys::orders_of(&self.tenant.id, order.user)));
        if order.due().is_some() {
            let due = keys::due(keys::hour(order.updated), keys::slot(order.id));
            item.insert(BY_DUE.partition.into(), AttributeValue::S(due));
        }
        Ok(item)
    }

    /// Makes sure that no order will ever stand under this id, unless one does already.
    pub async fn bury(&self, id: OrderId, now: Timestamp) -> Result<Applied, Failed> {
        let mut item = keys::order(&self.tenant.id, id).item();
        item.insert(item::STATE.into(), AttributeValue::S(item::TOMBSTONE.into()));
        item.insert("ttl".into(), number(later(now, TOMBSTONE_SECS).as_second()));
        let absent = Expression::only_if("attribute_not_exists(pk)");
        match self.tenant.store.tables.put(Table::Orders, item, absent).await? {
            Wrote::Yes | Wrote::Refused(None) => Ok(Applied::Done),
            Wrote::Refused(Some(item)) => match stored(item)? {
                Stored::Tombstone => Ok(Applied::Done),
                other @ Stored::Order(_) => Ok(Applied::Conflict(Some(other))),
            },
        }
    }

    /// A user's orders, newest first: `skip` of them left out, then at most `take`, only those that `keep` likes.
    pub async fn of_user(
        &self,
        user: UserId,
        skip: usize,
        take: usize,
        keep: impl Fn(&Order) -> bool,
    ) -> Result<Listed, Failed> {
        let mut kept = Vec::new();
        let mut from = None;
        loop {
            let find = Find::index(BY_USER, keys::orders_of(&self.tenant.id, user));
            let find = Find { newest_first: true, limit: Some(100), from, ..find };
            let page = self.tenant.store.tables.page(Table::Orders, find).await?;
            kept.extend(self.of_keys(&page.items).await?.into_iter().filter(|order| keep(order)));
            from = page.next;
            if from.is_none() || kept.len() > Listed::COUNTED {
                break;
            }
        }
        let total = kept.len().min(Listed::COUNTED);
        let total_is_minimum = kept.len() > Listed::COUNTED;
        let orders = kept.into_iter().skip(skip).take(take).collect();
        Ok(Listed { orders, total, total_is_minimum })
    }

    async fn of_keys(&self, keys: &[Item]) -> Result<Vec<Order>, Failed> {
        let keys = keys.iter().map(keys::of_item).collect();
        let mut items = self.tenant.store.tables.batch_get(Table::Orders, keys, Read::Consistent).await?;
        items.sort_by(|one, other| text_of(other, PARTITION).cmp(text_of(one, PARTITION)));
        let orders = items.into_iter().map(stored);
        orders
            .filter_map(|stored| match stored {
                Ok(Stored::Order(order)) => Some(Ok(*order)),
                Ok(Stored::Tombstone) => None,
                Err(failed) => Some(Err(failed)),
            })
            .collect()
    }

    /// Moves due work on to a later hour, so that it is asked about again then. Work that is due then already is left
    /// alone: a write would wake its worker through the stream, which would come back here.
    pub async fn postpone(&self, due: &DueItem, to: Timestamp) -> Result<(), Failed> {
        let key = match due.refund {
            None => keys::order(&self.tenant.id, due.order),
            Some(refund) => keys::refund(&self.tenant.id, due.order, refund),
        };
        let later = Expression::set("SET due = :due")
            .given("due < :due")
            .text(":due", keys::due(keys::hour(to), keys::slot(due.order)));
        self.tenant.store.tables.update(Table::Orders, key, later).await.map(drop)
    }
}

impl Platform {
    /// Work at providers that is due in an hour.
    pub async fn due(&self, hour: i64) -> Result<Vec<DueItem>, Failed> {
        let mut items = Vec::new();
        for slot in 0..keys::DUE_SLOTS {
            let find = Find::index(BY_DUE, keys::due(hour, slot));
            items.extend(self.store.tables.all(Table::Orders, find).await?);
        }
        items.iter().map(crate::activity::due_item).collect()
    }
}

/// Reads an item of the Orders table that stands under [`keys::ORDER`].
pub(crate) fn stored(item: Item) -> Result<Stored, Failed> {
    if text_of(&item, item::STATE) == item::TOMBSTONE {
        return Ok(Stored::Tombstone);
    }
    let (_, id) = keys::parse_order(text_of(&item, PARTITION)).ok_or_else(|| Failed::corrupt("an order's key"))?;
    decode::<item::OrderItem>(item)?.read(id).map(|order| Stored::Order(Box::new(order)))
}
