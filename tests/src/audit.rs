//! The product's auditor, run to its end and held to more than it can know by itself: after the reconcilers nothing is
//! unfinished, and the books of the simulated provider agree with the orders.

use std::collections::{BTreeMap, BTreeSet};

use domain::{id::OrderId, order::State, pool::PoolKey, tenant::TenantId, waitlist::Phase};
use serde_json::{Value, json};
use store::{
    Table,
    audit::{self, Page, Unfinished, Violation},
};

use crate::shop::{Offer, Shop, Wares};

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

/// What an audit found, whatever it is.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) counted: audit::Counted,
    pub(crate) violations: Vec<Violation>,
    pub(crate) unfinished: Vec<Unfinished>,
}

/// Items that a page of these audits looks at: few, so that there are several pages.
const PAGE: u16 = 100;

/// Lets the reconcilers run once, then checks everything that the tenant of the shop owns.
#[track_caller]
pub(crate) fn audit(shop: &Shop) -> impl Future<Output = Counted> + '_ {
    let caller = std::panic::Location::caller();
    async move {
        shop.tick().await;
        let found = look(shop).await;
        let mut wrong: Vec<String> = found.violations.iter().map(ToString::to_string).collect();
        wrong.extend(found.unfinished.iter().map(|open| format!("unfinished: {open}")));
        let mut counted = Counted {
            free: u64::try_from(found.counted.free).unwrap_or(0),
            sold: u64::try_from(found.counted.sold).unwrap_or(0),
            held: u64::try_from(found.counted.held).unwrap_or(0),
            winners: winners(shop),
            tickets: found.counted.tickets,
            ..Counted::default()
        };
        wrong.extend(check_money(shop, &mut counted).await);
        assert!(wrong.is_empty(), "the audit at {caller} found\n  {}", wrong.join("\n  "));
        counted
    }
}

/// What the auditor finds in what is stored just now.
pub(crate) async fn look(shop: &Shop) -> Found {
    let (tenant, mut found, mut place) = (shop.store(), Found::default(), None);
    loop {
        let page: Page = tenant.audit(shop.now()).page(place, PAGE).await.unwrap();
        found.counted += page.counted;
        found.violations.extend(page.violations);
        found.unfinished.extend(page.unfinished);
        place = page.next;
        if place.is_none() {
            return found;
        }
    }
}

/// What the pool of an offer holds, from its blocks: (free, sold, held).
pub(crate) async fn pool(shop: &Shop, offer: &Offer) -> (u32, u32, u32) {
    let pool = match &offer.wares {
        Wares::Tickets => {
            store::keys::stock_pool(&shop.tenant, offer.session.parse().unwrap(), offer.option.parse().unwrap())
        }
        Wares::Seats(_) => {
            store::keys::seat_pool(&shop.tenant, offer.session.parse().unwrap(), &"stalls".parse().unwrap())
        }
        Wares::Rides { run, .. } => {
            store::keys::class_pool(&shop.tenant, run.parse().unwrap(), &"second".parse().unwrap())
        }
    };
    let (mut free, mut sold, mut held) = (0, 0, 0);
    for (_, pool_of, shard) in shards(shop).into_iter().filter(|(_, found, _)| *found == pool) {
        for (_, block) in shop.store().inventory().shard(pool_of, shard).await.unwrap() {
            free += u32::from(block.available());
            for examined in block.entries() {
                let side = if examined.until().is_none() { &mut sold } else { &mut held };
                *side += u32::from(examined.count());
            }
        }
    }
    (free, sold, held)
}

fn shards(shop: &Shop) -> BTreeSet<(TenantId, PoolKey, u16)> {
    let partitions = scan(shop, Table::Inventory).into_iter();
    partitions.filter_map(|item| store::keys::parse_shard(&key(&item, "pk"))).filter(|it| it.0 == shop.tenant).collect()
}

/// Every item of a table, in the JSON of `DynamoDB`.
pub(crate) fn scan(shop: &Shop, table: Table) -> Vec<Value> {
    let name = format!("{}{}", shop.app().settings.table_prefix, table.name());
    let (mut items, mut from) = (Vec::new(), Value::Null);
    loop {
        let mut request = json!({"TableName": name, "ConsistentRead": true});
        if !from.is_null() {
            request["ExclusiveStartKey"] = from;
        }
        let mut answer = engine(shop, "Scan", &request);
        if let Value::Array(found) = answer["Items"].take() {
            items.extend(found);
        }
        from = answer["LastEvaluatedKey"].take();
        if from.is_null() {
            return items;
        }
    }
}

