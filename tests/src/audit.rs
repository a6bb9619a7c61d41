//! The auditor: reads what is stored, compares it with the invariants, and believes no answer that the program gave.

use std::collections::{BTreeMap, BTreeSet};

use app::auth::ticket_id;
use domain::{
    Timestamp,
    block::StockBlock,
    id::{Id as _, OrderId, TicketId},
    order::{Due, Order, State},
    pool::{BlockAddress, Layout, PoolKey},
    refund,
    tenant::TenantId,
    ticket::{Ticket, TicketState},
};
use serde_json::{Value, json};
use store::{Stored, Table};

use crate::shop::{Offer, Shop};

/// What the auditor counted while it found nothing wrong.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    /// Tickets that are free, over all pools.
    pub(crate) free: u64,
    /// Tickets in entries without a time limit.
    pub(crate) sold: u64,
    /// Tickets in entries with one.
    pub(crate) held: u64,
    /// Orders that were ticketed and not given back, by id.
    pub(crate) winners: BTreeSet<OrderId>,
    /// Tickets that admit or have admitted.
    pub(crate) tickets: u64,
    /// Minor units that the sandbox has taken, and has given back.
    pub(crate) taken: u64,
    pub(crate) returned: u64,
    /// Minor units that were taken and were not what was asked.
    pub(crate) aside: u64,
}

/// Everything that is stored, by kind.
#[derive(Debug, Default)]
struct Books {
    blocks: BTreeMap<BlockAddress, StockBlock>,
    orders: BTreeMap<OrderId, Option<Order>>,
    refunds: BTreeMap<OrderId, Vec<refund::Refund>>,
    tickets: BTreeMap<TicketId, Ticket>,
    sandbox: Vec<Value>,
    capacity: BTreeMap<PoolKey, u32>,
    wrong: Vec<String>,
}

/// Lets the reconcilers run once, then checks everything that the tenant of the shop owns.
#[track_caller]
pub(crate) fn audit(shop: &Shop) -> impl Future<Output = Counted> + '_ {
    let caller = std::panic::Location::caller();
    async move {
        shop.tick().await;
        let mut books = Books::read(shop).await;
        let counted = books.check(shop.now());
        assert!(books.wrong.is_empty(), "the audit at {caller} found\n  {}", books.wrong.join("\n  "));
        counted
    }
}

/// What the pool of an offer holds, from its blocks: (free, sold, held).
pub(crate) async fn pool(shop: &Shop, offer: &Offer) -> (u32, u32, u32) {
    let (session, option) = (offer.session.parse().unwrap(), offer.option.parse().unwrap());
    let pool = store::keys::stock_pool(&shop.tenant, session, option);
    let (mut free, mut sold, mut held) = (0, 0, 0);
    for (_, pool_of, shard) in shards(shop).into_iter().filter(|(_, found, _)| *found == pool) {
        for (_, block) in shop.store().inventory().shard(pool_of, shard).await.unwrap() {
            free += u32::from(block.available());
            for entry in block.entries().values() {
                let side = if entry.until.is_none() { &mut sold } else { &mut held };
                *side += u32::from(entry.count);
            }
        }
    }
    (free, sold, held)
}

fn shards(shop: &Shop) -> BTreeSet<(TenantId, PoolKey, u16)> {
    let partitions = scan(shop, Table::Inventory).into_iter();
    partitions.filter_map(|item| store::keys::parse_shard(&key(&item, "pk"))).filter(|it| it.0 == shop.tenant).collect()
}

/// Every item of a table, in the JSON of `DynamoDB`. The store has no such thing, on purpose.
pub(crate) fn scan(shop: &Shop, table: Table) -> Vec<Value> {
    let name = format!("{}{}", shop.app().settings.table_prefix, table.name());
    let (mut items, mut from) = (Vec::new(), Value::Null);
    loop {
        let mut request = json!({"TableName": name, "ConsistentRead": true});
        if !from.is_null() {
            request["ExclusiveStartKey"] = from;
        }
        let answer = shop.system.engines.dynamodb().call("Scan", &serde_json::to_vec(&request).unwrap());
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let mut answer: Value = serde_json::from_slice(&answer.body).unwrap();
        if let Value::Array(found) = answer["Items"].take() {
            items.extend(found);
        }
        from = answer["LastEvaluatedKey"].take();
        if from.is_null() {
            return items;
        }
    }
}

fn key(item: &Value, name: &str) -> String {
    item[name]["S"].as_str().unwrap_or_default().to_owned()
}

