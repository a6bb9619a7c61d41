//! The way through everything that is stored: pool by pool through the catalogue, to sum up what there is of each; then item
//! by item through the tables whose items nothing else leads to.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    event::{Event, Review},
    id::{EventId, Id as _},
};
use serde::{Deserialize, Serialize};

use super::{Audit, Page, Subject, Violation, unreadable};
use crate::{
    Failed, PARTITION, SORT, Sells, TIME_TO_LIVE, Table,
    activity::check_once,
    catalogue::read_event,
    client::{Find, Item, Key, Read},
    inventory, keys,
};

/// The tables whose items are looked at one by one, in this order.
const TABLES: [Table; 4] = [Table::Inventory, Table::Orders, Table::Tickets, Table::Activity];

/// Where an audit goes on. It may name items of other tenants, which a table holds side by side: it is not for clients to
/// read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// In the catalogue; nothing once that is done.
    pools: Option<AtPool>,
    /// Which of [`TABLES`], and behind which item of it.
    table: usize,
    behind: Option<(String, String)>,
    begun: bool,
}

/// A shard of a pool of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct AtPool {
    /// The event's id without prefix; empty before the first.
    event: String,
    pool: usize,
    shard: u16,
    /// Tickets of the shards before.
    sum: u64,
    /// What a first walk through this pool came to, where that was not what the event says.
    suspected: Option<u64>,
    /// Whether the event's pools are to be walked, or the next event to be found.
    within: bool,
}

impl AtPool {
    fn behind(event: &str) -> Self {
        Self { event: event.to_owned(), ..Self::default() }
    }

    fn next_pool(self) -> Self {
        Self { pool: self.pool + 1, shard: 0, sum: 0, suspected: None, ..self }
    }
}

/// What a walk came by.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) page: Page,
    pub(super) subjects: Vec<Subject>,
}

