//! Bugs, planted into the running program: proof that the harnesses can fail.
//!
//! A planted bug changes calls on their way to the database (a condition is taken off, a write is dropped or says something
//! else) or has a read answered as of a moment before. Each is caught by a harness that is there for every other test too;
//! the same scenario without the bug passes it.

use std::{
    fmt,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use app::{message::OrderNamed, wire::Text};
use domain::id::Id as _;
use futures_util::{FutureExt as _, future::join_all};
use onsale::engine::{Call, Interpose, Verdict};
use providers::queue::Queue;
use serde_json::{Value, json};
use store::{
    Table,
    audit::{Unfinished, Violation},
};

use crate::{
    audit::{Counted, Found, audit, check_money, engine, look},
    derived::strangers_see_and_change_nothing,
    shop::{Shop, text, tickets},
};

/// What a bug makes of a call: operation, table without prefix, and body.
type Twist = dyn Fn(&str, &str, Value) -> Option<Verdict> + Send + Sync;

/// A bug in the running program.
struct Bug {
    prefix: String,
    twist: Box<Twist>,
    struck: AtomicUsize,
}

impl fmt::Debug for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bug")
    }
}

impl Interpose for Bug {
    fn before(&self, call: &Call<'_>) -> Verdict {
        let body: Value = serde_json::from_slice(call.body).unwrap_or_default();
        let table = body["TableName"].as_str().and_then(|name| name.strip_prefix(&self.prefix)).map(str::to_owned);
        let Some(table) = table else { return Verdict::Proceed };
        let twisted = (self.twist)(call.operation, &table, body);
        self.struck.fetch_add(usize::from(twisted.is_some()), Ordering::SeqCst);
        twisted.unwrap_or(Verdict::Proceed)
    }
}

/// Plants a bug; how often it struck can be asked of it.
fn plant(shop: &Shop, twist: impl Fn(&str, &str, Value) -> Option<Verdict> + Send + Sync + 'static) -> Arc<Bug> {
    let prefix = shop.app().settings.table_prefix.clone();
    let bug = Arc::new(Bug { prefix, twist: Box::new(twist), struck: AtomicUsize::new(0) });
    shop.system.engines.connector().interpose(Arc::clone(&bug) as Arc<dyn Interpose>);
    bug
}

impl Bug {
    fn struck(&self) -> usize {
        self.struck.load(Ordering::SeqCst)
    }
}

fn rewritten(body: &Value) -> Verdict {
    Verdict::Rewrite(serde_json::to_vec(body).unwrap())
}

/// The call is answered with this, and not made.
fn answered(body: &Value) -> Verdict {
    Verdict::RefuseWith { status: 200, json: body.to_string() }
}

/// Puts another text in place of a part of a field; nothing where the field does not have it.
fn replaced(mut body: Value, field: &str, part: &str, by: &str) -> Option<Verdict> {
    let before = body[field].as_str()?;
    let after = before.replace(part, by);
    if after == before {
        return None;
    }
    body[field] = after.into();
    Some(rewritten(&body))
}

/// Whether the call puts an order in this state.
fn puts_order(operation: &str, table: &str, body: &Value, state: &str) -> bool {
    operation == "PutItem" && table == Table::Orders.name() && body["Item"]["st"]["S"] == state
}

/// What a story says when it fails.
async fn failure_of<T>(story: impl Future<Output = T>) -> Option<String> {
    let panic = AssertUnwindSafe(story).catch_unwind().await.err()?;
    let text = panic.downcast_ref::<String>().cloned();
    Some(text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default())
}

/// Three buyers for two tickets: how many were told that they have one, and what the auditor finds.
async fn three_for_two(has_bug: bool) -> (usize, Found) {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(2)).await;
    let mut buyers = Vec::new();
    for _ in 0..3 {
        buyers.push(shop.buyer().await);
    }
    let bug = has_bug.then(|| {
        plant(&shop, |operation, table, body| {
            let is_hold = operation == "UpdateItem" && table == Table::Inventory.name();
            let always = "(avail >= :need OR avail < :need) AND attribute_not_exists";
            is_hold.then(|| replaced(body, "ConditionExpression", "avail >= :need AND attribute_not_exists", always))?
        })
    });
    let answers = join_all(buyers.iter().map(|who| shop.try_buy(who, &offer, 1))).await;
    assert!(bug.is_none_or(|bug| bug.struck() >= 3));
    (answers.iter().filter(|answer| answer.status == 202).count(), look(&shop).await)
}

#[tokio::test]
async fn an_oversell_by_one_is_caught_by_the_auditor() {
    let (won, found) = three_for_two(true).await;
    assert_eq!(won, 3);
    let [Violation::Oversold { capacity: 2, held: 3, .. }] = found.violations[..] else { panic!("{found:?}") };
    let (won, found) = three_for_two(false).await;
    assert_eq!((won, found.violations), (2, vec![]));
}

