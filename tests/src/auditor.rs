//! The auditor itself: for each kind of thing that may be wrong, a state that has it, written past everything of the
//! product's, and what the auditor says of it, exactly.

use std::collections::BTreeSet;

use domain::{
    id::{EventId, Id as _, OrderId, RefundId, TicketId, UserId},
    order::Subject,
    pool::{BlockAddress, PoolKey},
};
use serde_json::{Value, json};
use store::{
    Table,
    audit::{Unfinished, Violation},
    keys::ticket_id,
};

use crate::{
    audit::{Found, audit, engine, key, look, scan},
    shop::{Draft, Shop, establish, person, text, tickets},
};

/// How many kinds of violations there are.
const KINDS: usize = 25;

/// A tenant with one of everything.
struct World {
    shop: Shop,
    /// Ticketed, two tickets.
    sold: OrderId,
    /// Ticketed, two tickets, the first of which was given back.
    returned: OrderId,
    /// Used, one ticket.
    used: OrderId,
    /// Held, not paid.
    reserved: OrderId,
    seen: BTreeSet<&'static str>,
}

impl World {
    async fn new() -> Self {
        // Stepped: what a test edits is not tidied up by a worker before the auditor has looked.
        let shop = Shop::stepped().await;
        let offer = shop.publish(Draft { refunds: "automatic", ..tickets(40) }).await;
        let buyer = shop.buyer().await;
        let sold = shop.sale(&buyer, &offer, 2).await;
        let returned = shop.sale(&buyer, &offer, 2).await;
        let used = shop.sale(&buyer, &offer, 1).await;
        let back =
            json!({"orderId": text(&returned, "id"), "reason": "ill", "ticketIds": [returned["tickets"][0]["id"]]});
        shop.create(&buyer, "/api/payments/refund", back).await.data();
        shop.drained().await;
        shop.open_doors().await;
        shop.scan(&text(&used["tickets"][0], "qrCode"), "a").await.expect(200);
        let reserved = shop.hold(&buyer, &offer, 1).await;
        let id = |order: &Value| text(order, "id").parse().unwrap();
        let (sold, returned, used) = (id(&sold), id(&returned), id(&used));
        assert_eq!(audit(&shop).await.held, 1);
        Self { shop, sold, returned, used, reserved: reserved.parse().unwrap(), seen: BTreeSet::new() }
    }

    fn table(&self, table: Table) -> String {
        format!("{}{}", self.shop.app().settings.table_prefix, table.name())
    }

    /// An item by the beginning of its keys.
    fn item(&self, table: Table, partition: &str, sort: &str) -> Value {
        let mut items = scan(&self.shop, table).into_iter();
        let is_it = |item: &Value| key(item, "pk").starts_with(partition) && key(item, "sk").starts_with(sort);
        items.find(is_it).unwrap_or_else(|| panic!("no {partition} {sort}"))
    }

    fn order(&self, order: OrderId) -> Value {
        self.item(Table::Orders, &format!("demo#{}", order.bare()), "order")
    }

    fn refund(&self) -> Value {
        self.item(Table::Orders, &format!("demo#{}", self.returned.bare()), "refund#")
    }

    fn ticket(&self, order: OrderId, number: u8) -> Value {
        self.item(Table::Tickets, &format!("demo#{}", ticket_id(order, number).bare()), "ticket")
    }

    async fn block_of(&self, order: OrderId) -> (BlockAddress, Value) {
        let stored = self.shop.stored(&order.to_string()).await;
        let block = stored.held[0].block;
        let partition = format!("demo#{}#{:05}", block.pool, block.shard());
        (block, self.item(Table::Inventory, &partition, &format!("{:05}", block.number)))
    }

    fn put(&self, table: Table, item: &Value) {
        engine(&self.shop, "PutItem", &json!({"TableName": self.table(table), "Item": item}));
    }

    fn delete(&self, table: Table, item: &Value) {
        let key = json!({"pk": item["pk"], "sk": item["sk"]});
        engine(&self.shop, "DeleteItem", &json!({"TableName": self.table(table), "Key": key}));
    }