impl Audit<'_> {
    /// Goes on until `limit` shards and items were met.
    pub(super) async fn walk(&self, mut place: Place, limit: u16) -> Result<Walked, Failed> {
        let (mut walked, mut left) = (Walked::default(), limit);
        if !place.begun {
            place = Place { begun: true, pools: Some(AtPool::default()), ..place };
        }
        while left > 0 {
            if let Some(at) = place.pools.take() {
                place.pools = self.next_shard(at, &mut walked.page).await?;
                left -= 1;
            } else if let Some(table) = TABLES.get(place.table).copied() {
                let (items, met, next) = self.items(table, place.behind.take(), left).await?;
                for item in items {
                    walked.subjects.extend(self.subject(table, item, &mut walked.page));
                }
                // The refunds of an order stand beside it, and are looked at with it.
                walked.subjects.dedup();
                left = left.saturating_sub(met.max(1));
                place.behind = next;
                if place.behind.is_none() {
                    place.table += 1;
                }
            } else {
                return Ok(walked);
            }
        }
        walked.page.next = Some(place);
        Ok(walked)
    }

    /// Sums up one shard, or finds the next event. Nothing: there is none.
    async fn next_shard(&self, at: AtPool, page: &mut Page) -> Result<Option<AtPool>, Failed> {
        if !at.within {
            return self.next_event(&at.event, page).await;
        }
        let Ok(id) = EventId::from_bare(&at.event) else { return Ok(Some(AtPool::behind(&at.event))) };
        let tables = &self.tenant.store.tables;
        let item = tables.get(Table::Catalogue, keys::event(&self.tenant.id, id), Read::Consistent).await?;
        let Some(Ok(event)) = item.map(read_event) else { return Ok(Some(AtPool::behind(&at.event))) };
        let pools = self.tenant.pools_of(&event).await?;
        let Some(of) = pools.get(at.pool) else { return Ok(Some(AtPool::behind(&at.event))) };
        let (session, pool) = (of.session, of.pool);
        let find = Find::partition(keys::shard(&self.tenant.id, pool, at.shard), Read::Consistent);
        let items = tables.all(Table::Inventory, find).await?;
        if !items.is_empty() {
            let sum: u64 = items.iter().map(inventory::capacity_of).sum();
            return Ok(Some(AtPool { shard: at.shard + 1, sum: at.sum + sum, ..at }));
        }
        let promised = self.promised(&event, &of.sells).await?;
        if is_as_promised(&event, at.sum, promised) {
            page.counted.pools += 1;
            return Ok(Some(at.next_pool()));
        }
        // Capacity changes block by block and before the event does: what is wrong is so at rest, in two walks alike.
        if at.suspected != Some(at.sum) {
            return Ok(Some(AtPool { shard: 0, sum: 0, suspected: Some(at.sum), ..at }));
        }
        page.counted.pools += 1;
        let event = id;
        page.violations.push(Violation::PoolDiffers { event, session, pool, blocks: at.sum, promised });
        Ok(Some(at.next_pool()))
    }

    /// What an event says that there is in one of its pools.
    async fn promised(&self, event: &Event, sells: &Sells) -> Result<u64, Failed> {
        Ok(match (sells, &event.seating) {
            (Sells::Tickets(option), _) => event.option(*option).map_or(0, |option| option.total.into()),
            (Sells::Seats(section), Some(seating)) => {
                let plan = self.tenant.plan_of(seating).await?;
                let rows = plan.map().rows().filter(|(_, own, ..)| own.id == *section);
                rows.map(|(_, _, row, _)| u64::try_from(row.seats.len()).unwrap_or(u64::MAX)).sum()
            }
            (Sells::Seats(_), None) => 0,
        })
    }

    async fn next_event(&self, behind: &str, page: &mut Page) -> Result<Option<AtPool>, Failed> {
        let from = EventId::from_bare(behind).ok().map(|id| keys::event(&self.tenant.id, id).item());
        let find = Find::partition(keys::events(&self.tenant.id), Read::Consistent);
        let found = self.tenant.store.tables.page(Table::Catalogue, Find { limit: Some(1), from, ..find }).await?;
        let Some(item) = found.items.into_iter().next() else { return Ok(None) };
        let key = keys::of_item(&item);
        let at = AtPool::behind(&key.sort);
        match read_event(item) {
            Ok(event) => Ok(Some(AtPool { within: event.is_public(), ..at })),
            Err(why) => {
                page.violations.push(unreadable(Table::Catalogue, &key, &why));
                // Without an id there is no going on behind it.
                Ok(EventId::from_bare(&key.sort).is_ok().then_some(at))
            }
        }
    }

    /// The keys of ours among the next items of a table, how many items there were, and where to go on. Of idempotency
    /// records, of which there are many, all that they say: that is compared with nothing.
    async fn items(
        &self,
        table: Table,
        behind: Option<(String, String)>,
        limit: u16,
    ) -> Result<(Vec<Item>, u16, Option<(String, String)>), Failed> {
        let tables = &self.tenant.store.tables;
        let from = behind.map(|(partition, sort)| Key { partition, sort }.item());
        // The database itself leaves out what is another tenant's: not even its keys come here, but the last one.
        let answer = tables
            .client
            .scan()
            .table_name(tables.name(table))
            .projection_expression("#p, #s, #i, #b, #t")
            .filter_expression("begins_with(#p, :ours)")
            .expression_attribute_names("#p", PARTITION)
            .expression_attribute_names("#s", SORT)
            .expression_attribute_names("#i", "id")
            .expression_attribute_names("#b", "body")
            .expression_attribute_names("#t", TIME_TO_LIVE)
            .expression_attribute_values(":ours", AttributeValue::S(keys::of_tenant(&self.tenant.id)))
            .set_exclusive_start_key(from)
            .limit(i32::from(limit))
            .consistent_read(true)
            .send()
            .await?;
        let met = u16::try_from(answer.scanned_count).unwrap_or(limit);
        let pair = |key: Key| (key.partition, key.sort);
        let next = answer.last_evaluated_key.as_ref().map(|item| pair(keys::of_item(item)));
        Ok((answer.items.unwrap_or_default(), met, next))
    }

    /// What is to be looked at; nothing where that is done, or decides nothing: notifications, lists of refunds, the
    /// sandbox's books.
    fn subject(&self, table: Table, item: Item, page: &mut Page) -> Option<Subject> {
        let (tenant, key) = (&self.tenant.id, keys::of_item(&item));
        let known = match table {
            Table::Inventory => keys::parse_shard(&key.partition).zip(keys::block_number(&key.sort)).and_then(
                |((_, pool, shard), number)| {
                    let block = domain::pool::BlockAddress { pool, number };
                    (keys::shard(tenant, pool, shard) == key.partition && block.shard() == shard)
                        .then_some(Subject::Block(block))
                },
            ),
            Table::Orders => keys::parse_order(&key.partition).map(|(_, order)| Subject::Order(order)),
            Table::Tickets => keys::parse_ticket(&key.partition).map(|(_, ticket)| Subject::Ticket(ticket)),
            _ => {
                if keys::is_once(tenant, &key.partition) {
                    page.counted.records += 1;
                    page.violations.extend(check_once(item).err().map(|why| unreadable(table, &key, &why)));
                }
                let admission = keys::parse_admission(tenant, &key);
                return admission.map(|(session, ticket)| Subject::Admission(session, ticket));
            }
        };
        Some(known.unwrap_or(Subject::Unknown(table, key)))
    }
}

/// What is sold has exactly its capacity. An event that was called off may have been so before all of its stock was there.
fn is_as_promised(event: &Event, blocks: u64, promised: u64) -> bool {
    if event.review == Review::Approved { blocks == promised } else { blocks <= promised }
}