/// A sale with a bug in it or none: what the auditor finds, and the provider's books.
async fn sale_with(
    twist: Option<impl Fn(&str, &str, Value) -> Option<Verdict> + Send + Sync + 'static>,
) -> (Found, Vec<String>) {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(10)).await;
    let buyer = shop.buyer().await;
    let bug = twist.map(|twist| plant(&shop, twist));
    let order = shop.hold(&buyer, &offer, 2).await;
    if shop.stored(&order).await.paid().is_none() {
        shop.pay(&buyer, &order).await;
    }
    assert!(bug.is_none_or(|bug| bug.struck() > 0));
    (look(&shop).await, check_money(&shop, &mut Counted::default()).await)
}

/// What a sale without a bug is twisted by.
type Nothing = fn(&str, &str, Value) -> Option<Verdict>;

#[tokio::test]
async fn without_a_bug_a_sale_passes_the_auditor() {
    let (found, money) = sale_with(None::<Nothing>).await;
    assert_eq!((found.violations, found.unfinished, money), (vec![], vec![], vec![]));
}

#[tokio::test]
async fn a_paid_order_that_loses_its_tickets_in_stock_is_caught_by_the_auditor() {
    let confirm_removes = |operation: &str, table: &str, mut body: Value| {
        let is_confirm = operation == "UpdateItem" && table == Table::Inventory.name();
        if !is_confirm || body["UpdateExpression"] != "REMOVE e.#o.x" {
            return None;
        }
        body["UpdateExpression"] = "SET avail = avail + :back REMOVE e.#o".into();
        body["ExpressionAttributeValues"][":back"] = json!({"N": "2"});
        Some(rewritten(&body))
    };
    let (found, _) = sale_with(Some(confirm_removes)).await;
    let [Violation::NotOwned { state: "ticketed", owns: 2, has: 0, .. }] = found.violations[..] else {
        panic!("{found:?}")
    };
}

#[tokio::test]
async fn a_paid_order_that_is_lost_on_its_way_is_caught_by_the_auditor() {
    let ticketed_is_dropped = |operation: &str, table: &str, body: Value| {
        puts_order(operation, table, &body, "ticketed").then(|| answered(&json!({})))
    };
    let (found, _) = sale_with(Some(ticketed_is_dropped)).await;
    let [Violation::EntryOfNobody { state: "paid", count: 2, .. }] = found.violations[..] else { panic!("{found:?}") };
    assert!(matches!(found.unfinished[..], [Unfinished::AwaitsTickets { .. }]), "{found:?}");
}

#[tokio::test]
async fn a_paid_order_that_is_removed_is_caught_by_the_auditor() {
    let ticketed_becomes_another = |operation: &str, table: &str, mut body: Value| {
        if !puts_order(operation, table, &body, "ticketed") {
            return None;
        }
        // The head of the order is overwritten with a tombstone.
        let key = |name: &str| body["Item"][name].clone();
        body["Item"] = json!({"pk": key("pk"), "sk": key("sk"), "st": {"S": "tombstone"}});
        Some(rewritten(&body))
    };
    let (found, money) = sale_with(Some(ticketed_becomes_another)).await;
    let kinds: Vec<_> = found.violations.iter().map(Violation::kind).collect();
    assert_eq!(kinds, ["entry_of_nobody", "ticket_without_payment", "ticket_without_payment"], "{found:?}");
    assert_eq!(money.len(), 1, "the provider has the money: {money:?}");
}

#[tokio::test]
async fn an_accepted_order_that_is_never_written_is_caught_by_the_story_of_a_sale() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(10)).await;
    let buyer = shop.buyer().await;
    let bug = plant(&shop, |operation, table, body| {
        puts_order(operation, table, &body, "reserved").then(|| answered(&json!({})))
    });
    let failure = failure_of(shop.sale(&buyer, &offer, 2)).await.expect("the story passed");
    assert!(bug.struck() > 0 && failure.contains("/api/payments/sandbox answered 409"), "{failure}");
    shop.system.engines.connector().clear();
    assert_eq!(failure_of(shop.sale(&buyer, &offer, 2)).await, None);
}

/// Two scanners at one ticket: the second has read it before the first has written it. What the second is told, and what
/// the auditor finds.
async fn two_scanners(has_bug: bool) -> (u16, Found) {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(10)).await;
    let buyer = shop.buyer().await;
    let sale = shop.sale(&buyer, &offer, 1).await;
    let ticket = &sale["tickets"][0];
    shop.open_doors().await;
    let id: domain::id::TicketId = text(ticket, "id").parse().unwrap();
    let key = json!({"pk": {"S": format!("{}#{}", shop.tenant, id.bare())}, "sk": {"S": "ticket"}});
    let name = format!("{}{}", shop.app().settings.table_prefix, Table::Tickets.name());
    let before = engine(&shop, "GetItem", &json!({"TableName": name, "Key": key}));
    assert_eq!(before["Item"]["st"]["S"], "valid", "{before}");
    shop.scan(&text(ticket, "qrCode"), "a").await.expect(200);
    let bug = plant(&shop, move |operation, table, body| {
        if table != Table::Tickets.name() {
            return None;
        }
        match operation {
            "GetItem" => Some(answered(&before)),
            "UpdateItem" if has_bug => {
                replaced(body, "ConditionExpression", "st = :valid", "(st = :valid OR st <> :valid)")
            }
            _ => None,
        }
    });
    let second = shop.scan(&text(ticket, "qrCode"), "b").await;
    assert_eq!(bug.struck(), 1 + usize::from(has_bug));
    shop.system.engines.connector().clear();
    (second.status, look(&shop).await)
}