    /// Replaces an item by an edited one, looks, and puts it back. No worker runs in between.
    async fn look_with(&self, table: Table, item: &Value, edit: impl FnOnce(&mut Value)) -> Found {
        let mut edited = item.clone();
        edit(&mut edited);
        if edited.is_null() {
            self.delete(table, item);
        } else {
            self.put(table, &edited);
        }
        let found = look(&self.shop).await;
        if edited["pk"] != item["pk"] && !edited.is_null() {
            self.delete(table, &edited);
        }
        self.put(table, item);
        found
    }

    /// Demands exactly these violations of a state with an edited item.
    #[track_caller]
    fn check<'a>(
        &'a mut self,
        table: Table,
        item: Value,
        edit: impl FnOnce(&mut Value) + 'a,
        expected: Vec<Violation>,
    ) -> impl Future<Output = ()> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let found = self.look_with(table, &item, edit).await;
            assert_eq!(found.violations, expected, "at {caller}: {found:?}");
            assert!(expected.iter().all(|violation| !violation.to_string().is_empty()));
            self.seen.extend(expected.iter().map(Violation::kind));
        }
    }

    /// Demands that a state with an edited item is unfinished in exactly this way, and not wrong.
    async fn check_open(&self, table: Table, item: Value, edit: impl FnOnce(&mut Value), expected: Vec<Unfinished>) {
        let found = self.look_with(table, &item, edit).await;
        assert_eq!((found.violations, found.unfinished), (vec![], expected));
    }
}

fn number(value: u64) -> Value {
    json!({"N": value.to_string()})
}

#[tokio::test]
async fn what_is_wrong_with_stock_is_said_exactly() {
    let mut world = World::new().await;
    let (sold, nobody) = (world.sold, OrderId::from_bytes([7; 16]));
    let (block, item) = world.block_of(sold).await;
    let amount = |name: &str| item[name]["N"].as_str().unwrap().parse::<u64>().unwrap();
    let (capacity, available) = (amount("cap"), amount("avail"));
    let held = i64::try_from(capacity - available).unwrap();
    let bare = sold.bare();
    let signed = |number: u64| i64::try_from(number).unwrap();

    let oversold = Violation::Oversold { block, capacity: signed(capacity), held: held + 14 };
    let too_large = Violation::EntryTooLarge { block, order: sold, count: 16, listed: 2 };
    let edit = |item: &mut Value| item["e"]["M"][&bare]["M"]["n"] = number(16);
    let mut surplus = item.clone();
    edit(&mut surplus);
    // Where others hold nothing, sixteen would just fit.
    let expected = if held + 14 > signed(capacity) {
        vec![oversold, too_large]
    } else {
        let (capacity, available) = (signed(capacity), signed(available));
        vec![Violation::DoesNotAddUp { block, capacity, available, held: held + 14 }, too_large]
    };
    world.check(Table::Inventory, item.clone(), edit, expected).await;

    let less = Violation::Oversold { block, capacity: 1, held };
    let (subject, pool) = (world.shop.stored(&sold.to_string()).await.purchase.subject, block.pool);
    let Subject::Session { event, session, .. } = subject else { panic!("{subject:?}") };
    let differs = |blocks| Violation::PoolDiffers { event, session, pool, blocks, promised: 40 };
    let edit = |item: &mut Value| item["cap"] = number(1);
    world.check(Table::Inventory, item.clone(), edit, vec![differs(40 - capacity + 1), less]).await;

    let more = Violation::DoesNotAddUp { block, capacity: signed(capacity), available: signed(available) + 1, held };
    let edit = |item: &mut Value| item["avail"] = number(available + 1);
    world.check(Table::Inventory, item.clone(), edit, vec![more]).await;

    let edit = |item: &mut Value| {
        item["cap"] = number(capacity + 1);
        item["avail"] = number(available + 1);
    };
    world.check(Table::Inventory, item.clone(), edit, vec![differs(41)]).await;

    let edit = |item: &mut Value| {
        item["avail"] = number(available - 1);
        let mut entry = item["e"]["M"][&bare].clone();
        entry["M"]["n"] = number(1);
        item["e"]["M"][nobody.bare()] = entry;
    };
    let kept = Violation::EntryOfNobody { block, order: nobody, count: 1, state: "not there" };
    world.check(Table::Inventory, item.clone(), edit, vec![kept]).await;

    let edit = |item: &mut Value| {
        item["avail"] = number(available + 2);
        item["e"]["M"].as_object_mut().unwrap().remove(&bare);
    };
    let lost = Violation::NotOwned { order: sold, state: "ticketed", block, owns: 2, has: 0 };
    world.check(Table::Inventory, item.clone(), edit, vec![lost]).await;

    let edit = |item: &mut Value| item["pk"] = json!({"S": "demo#junk#1"});
    let found = world.look_with(Table::Inventory, &item, edit).await;
    let [Violation::Unreadable { table: "inventory", ref key, .. }] = found.violations[..] else { panic!("{found:?}") };
    assert!(key.starts_with("demo#junk#1 "), "{key}");

    let edit = |item: &mut Value| drop(item.as_object_mut().unwrap().remove("e"));
    let found = world.look_with(Table::Inventory, &item, edit).await;
    assert!(matches!(found.violations[..], [Violation::Unreadable { .. }]), "{found:?}");
    let kinds = ["does_not_add_up", "entry_of_nobody", "entry_too_large", "not_owned", "oversold", "pool_differs"];
    assert_eq!(world.seen.into_iter().collect::<Vec<_>>(), kinds);
}