impl Books {
    async fn read(shop: &Shop) -> Self {
        let mut books = Self::default();
        let tenant = shop.store();
        for (_, pool, shard) in shards(shop) {
            books.blocks.extend(tenant.inventory().shard(pool, shard).await.unwrap());
        }
        for event in tenant.catalogue().events().await.unwrap() {
            let pairs =
                event.sessions.iter().flat_map(|session| event.options.iter().map(move |option| (session, option)));
            for (session, option) in pairs {
                books.capacity.insert(store::keys::stock_pool(&shop.tenant, session.id, option.id), option.total);
            }
        }
        for item in scan(shop, Table::Orders).iter().filter(|item| key(item, "sk") == store::keys::ORDER) {
            let Some((of, id)) = store::keys::parse_order(&key(item, "pk")) else {
                books.wrong.push(format!("the key of no order: {item}"));
                continue;
            };
            if of != shop.tenant {
                continue;
            }
            let stored = match tenant.orders().find(id).await.unwrap() {
                Some(Stored::Order(order)) => Some(*order),
                Some(Stored::Tombstone) | None => None,
            };
            books.refunds.insert(id, tenant.orders().refunds(id).await.unwrap());
            books.orders.insert(id, stored);
        }
        let ours = format!("{}#", shop.tenant);
        for item in scan(shop, Table::Tickets) {
            let Some(bare) = key(&item, "pk").strip_prefix(&ours).map(str::to_owned) else { continue };
            let id = TicketId::from_bare(&bare).unwrap();
            // A ticket that was voided before it was issued is a mark and no ticket.
            if let Some(ticket) = tenant.tickets().find(id).await.unwrap() {
                books.tickets.insert(id, ticket);
            }
        }
        let of_sandbox = format!("{}#sandbox#", shop.tenant);
        let records = scan(shop, Table::Activity).into_iter().filter(|item| key(item, "pk").starts_with(&of_sandbox));
        for item in records {
            let text = item.as_object().unwrap().values().filter_map(|value| value["S"].as_str());
            let record = text.filter_map(|text| serde_json::from_str::<Value>(text).ok()).find(Value::is_object);
            books.sandbox.extend(record);
        }
        books
    }

    fn check(&mut self, now: Timestamp) -> Counted {
        let mut counted = Counted::default();
        self.check_pools(&mut counted);
        self.check_entries(now, &mut counted);
        self.check_orders(now, &mut counted);
        self.check_tickets(&mut counted);
        self.check_money(&mut counted);
        counted
    }

    fn check_pools(&mut self, counted: &mut Counted) {
        let mut found: BTreeMap<PoolKey, u32> = BTreeMap::new();
        for (address, block) in &self.blocks {
            *found.entry(address.pool).or_default() += u32::from(block.capacity());
            counted.free += u64::from(block.available());
            let in_entries: u32 = block.entries().values().map(|entry| u32::from(entry.count)).sum();
            if u32::from(block.available()) + in_entries != u32::from(block.capacity()) {
                self.wrong.push(format!("{address:?} does not add up: {block:?}"));
            }
        }
        for (pool, capacity) in found {
            let said = self.capacity.get(&pool).copied();
            if said != Some(capacity) {
                self.wrong.push(format!("pool {pool} has blocks for {capacity}, its event says {said:?}"));
            }
            // A pool that shrank keeps its blocks; one that never did has no more than it needs.
            let least = usize::from(Layout::of(capacity).unwrap().blocks());
            let blocks = self.blocks.keys().filter(|address| address.pool == pool).count();
            if blocks < least {
                self.wrong.push(format!("pool {pool} has {blocks} blocks and needs {least}"));
            }
        }
    }

    /// Every entry belongs to an order that lists it.
    fn check_entries(&mut self, now: Timestamp, counted: &mut Counted) {
        for (address, block) in &self.blocks {
            for (id, entry) in block.entries() {
                let side = if entry.until.is_none() { &mut counted.sold } else { &mut counted.held };
                *side += u64::from(entry.count);
                let due = entry.until.is_some_and(|until| until <= now);
                let order = self.orders.get(id).and_then(Option::as_ref);
                let owned = order.and_then(|order| order.owns().find(|(held, _)| held.block == *address));
                let owned = owned.map_or(0, |(_, count)| count);
                let complaint = match order.map(|order| &order.state) {
                    Some(State::Ticketed(_) | State::Used(_)) if entry.until.is_some() => "is sold and not confirmed",
                    Some(State::Ticketed(_) | State::Used(_)) if owned != entry.count => "is not what its order owns",
                    Some(State::Ticketed(_) | State::Used(_)) => continue,
                    Some(State::Reserved { .. } | State::Reviving { .. }) if !due && owned == entry.count => continue,
                    Some(State::Reserved { .. } | State::Reviving { .. }) => {
                        "is past its time, or not what its order lists"
                    }
                    Some(State::Paid(_)) => "waits for its tickets",
                    Some(_) => "belongs to an order that is over",
                    None if !due => continue,
                    None => "belongs to no order and is past its time",
                };
                self.wrong.push(format!("the entry {entry:?} of {id} in {address:?} {complaint}: {order:?}"));
            }
        }
    }