/// Asks the database itself, past everything of the product's.
pub(crate) fn engine(shop: &Shop, operation: &str, request: &Value) -> Value {
    let answer = shop.system.engines.dynamodb().call(operation, &serde_json::to_vec(request).unwrap());
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    serde_json::from_slice(&answer.body).unwrap()
}

pub(crate) fn key(item: &Value, name: &str) -> String {
    item[name]["S"].as_str().unwrap_or_default().to_owned()
}

/// Orders that were ticketed and not given back: from what is stored, never from what was answered.
fn winners(shop: &Shop) -> BTreeSet<OrderId> {
    let items = scan(shop, Table::Orders).into_iter();
    let won = items.filter(|item| matches!(key(item, "st").as_str(), "ticketed" | "used"));
    let orders = won.filter_map(|item| store::keys::parse_order(&key(&item, "pk")));
    orders.filter(|(tenant, _)| *tenant == shop.tenant).map(|(_, order)| order).collect()
}

/// Every capture ended as tickets or as a refund. What was taken is what the sandbox says, not what orders believe.
pub(crate) async fn check_money(shop: &Shop, counted: &mut Counted) -> Vec<String> {
    let of_sandbox = format!("{}#sandbox#", shop.tenant);
    let mut kept: BTreeMap<OrderId, i128> = BTreeMap::new();
    for item in scan(shop, Table::Activity).iter().filter(|item| key(item, "pk").starts_with(&of_sandbox)) {
        let till = Till::of(&serde_json::from_str(&key(item, "record")).unwrap());
        counted.taken += till.taken;
        counted.returned += till.returned;
        counted.aside += till.aside;
        *kept.entry(till.order).or_default() += i128::from(till.taken) - i128::from(till.returned);
    }
    let mut wrong = Vec::new();
    // An order that counts as paid and of which the provider knows nothing has earned what nobody paid.
    for order in winners(shop) {
        kept.entry(order).or_default();
    }
    let handed = handed_on(shop, &mut kept).await;
    for (id, kept) in &kept {
        // Unreadable orders are the auditor's to report.
        let Ok(order) = shop.store().orders().load(*id).await else { continue };
        let earned = order.as_ref().map_or(0, |order| match order.state {
            State::Paid(_) | State::Ticketed(_) | State::Used(_) => {
                let purchase = &order.purchase;
                i128::from(purchase.total.minor) - i128::from(purchase.worth(order.returned).minor)
            }
            _ => 0,
        });
        // The deposit of somebody who was served, or who left, has earned nothing of its own.
        let earned = handed.get(id).copied().unwrap_or(earned);
        if *kept != earned {
            wrong.push(format!("{kept} were kept for {id}, {earned} earned: {order:?}"));
        }
    }
    wrong
}

/// Deposits of those who wait: what was taken for one is what the order earned that it paid. What was kept for the order is
/// taken over from the deposit's payment. Returns what each deposit has earned of its own.
async fn handed_on(shop: &Shop, kept: &mut BTreeMap<OrderId, i128>) -> BTreeMap<OrderId, i128> {
    let mut earned = BTreeMap::new();
    for item in scan(shop, Table::Orders).iter().filter(|item| key(item, "sk") == store::keys::REQUEST) {
        let Some((_, deposit)) = store::keys::parse_order(&key(item, "pk")).filter(|it| it.0 == shop.tenant) else {
            continue;
        };
        let request = shop.store().waitlist().find(deposit).await.unwrap().unwrap().request;
        match request.phase {
            Phase::Served { order } => {
                let of_deposit = kept.insert(deposit, 0).unwrap_or_default();
                *kept.entry(order).or_default() += of_deposit;
                earned.insert(deposit, 0);
            }
            Phase::Left { .. } => drop(earned.insert(deposit, 0)),
            Phase::Waiting | Phase::Serving { .. } => {}
        }
    }
    earned
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