#[tokio::test]
async fn what_is_wrong_with_an_order_is_said_exactly() {
    let mut world = World::new().await;
    let order = world.sold;
    let (block, _) = world.block_of(order).await;
    let item = world.order(order);

    let edit = |item: &mut Value| {
        // Pool, block, count, token.
        let mut parts: Vec<_> = item["held"]["L"][0]["S"].as_str().unwrap().split(':').collect();
        assert_eq!(std::mem::replace(&mut parts[2], "1"), "2");
        item["held"]["L"][0]["S"] = parts.join(":").into();
    };
    let too_large = Violation::EntryTooLarge { block, order, count: 2, listed: 1 };
    let short = Violation::HeldIsNotBought { order, held: 1, bought: 2 };
    world.check(Table::Orders, item.clone(), edit, vec![too_large, short]).await;

    let edit = |item: &mut Value| drop(item.as_object_mut().unwrap().remove("cap"));
    let unpaid = |captured| Violation::NotPaid { order, state: "ticketed", total: 25_600, captured };
    world.check(Table::Orders, item.clone(), edit, vec![unpaid(None)]).await;
    let edit = |item: &mut Value| item["cap"]["M"]["amt"] = number(1);
    world.check(Table::Orders, item.clone(), edit, vec![unpaid(Some(1))]).await;

    let edit = |item: &mut Value| item["st"]["S"] = "used".into();
    let unused = |number| Violation::UsedUnadmitted { order, number, found: "valid" };
    world.check(Table::Orders, item.clone(), edit, vec![unused(0), unused(1)]).await;

    let found = world.look_with(Table::Orders, &item, |item| item["st"]["S"] = "dreaming".into()).await;
    let [Violation::Unreadable { table: "orders", ref why, .. }] = found.violations[..] else { panic!("{found:?}") };
    assert!(why.contains("dreaming"), "{why}");
    let kinds = ["entry_too_large", "held_is_not_bought", "not_paid", "used_unadmitted"];
    assert_eq!(world.seen.into_iter().collect::<Vec<_>>(), kinds);
}

/// The two tickets of an order that are not its own, in the order in which their table has them.
fn strays(world: &World, order: OrderId) -> [Violation; 2] {
    let at = |number: &u8| {
        let id = ticket_id(order, *number).bare();
        scan(&world.shop, Table::Tickets).iter().position(|item| key(item, "pk").ends_with(&id)).unwrap()
    };
    let mut numbers = [0, 1];
    numbers.sort_by_key(at);
    numbers.map(|number| Violation::StrayTicket { ticket: ticket_id(order, number), order, number })
}

