//! What orders cost, counted by the database.
//!
//! Two tickets: twelve write units, six a ticket, which is what was aimed at; two seats of a row as much. Counted apart are what only the simulated provider writes, and the summaries of stock, of which
//! a window of changes makes one for each shard however many buyers were in it.

use std::collections::BTreeMap;

use futures_util::{FutureExt as _, future::join_all};
use serde_json::{Value, json};
use store::Remembered;

use crate::{
    rides::{self, line_of},
    shop::{Person, Shop, text, tickets},
    theatre,
    venues::{self, Holder},
};

/// Write units by table, of writes that were made and of those that were refused.
fn written(shop: &Shop) -> BTreeMap<String, u64> {
    let mut tables: BTreeMap<String, u64> = BTreeMap::new();
    for ((table, _), usage) in shop.system.engines.meter().snapshot() {
        let units = usage.billed_write_units();
        assert!(units.fract().abs() < f64::EPSILON && units >= 0.0, "{table}: {usage:?}");
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number, see above")]
        let units = units as u64;
        let bare = table.strip_prefix(shop.app().settings.table_prefix.as_str()).unwrap();
        if units > 0 {
            *tables.entry(bare.to_owned()).or_default() += units;
        }
    }
    shop.system.engines.meter().reset();
    tables
}

/// Read units by table, since the last time that what was written was looked at.
fn were_read(shop: &Shop) -> BTreeMap<String, f64> {
    let mut tables: BTreeMap<String, f64> = BTreeMap::new();
    for ((table, _), usage) in shop.system.engines.meter().snapshot() {
        let bare = table.strip_prefix(shop.app().settings.table_prefix.as_str()).unwrap();
        if usage.read_units > 0.0 {
            *tables.entry(bare.to_owned()).or_default() += usage.read_units;
        }
    }
    tables
}

/// Compares; every table that was written to has to be named.
#[track_caller]
fn check(written: &BTreeMap<String, u64>, expected: &[(&str, u64)]) {
    let expected: BTreeMap<_, _> = expected.iter().map(|(table, units)| ((*table).to_owned(), *units)).collect();
    assert_eq!(*written, expected);
}

#[tokio::test]
async fn an_order_of_two_costs_twelve_write_units() {
    /// The sandbox's record of the payment: opened, then captured.
    const OF_SANDBOX: u64 = 1;
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(64)).await;
    let buyer = shop.buyer().await;
    // Whatever is written once in a life is written by the first sale.
    shop.sale(&buyer, &offer, 2).await;
    written(&shop);

    let order = shop.hold(&buyer, &offer, 2).await;
    let held = written(&shop);
    check(
        &held,
        &[
            ("activity", 1),  // the idempotency record
            ("inventory", 1), // the hold
            ("orders", 2),    // the order, and its entry in the index of the user's orders
            ("catalogue", 1), // apart: the summary of the shard
        ],
    );
    let payment = shop.begin(&buyer, &order).await;
    shop.drained().await;
    let begun = written(&shop);
    check(
        &begun,
        &[
            ("activity", 1 + OF_SANDBOX), // the idempotency record
            ("orders", 1),                // the payment, which makes the hold longer
        ],
    );
    shop.complete(&buyer, &payment, json!({"outcome": "paid"})).await.expect(200);
    shop.until(&buyer, &order, "ticketed").await;
    let paid = written(&shop);
    check(
        &paid,
        &[
            ("activity", 1 + OF_SANDBOX), // the notification
            ("orders", 2),                // PAID, TICKETED
            ("tickets", 2),               // one each
            ("inventory", 1),             // the confirmation
            ("catalogue", 1),             // apart: the summary of the shard
        ],
    );
    let all: u64 = [held, begun, paid].iter().flat_map(BTreeMap::values).sum();
    assert_eq!(all - 2 * OF_SANDBOX - 2, 12);
}

/// What an order costs step by step.
#[derive(Debug)]
struct Costs {
    /// The hold alone, before anything that follows from it.
    held: BTreeMap<String, u64>,
    /// What it read.
    read: BTreeMap<String, f64>,
    /// The order, and what is noted of what is left.
    followed: BTreeMap<String, u64>,
    /// From the payment to the tickets.
    paid: BTreeMap<String, u64>,
}