    /// No order without its entries, none that still waits for something.
    fn check_orders(&mut self, now: Timestamp, counted: &mut Counted) {
        for order in self.orders.values().flatten() {
            let owns = match &order.state {
                State::Paid(_) | State::Refunding { .. } => {
                    self.wrong.push(format!("{} is still on its way: {:?}", order.id, order.state));
                    true
                }
                State::Reserved { expires, .. } if *expires <= now => {
                    self.wrong.push(format!("{} is past its time and not settled", order.id));
                    false
                }
                State::Ticketed(_) | State::Used(_) => {
                    counted.winners.insert(order.id);
                    true
                }
                State::Reserved { .. } => true,
                _ => false,
            };
            let listed: u32 = order.held.iter().map(|held| u32::from(held.count)).sum();
            if listed != u32::from(order.purchase.quantity.get()) {
                self.wrong.push(format!("{} holds {listed} of {}", order.id, order.purchase.quantity.get()));
            }
            for (held, owned) in order.owns().filter(|(_, owned)| owns && *owned > 0) {
                let entry = self.blocks.get(&held.block).and_then(|block| block.entries().get(&order.id));
                if entry.map(|entry| entry.count) != Some(owned) {
                    self.wrong.push(format!("{} owns {owned} in {:?} and has {entry:?} there", order.id, held.block));
                }
            }
        }
    }

    /// A ticket that admits belongs to a paid order, and a paid order has its tickets.
    fn check_tickets(&mut self, counted: &mut Counted) {
        let of_orders: BTreeMap<TicketId, (OrderId, u8)> = self
            .orders
            .values()
            .flatten()
            .filter(|order| matches!(order.state, State::Ticketed(_) | State::Used(_)))
            .flat_map(|order| order.kept().map(|number| (ticket_id(order.id, number), (order.id, number))))
            .collect();
        for (id, (order, number)) in &of_orders {
            match self.tickets.get(id).map(|ticket| &ticket.state) {
                Some(TicketState::Valid | TicketState::Used(_)) => {}
                other => self.wrong.push(format!("ticket {number} of {order} is {other:?}")),
            }
        }
        for (id, ticket) in &self.tickets {
            let admits = matches!(ticket.state, TicketState::Valid | TicketState::Used(_));
            counted.tickets += u64::from(admits);
            if admits && of_orders.get(id) != Some(&(ticket.order, ticket.number)) {
                self.wrong.push(format!("{id} admits, and its order {} does not own it", ticket.order));
            }
        }
    }

    /// Every capture ended as tickets or as a refund. What was taken is what the sandbox says, not what orders believe.
    fn check_money(&mut self, counted: &mut Counted) {
        let mut kept: BTreeMap<OrderId, i128> = BTreeMap::new();
        for record in &self.sandbox {
            let sandbox = Till::of(record);
            counted.taken += sandbox.taken;
            counted.returned += sandbox.returned;
            counted.aside += sandbox.aside;
            *kept.entry(sandbox.order).or_default() += i128::from(sandbox.taken) - i128::from(sandbox.returned);
        }
        for (id, kept) in &kept {
            let order = self.orders.get(id).and_then(Option::as_ref);
            let earned = order.map_or(0, |order| match order.state {
                State::Paid(_) | State::Ticketed(_) | State::Used(_) => {
                    let quantity = u64::from(order.purchase.quantity.get());
                    let total = order.purchase.total;
                    i128::from(total.minor) - i128::from(total.share(order.returned.count(), quantity).minor)
                }
                _ => 0,
            });
            if *kept != earned {
                let refunds = self.refunds.get(id);
                self.wrong.push(format!("{kept} were kept for {id}, {earned} earned: {order:?}, {refunds:?}"));
            }
        }
        for (id, refunds) in &self.refunds {
            for open in refunds.iter().filter(|refund| matches!(refund.state, refund::State::Approved)) {
                self.wrong.push(format!("{} of {id} is approved and not sent", open.id));
            }
        }
        for order in self.orders.values().flatten().filter(|order| order.due() == Some(Due::Refund)) {
            self.wrong.push(format!("{} owes money for which no refund stands", order.id));
        }
    }
}

/// What the simulator knows of one payment.
struct Till {
    order: OrderId,
    /// Minor units of captures that are as large as was asked.
    taken: u64,
    /// Minor units of captures that are not: put aside for a person.
    aside: u64,
    returned: u64,
}

impl Till {
    fn of(record: &Value) -> Self {
        let number = |value: &Value| value["amount"].as_u64().unwrap_or_else(|| panic!("no amount in {record}"));
        let asked = number(record);
        let captures: Vec<_> = record["captures"].as_array().unwrap().iter().map(number).collect();
        Self {
            order: record["order"].as_str().unwrap().parse().unwrap(),
            taken: captures.iter().filter(|amount| **amount == asked).sum(),
            aside: captures.iter().filter(|amount| **amount != asked).sum(),
            returned: record["refunds"].as_object().unwrap().values().map(number).sum(),
        }
    }
}