#[tokio::test]
async fn what_an_order_names_that_is_not_its_tenants_is_said_exactly() {
    let mut world = World::new().await;
    let order = world.sold;
    let (block, _) = world.block_of(order).await;
    let item = world.order(order);
    let stored = world.shop.stored(&order.to_string()).await;
    let [first, second] = strays(&world, order);

    let list = format!("other#{}", stored.user.bare());
    let edit = |item: &mut Value| item["u"]["S"] = list.clone().into();
    let listed = Violation::StrayIndex { order, user: stored.user, list: list.clone() };
    world.check(Table::Orders, item.clone(), edit, vec![listed]).await;

    let user = UserId::from_bytes([9; 16]);
    let edit = |item: &mut Value| {
        item["us"]["S"] = user.bare().into();
        item["u"]["S"] = format!("demo#{}", user.bare()).into();
    };
    let expected = vec![Violation::StrayUser { order, user }, first.clone(), second.clone()];
    world.check(Table::Orders, item.clone(), edit, expected).await;

    let event = EventId::from_bytes([9; 16]);
    let edit = |item: &mut Value| item["ev"]["S"] = event.bare().into();
    let purchase = Violation::StrayPurchase { order, session: stored.purchase.subject.session() };
    world.check(Table::Orders, item.clone(), edit, vec![purchase, first, second]).await;

    let foreign = BlockAddress { pool: PoolKey::from_hash(&[9; 32]), number: block.number };
    let edit = |item: &mut Value| {
        let held = item["held"]["L"][0]["S"].as_str().unwrap();
        let held = held.replace(&block.pool.to_string(), &foreign.pool.to_string());
        item["held"]["L"][0]["S"] = held.into();
    };
    let expected = vec![
        Violation::EntryOfNobody { block, order, count: 2, state: "ticketed" },
        Violation::StrayPool { order, block: foreign, pool: block.pool },
        Violation::NotOwned { order, state: "ticketed", block: foreign, owns: 2, has: 0 },
    ];
    world.check(Table::Orders, item, edit, expected).await;
    let kinds =
        ["entry_of_nobody", "not_owned", "stray_index", "stray_pool", "stray_purchase", "stray_ticket", "stray_user"];
    assert_eq!(world.seen.into_iter().collect::<Vec<_>>(), kinds);
}

#[tokio::test]
async fn what_is_wrong_with_refunds_is_said_exactly() {
    let mut world = World::new().await;
    let order = world.returned;
    let refund = world.refund();

    let none = Violation::ReturnedIsNotRefunded { order, returned: 1, refunded: 0 };
    world.check(Table::Orders, refund.clone(), |item| *item = Value::Null, vec![none]).await;

    let amount = |refunded| Violation::RefundAmount { order, due: 12_800, refunded };
    let edit = |item: &mut Value| item["amt"] = number(12_799);
    world.check(Table::Orders, refund.clone(), edit, vec![amount(12_799)]).await;

    let capture = refund["cap"]["M"]["id"]["S"].as_str().unwrap().to_owned();
    let too_much = Violation::RefundTooLarge { order, capture, captured: 25_600, refunded: 25_601 };
    let edit = |item: &mut Value| item["amt"] = number(25_601);
    world.check(Table::Orders, refund.clone(), edit, vec![amount(25_601), too_much]).await;

    let nobody = OrderId::from_bytes([7; 16]);
    let edit = |item: &mut Value| item["pk"]["S"] = format!("demo#{}", nobody.bare()).into();
    let orphan = Violation::RefundWithoutOrder { order: nobody, refunds: 1 };
    world.check(Table::Orders, refund, edit, vec![orphan]).await;

    let reserved = world.order(world.reserved);
    let edit = |item: &mut Value| {
        item["st"]["S"] = "lapsed".into();
        item["at"] = item["cr"].clone();
    };
    let forgotten = Violation::DebtForgotten { order: world.reserved };
    world.check(Table::Orders, reserved, edit, vec![forgotten]).await;
    let kinds =
        ["debt_forgotten", "refund_amount", "refund_too_large", "refund_without_order", "returned_is_not_refunded"];
    assert_eq!(world.seen.into_iter().collect::<Vec<_>>(), kinds);
}