/// Orders and pays seats or rides, and counts. The shop has to be one that does nothing unless it is waited for.
async fn costs(shop: &Shop, who: &Person, wish: Value) -> Costs {
    written(shop);
    let placed = theatre::ask(shop, who, wish).await.expect(202);
    let read = were_read(shop);
    let held = written(shop);
    shop.drained().await;
    let followed = written(shop);
    shop.pay(who, &text(&placed, "id")).await;
    Costs { held, read, followed, paid: written(shop) }
}

/// The sandbox's record of a payment: opened, then captured.
const OF_SANDBOX: u64 = 2;

/// A purchase of so many seats of one block, from the hold to the tickets, without what is counted apart.
#[track_caller]
fn check_seats(costs: &Costs) {
    check(
        &costs.held,
        &[
            ("activity", 1),  // the idempotency record
            ("inventory", 1), // the hold
        ],
    );
    check_read(&costs.read, &[("inventory", 1.0)]); // the row, to see that nobody is left alone in it
    check(
        &costs.followed,
        &[
            ("orders", 2),    // the order, and its entry in the index of the user's orders
            ("catalogue", 1), // apart: the summary of the shard
        ],
    );
    check(
        &costs.paid,
        &[
            ("activity", 2 + OF_SANDBOX), // the idempotency record, the notification
            ("orders", 3),                // the payment, which makes the hold longer; PAID, TICKETED
            ("tickets", 2),               // one each
            ("inventory", 1),             // the confirmation
            ("catalogue", 1),             // apart: the summary of the shard
        ],
    );
    let all: u64 = [&costs.held, &costs.followed, &costs.paid].iter().flat_map(|units| units.values()).sum();
    assert_eq!(all - OF_SANDBOX - 2, 12);
}

#[track_caller]
fn check_read(read: &BTreeMap<String, f64>, expected: &[(&str, f64)]) {
    let expected: BTreeMap<_, _> = expected.iter().map(|(table, units)| ((*table).to_owned(), *units)).collect();
    assert_eq!(*read, expected);
}

#[tokio::test]
async fn two_seats_of_a_row_cost_what_two_tickets_do() {
    let shop = Shop::stepped().await;
    let hall = venues::venue(&shop).await;
    let event = venues::publish(&shop, venues::event(&shop, &hall)).await;
    let buyer = shop.buyer().await;
    let wish = |more: Value| theatre::wish(&event, "Rear", 2, &more);
    // Whatever is written once in a life, or read once in a while, is so by the first sale.
    costs(&shop, &buyer, wish(json!({}))).await;
    check_seats(&costs(&shop, &buyer, wish(json!({"seats": ["circle/1/5", "circle/1/6"]}))).await);
    check_seats(&costs(&shop, &buyer, wish(json!({"bestAvailable": {}}))).await);
}

#[tokio::test]
async fn whoever_was_too_late_for_the_best_seats_learns_it_from_their_block_and_not_from_the_hall() {
    let shop = Shop::stepped().await;
    let hall = venues::venue(&shop).await;
    let event = venues::publish(&shop, venues::event(&shop, &hall)).await;
    let buyer = shop.buyer().await;
    let best = async || {
        let placed = theatre::ask(&shop, &buyer, theatre::wish(&event, "Rear", 2, &json!({}))).await.expect(202);
        let costs = (were_read(&shop), written(&shop));
        shop.drained().await;
        let seats = shop.see(&buyer, &text(&placed, "id")).await["seats"].take();
        written(&shop);
        (costs, seats.as_array().unwrap().iter().map(|seat| seat.as_str().unwrap().to_owned()).collect::<Vec<_>>())
    };
    let (_, first) = best().await;
    // Another process sells what is left of that row, of which this one knows nothing.
    let others = Holder::of(&shop, &event).await;
    for seat in (1..=10).map(|number| format!("stalls/2/{number}")).filter(|seat| !first.contains(seat)) {
        others.hold(&seat).await;
    }
    shop.drained().await;
    written(&shop);
    let ((read, wrote), seats) = best().await;
    assert!(seats.iter().all(|seat| seat.starts_with("circle/1/")), "{first:?} {seats:?}");
    // The row, to see that nobody is left alone in it; for each seat that refused, whether its order is over. A hold that is
    // refused, and one that is not.
    check_read(&read, &[("inventory", 1.0), ("orders", 2.0)]);
    check(&wrote, &[("activity", 1), ("inventory", 2)]);
}