#[tokio::test]
async fn a_double_admission_is_caught_by_the_auditor() {
    let (status, found) = two_scanners(true).await;
    assert_eq!(status, 200);
    let [Violation::AdmittedTwice { scans: 2, .. }] = found.violations[..] else { panic!("{found:?}") };
    let (status, found) = two_scanners(false).await;
    assert_eq!((status, found.violations), (409, vec![]));
}

#[tokio::test]
async fn a_sale_that_nobody_paid_is_caught_by_the_auditor_and_by_the_providers_books() {
    let reserved_is_paid = |operation: &str, table: &str, mut body: Value| {
        if !puts_order(operation, table, &body, "reserved") {
            return None;
        }
        body["Item"]["st"] = json!({"S": "paid"});
        body["Item"]["at"] = body["Item"]["cr"].clone();
        Some(rewritten(&body))
    };
    let (found, money) = sale_with(Some(reserved_is_paid)).await;
    let [Violation::NotPaid { state: "ticketed", total: 25_600, captured: None, .. }] = found.violations[..] else {
        panic!("{found:?}")
    };
    assert_eq!(money.len(), 1, "{money:?}");
}

#[tokio::test]
async fn tickets_of_an_order_that_was_never_paid_are_caught_by_the_auditor() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(10)).await;
    let buyer = shop.buyer().await;
    let order = shop.hold(&buyer, &offer, 1).await.parse().unwrap();
    let once = AtomicUsize::new(0);
    let name = format!("{}{}", shop.app().settings.table_prefix, Table::Orders.name());
    let key = |order: domain::id::OrderId| json!({"pk": {"S": format!("demo#{}", order.bare())}, "sk": {"S": "order"}});
    let mut paid = engine(&shop, "GetItem", &json!({"TableName": name, "Key": key(order)}));
    paid["Item"]["st"] = json!({"S": "paid"});
    paid["Item"]["at"] = paid["Item"]["cr"].clone();
    paid["Item"]["ver"] = json!({"N": "9"});
    let bug = plant(&shop, move |operation, table, _| {
        // The issuer believes that the order is paid; once.
        let is_read = operation == "GetItem" && table == Table::Orders.name();
        (is_read && once.fetch_add(1, Ordering::SeqCst) == 0).then(|| answered(&paid))
    });
    let message = OrderNamed { tenant: Text(shop.tenant.clone()), order: Text(order) };
    shop.app().queues.send(Queue::IssueTickets, &message, 0, shop.now()).await.unwrap();
    shop.drained().await;
    assert_eq!(bug.struck(), 1);
    let found = look(&shop).await;
    let [Violation::TicketWithoutPayment { state: "reserved", .. }] = found.violations[..] else { panic!("{found:?}") };
}

#[tokio::test]
async fn an_order_in_another_tenants_list_is_caught_by_the_auditor() {
    let listed_elsewhere = |operation: &str, table: &str, mut body: Value| {
        if operation != "PutItem" || table != Table::Orders.name() {
            return None;
        }
        let list = body["Item"]["u"]["S"].as_str()?.replace("demo#", "other#");
        body["Item"]["u"]["S"] = list.into();
        Some(rewritten(&body))
    };
    let (found, _) = sale_with(Some(listed_elsewhere)).await;
    let [Violation::StrayIndex { ref list, .. }] = found.violations[..] else { panic!("{found:?}") };
    assert!(list.starts_with("other#"), "{list}");
}

#[tokio::test]
async fn an_answer_from_another_tenants_data_is_caught_by_the_derived_checks() {
    let shop = Shop::open().await;
    let bug = plant(&shop, |operation, table, mut body| {
        let is_event = operation == "GetItem" && table == Table::Catalogue.name();
        if !is_event || body["Key"]["pk"]["S"] != "other#events" {
            return None;
        }
        body["Key"]["pk"]["S"] = "demo#events".into();
        Some(rewritten(&body))
    });
    let failure = failure_of(Box::pin(strangers_see_and_change_nothing(&shop))).await.expect("the checks passed");
    assert!(bug.struck() > 0 && failure.contains("shows"), "{failure}");
    shop.system.engines.connector().clear();
    audit(&shop).await;
}