#[tokio::test]
async fn what_is_wrong_with_tickets_and_admissions_is_said_exactly() {
    let mut world = World::new().await;
    let (sold, returned, used, reserved) = (world.sold, world.returned, world.used, world.reserved);
    let partition = |ticket: TicketId| Value::from(format!("demo#{}", ticket.bare()));

    let missing = Violation::TicketMissing { order: sold, state: "ticketed", number: 1, found: "not there" };
    world.check(Table::Tickets, world.ticket(sold, 1), |item| *item = Value::Null, vec![missing]).await;
    let void = Violation::TicketMissing { order: sold, state: "ticketed", number: 1, found: "void" };
    world.check(Table::Tickets, world.ticket(sold, 1), |item| item["st"]["S"] = "void".into(), vec![void]).await;

    let unpaid = ticket_id(reserved, 0);
    let edit = |item: &mut Value| {
        item["pk"]["S"] = partition(unpaid);
        item["or"]["S"] = reserved.bare().into();
        item["n"] = number(0);
    };
    let expected = Violation::TicketWithoutPayment { ticket: unpaid, order: reserved, state: "reserved" };
    world.check(Table::Tickets, world.ticket(sold, 1), edit, vec![expected]).await;

    let expected =
        Violation::TicketNotKept { ticket: ticket_id(returned, 0), order: returned, state: "ticketed", number: 0 };
    world
        .check(Table::Tickets, world.ticket(returned, 0), |item| item["st"]["S"] = "valid".into(), vec![expected])
        .await;

    let ticket = TicketId::from_bytes([7; 16]);
    let edit = |item: &mut Value| item["pk"]["S"] = partition(ticket);
    let expected = Violation::StrayTicket { ticket, order: sold, number: 1 };
    world.check(Table::Tickets, world.ticket(sold, 1), edit, vec![expected]).await;

    let admission = world.item(Table::Activity, "demo#admitted#", &ticket_id(used, 0).bare());
    let edit = |item: &mut Value| item["n"]["SS"].as_array_mut().unwrap().push("another".into());
    let expected = Violation::AdmittedTwice { ticket: ticket_id(used, 0), scans: 2 };
    world.check(Table::Activity, admission.clone(), edit, vec![expected]).await;
    let edit = |item: &mut Value| item["n"]["SS"][0] = "another".into();
    let expected = Violation::AdmittedTwice { ticket: ticket_id(used, 0), scans: 2 };
    world.check(Table::Activity, admission.clone(), edit, vec![expected]).await;

    let session = world.shop.stored(&sold.to_string()).await.purchase.subject.session();
    let edit = |item: &mut Value| item["sk"]["S"] = ticket_id(sold, 0).bare().into();
    let expected = Violation::AdmittedWithout { ticket: ticket_id(sold, 0), session, found: "valid" };
    let mut other = admission.clone();
    edit(&mut other);
    world.put(Table::Activity, &other);
    let found = look(&world.shop).await;
    world.delete(Table::Activity, &other);
    assert_eq!(found.violations, std::slice::from_ref(&expected));
    world.seen.insert(expected.kind());

    let record = world.item(Table::Activity, "demo#once#", "once");
    let found = world.look_with(Table::Activity, &record, |item| item["id"]["S"] = "x".into()).await;
    let [Violation::Unreadable { table: "activity", .. }] = found.violations[..] else { panic!("{found:?}") };
    let kinds = [
        "admitted_twice",
        "admitted_without",
        "stray_ticket",
        "ticket_missing",
        "ticket_not_kept",
        "ticket_without_payment",
    ];
    assert_eq!(world.seen.into_iter().collect::<Vec<_>>(), kinds);
    // With six of stock, three more of orders, five of refunds, four more of strangers, and `unreadable`.
    assert_eq!(KINDS, 6 + 6 + 3 + 5 + 4 + 1);
}