#[tokio::test]
async fn a_ride_costs_a_write_for_the_seat_and_one_for_the_week_of_who_rides() {
    let shop = line_of(Shop::stepped().await).await;
    let buyer = shop.buyer().await;
    let found = rides::run(&shop, "G1", "haicheng", "shanyangbei").await;
    let wish = |number| rides::wish(&found, ("HCA", "SYB"), "second", &[number]);
    costs(&shop, &buyer, wish(1)).await;
    let costs = costs(&shop, &buyer, wish(2)).await;
    check(
        &costs.held,
        &[
            ("activity", 1),  // the idempotency record
            ("inventory", 2), // the week of the person, which begins with this journey; the seat
        ],
    );
    // The rows are known, and what is written shows whether they are still so.
    check_read(&costs.read, &[]);
    check(
        &costs.followed,
        &[
            ("orders", 2),    // the order, and its entry in the index of the user's orders
            ("catalogue", 3), // apart: the summary of the shard; when something falls due in it, and in the week
        ],
    );
    check(
        &costs.paid,
        &[
            ("activity", 2 + OF_SANDBOX), // the idempotency record, the notification
            ("orders", 3),                // the payment, which makes the hold longer; PAID, TICKETED
            ("tickets", 1),
            ("inventory", 2), // the confirmations of the seat and of the week
            ("catalogue", 1), // apart: the summary of the shard
        ],
    );
    let all: u64 = [&costs.held, &costs.followed, &costs.paid].iter().flat_map(|units| units.values()).sum();
    assert_eq!(all - OF_SANDBOX - 4, 13);
}

#[tokio::test]
async fn whoever_comes_when_all_is_sold_costs_no_write() {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(2)).await;
    let (buyer, late) = (shop.buyer().await, shop.buyer().await);
    shop.sale(&buyer, &offer, 2).await;
    shop.left(&offer).await;
    // The first one looks whether it is true; from then on it is known for a second.
    shop.try_buy(&late, &offer, 1).await.refused(409, "sold_out");
    written(&shop);
    for _ in 0..5 {
        shop.try_buy(&late, &offer, 1).await.refused(409, "sold_out");
    }
    check(&written(&shop), &[]);
}

/// What was read of the activity table, in read units, and by how many calls.
fn read(shop: &Shop) -> (f64, u64) {
    let all = shop.system.engines.meter().snapshot();
    let activity = all.iter().filter(|((table, operation), _)| {
        table.ends_with("activity") && matches!(*operation, "GetItem" | "BatchGetItem")
    });
    activity.fold((0.0, 0), |(units, calls), (_, usage)| (units + usage.read_units, calls + usage.calls))
}

#[tokio::test]
async fn all_who_ask_at_once_for_what_became_of_their_keys_are_told_by_one_call() {
    const KNOWN: u8 = 40;
    let shop = Shop::open().await;
    let (tenant, now) = (shop.store(), shop.now());
    for number in 0..KNOWN {
        tenant.activity().remember([number; 32], [1; 32], [number; 16], now).await.unwrap();
    }
    shop.system.engines.meter().reset();
    // Half of them know of nothing, and one asks twice.
    let asked = (0..2 * KNOWN).chain([0]);
    let told = asked.clone().map(|number| {
        let tenant = &tenant;
        async move { tenant.activity().recall([number; 32], now).await.unwrap() }
    });
    let told = join_all(told).await;
    for (number, told) in asked.zip(told) {
        let expected =
            if number < KNOWN { Remembered::Known { id: [number; 16], body: [1; 32] } } else { Remembered::New };
        assert_eq!(told, expected, "{number}");
    }
    let (units, calls) = read(&shop);
    assert_eq!(calls, 1);
    assert!((units - f64::from(2 * KNOWN)).abs() < f64::EPSILON, "{units} read units");

    assert_eq!(tenant.activity().recall([0; 32], now).await.unwrap(), Remembered::Known { id: [0; 16], body: [1; 32] });
    assert_eq!(read(&shop).1, 2, "one who asks alone");
}

#[tokio::test]
async fn whoever_asks_together_with_one_who_goes_away_is_told_all_the_same() {
    let shop = Shop::open().await;
    let (tenant, now) = (shop.store(), shop.now());
    tenant.activity().remember([7; 32], [1; 32], [7; 16], now).await.unwrap();
    let activity = tenant.activity();
    let (mut goes, mut stays) = (Box::pin(activity.recall([8; 32], now)), Box::pin(activity.recall([7; 32], now)));
    assert_eq!(((&mut goes).now_or_never().is_none(), (&mut stays).now_or_never().is_none()), (true, true));
    drop(goes);
    assert_eq!(stays.await.unwrap(), Remembered::Known { id: [7; 16], body: [1; 32] });
}
