//! The product's auditor, run to its end and held to more than it can know by itself: after the reconcilers nothing is
//! unfinished, and the books of the simulated provider agree with the orders.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    id::{Id as _, OrderId, PaymentId},
    order::Order,
    pool::PoolKey,
    refund::Reason,
    tenant::TenantId,
    waitlist::Phase,
};
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

/// Every capture ended as tickets or as a refund. What was taken is what the sandbox says, not what orders believe. An order
/// may be paid by a part of what was taken for another: a deposit, or tickets that were changed.
pub(crate) async fn check_money(shop: &Shop, counted: &mut Counted) -> Vec<String> {
    let of_sandbox = format!("{}#sandbox#", shop.tenant);
    let mut kept: BTreeMap<PaymentId, (i128, OrderId)> = BTreeMap::new();
    for item in scan(shop, Table::Activity).iter().filter(|item| key(item, "pk").starts_with(&of_sandbox)) {
        let payment = PaymentId::from_bare(&key(item, "pk")[of_sandbox.len()..]).unwrap();
        let till = Till::of(&serde_json::from_str(&key(item, "record")).unwrap());
        counted.taken += till.taken;
        counted.returned += till.returned;
        counted.aside += till.aside;
        kept.insert(payment, (i128::from(till.taken) - i128::from(till.returned), till.order));
    }
    let (earned, mut wrong) = earned(shop).await;
    for (payment, (kept, order)) in &kept {
        let earned = earned.get(payment).copied().unwrap_or_default();
        if *kept != earned {
            wrong.push(format!("{kept} were kept of {payment:?} for {order}, {earned} earned"));
        }
    }
    // An order that counts as paid and of whose payment the provider knows nothing has earned what nobody paid.
    for (payment, earned) in earned.iter().filter(|(payment, earned)| **earned != 0 && !kept.contains_key(*payment)) {
        wrong.push(format!("{earned} were earned by {payment:?}, of which the provider knows nothing"));
    }
    wrong
}

/// What orders say was earned by each payment, and what of it nobody paid. Unreadable ones are the auditor's to report.
async fn earned(shop: &Shop) -> (BTreeMap<PaymentId, i128>, Vec<String>) {
    let tenant = shop.store();
    let mut earned: BTreeMap<PaymentId, i128> = BTreeMap::new();
    let heads = scan(shop, Table::Orders).into_iter().filter(|item| key(item, "sk") == store::keys::ORDER);
    let ids = heads.filter_map(|item| store::keys::parse_order(&key(&item, "pk")));
    let ids: Vec<OrderId> = ids.filter(|(tenant, _)| *tenant == shop.tenant).map(|(_, order)| order).collect();
    let (mut by, mut fees, mut wrong) = (BTreeMap::new(), Vec::new(), Vec::new());
    for id in ids {
        let Ok(Some(order)) = tenant.orders().load(id).await else { continue };
        let (purchase, Some(paid)) = (&order.purchase, order.paid()) else { continue };
        let Some(capture) = &paid.capture else {
            if !purchase.total.is_zero() {
                wrong.push(format!("{} were earned by {id}, which nobody paid", purchase.total.minor));
            }
            continue;
        };
        by.insert(id, (capture.payment, purchase.total.minor));
        let kept = i128::from(purchase.total.minor) - i128::from(purchase.worth(order.returned).minor);
        *earned.entry(capture.payment).or_default() += if is_handed_on(shop, &order).await { 0 } else { kept };
        if order.returned.count() > 0 {
            for refund in tenant.orders().refunds(id).await.unwrap() {
                if let Reason::Changed { to, kept } = refund.reason {
                    fees.push((capture.payment, to, kept));
                }
            }
        }
    }
    // Of what old tickets were worth and did not go back, what did not pay the new ones is a fee.
    for (payment, to, kept) in fees {
        let carried = by.get(&to).filter(|(paid_by, _)| *paid_by == payment).map_or(0, |(_, total)| *total);
        *earned.entry(payment).or_default() += i128::from(kept) - i128::from(carried);
    }
    (earned, wrong)
}

/// Whether an order is the deposit of somebody who was served, or who left: it has earned nothing of its own.
async fn is_handed_on(shop: &Shop, order: &Order) -> bool {
    if !order.is_deposit() {
        return false;
    }
    let waiting = shop.store().waitlist().find(order.id).await.unwrap();
    waiting.is_some_and(|it| matches!(it.request.phase, Phase::Served { .. } | Phase::Left { .. }))
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