#[tokio::test]
async fn what_is_only_unfinished_is_not_called_wrong() {
    let world = World::new().await;
    let (sold, reserved) = (world.sold, world.reserved);
    let (block, item) = world.block_of(sold).await;
    let available: u64 = item["avail"]["N"].as_str().unwrap().parse().unwrap();
    let (bare, now) = (sold.bare(), world.shop.now());
    let until = |seconds: i64| json!({"N": (now.as_second() + seconds).to_string()});

    let edit = |item: &mut Value| item["e"]["M"][&bare]["M"]["x"] = until(60);
    let open = Unfinished::NotConfirmed { block, order: sold };
    world.check_open(Table::Inventory, item.clone(), edit, vec![open]).await;
    let edit = |item: &mut Value| item["e"]["M"][&bare]["M"]["x"] = until(0);
    let until_now = domain::Timestamp::from_second(now.as_second()).unwrap();
    let open = Unfinished::EntryDue { block, order: sold, state: "ticketed", until: until_now };
    world.check_open(Table::Inventory, item.clone(), edit, vec![open]).await;
    let returned = world.returned;
    let (block_returned, mut blocks) = world.block_of(returned).await;
    let free: u64 = blocks["avail"]["N"].as_str().unwrap().parse().unwrap();
    let edit = |item: &mut Value| {
        item["avail"] = number(free - 1);
        item["e"]["M"][returned.bare()]["M"]["n"] = number(2);
    };
    let open = Unfinished::Surplus { block: block_returned, order: returned, state: "ticketed", count: 2, owns: 1 };
    world.check_open(Table::Inventory, blocks.take(), edit, vec![open]).await;
    assert!(available < 16);

    let edit = |item: &mut Value| item["st"]["S"] = "paid".into();
    let mut confirmed = world.order(sold);
    // A paid order's entries have a time limit.
    world.put(Table::Inventory, &{
        let mut item = item.clone();
        item["e"]["M"][&bare]["M"]["x"] = until(60);
        item
    });
    let open = Unfinished::AwaitsTickets { order: sold };
    world.check_open(Table::Orders, confirmed.take(), edit, vec![open]).await;
    world.put(Table::Inventory, &item);

    let refund = world.refund();
    let id: RefundId = RefundId::from_bare(key(&refund, "sk").strip_prefix("refund#").unwrap()).unwrap();
    let edit = |item: &mut Value| item["st"]["S"] = "approved".into();
    world.check_open(Table::Orders, refund, edit, vec![Unfinished::NotSent { order: returned, refund: id }]).await;

    let edit = |item: &mut Value| item["x"] = json!({"N": now.as_millisecond().to_string()});
    let open = Unfinished::Overdue { order: reserved, state: "reserved" };
    world.check_open(Table::Orders, world.order(reserved), edit, vec![open]).await;

    let (of_reserved, _) = world.block_of(reserved).await;
    let capture = world.order(sold)["cap"].clone();
    let edit = |item: &mut Value| {
        item["st"]["S"] = "cancelled".into();
        item["at"] = item["cr"].clone();
        item["cap"] = capture;
    };
    let surplus = Unfinished::Surplus { block: of_reserved, order: reserved, state: "cancelled", count: 1, owns: 0 };
    let open = vec![surplus, Unfinished::Owed { order: reserved }];
    world.check_open(Table::Orders, world.order(reserved), edit, open).await;
}

#[tokio::test]
pub(crate) async fn an_administrator_looks_through_the_tenants_state() {
    let world = World::new().await;
    let shop = &world.shop;
    let other = "other".parse().unwrap();
    establish(shop.app(), &other).await;
    let stranger = person(shop.app(), &other, domain::user::Role::Admin, "chief").await;
    let (mut path, mut calls, mut orders) = ("/api/admin/audit-state?limit=7".to_owned(), 0, 0);
    loop {
        let part = shop.get(&shop.admin, &path).await.data();
        assert_eq!((&part["violations"], &part["unfinished"]), (&json!([]), &json!([])), "{part}");
        orders += part["counted"]["orders"].as_u64().unwrap();
        calls += 1;
        let Some(next) = part["next"].as_str() else { break };
        path = format!("/api/admin/audit-state?limit=7&next={next}");
        // Where one tenant's audit stands is nothing to another's.
        shop.get(&stranger, &path).await.refused(400, "validation_failed");
    }
    assert!(calls > 3 && orders == 4, "{calls} calls, {orders} orders");
    shop.get(&shop.staff, "/api/admin/audit-state").await.refused(403, "forbidden");
    for wrong in ["next=x", "next=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "limit=0", "limit=1001"] {
        shop.get(&shop.admin, &format!("/api/admin/audit-state?{wrong}")).await.refused(400, "validation_failed");
    }
    let ticket = world.ticket(world.sold, 1);
    world.delete(Table::Tickets, &ticket);
    let part = shop.get(&shop.admin, "/api/admin/audit-state?limit=1000").await.data();
    assert_eq!((&part["violations"][0]["kind"], &part["next"]), (&json!("ticket_missing"), &Value::Null), "{part}");
    world.put(Table::Tickets, &ticket);
    let part = shop.get(&stranger, "/api/admin/audit-state").await.data();
    assert_eq!(part["counted"]["orders"], 0, "{part}");
}
