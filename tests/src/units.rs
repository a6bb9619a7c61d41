//! What an order of two costs, counted by the database.
//!
//! Twelve write units, six a ticket: what was aimed at. Counted apart are what only the simulated provider writes, and the summaries of stock, of which
//! a window of changes makes one for each shard however many buyers were in it.

use std::collections::BTreeMap;

use futures_util::{FutureExt as _, future::join_all};
use serde_json::json;
use store::Remembered;

use crate::shop::{Shop, tickets};

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
