//! How often an address and a user may ask, and what counting them costs.

use app::limits::{Each, Limits};
use domain::rate::Rate;
use onsale::Options;
use serde_json::json;
use store::Table;

use crate::{
    client::Answer,
    shop::{Shop, start, tickets},
};

const fn rate(per_minute: u32, burst: u32, lot: u32, free: u32) -> Rate {
    Rate { per_minute, burst, lot, free }
}

/// Of one class these; of all others what nobody meets.
fn small(address: Rate, user: Rate) -> Each {
    Each { address, user }
}

const PLENTY: Rate = Limits::LOCAL.read.address;

async fn shop(limits: Limits) -> Shop {
    let clock = start();
    let shop = Shop::with(Options { limits, ..Options::test(clock.clone()) }, clock).await;
    shop.system.engines.meter().reset();
    shop
}

/// Write units of the table in which requests are counted.
fn writes(shop: &Shop) -> u64 {
    let all = shop.system.engines.meter().snapshot();
    let name = format!("{}{}", shop.app().settings.table_prefix, Table::Activity.name());
    let units: f64 = all.iter().filter(|((table, _), _)| *table == name).map(|(_, it)| it.billed_write_units()).sum();
    shop.system.engines.meter().reset();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number")]
    let units = units.round() as u64;
    units
}

/// Looks at the list of events from an address that the client makes up.
async fn look(shop: &Shop, claimed: u32) -> Answer {
    let claimed = format!("198.51.100.{}", claimed % 250);
    let headers = [("x-tenant-id", "demo"), ("x-forwarded-for", claimed.as_str()), ("forwarded", "for=198.51.100.1")];
    shop.web.send("GET", "/api/events", &headers, "").await
}

#[tokio::test]
async fn anonymous_reads_cost_one_write_a_lot_and_none_once_refused() {
    let read = small(rate(600, 100, 20, 10), PLENTY);
    let shop = shop(Limits { read, ..Limits::LOCAL }).await;
    for number in 0..10 {
        look(&shop, number).await.expect(200);
    }
    assert_eq!(writes(&shop), 0, "the first ones of a window are free");
    for number in 0..100 {
        look(&shop, number).await.expect(200);
    }
    assert_eq!(writes(&shop), 5, "a hundred in lots of twenty, whatever address they claim to come from");
    // The first to be refused finds that out, for one write; the others are refused from memory.
    let refused = look(&shop, 0).await;
    refused.refused(429, "rate_limited");
    assert_eq!(writes(&shop), 1);
    for number in 0..50 {
        look(&shop, number).await.refused(429, "rate_limited");
    }
    assert_eq!(writes(&shop), 0);
    // Twenty tokens, ten a second.
    assert_eq!(refused.header("retry-after"), "3");
    shop.clock.advance(3);
    look(&shop, 0).await.expect(200);
}

#[tokio::test]
async fn users_and_classes_of_routes_are_counted_apart() {
    let write = small(PLENTY, rate(60, 4, 1, 0));
    let shop = shop(Limits { write, ..Limits::LOCAL }).await;
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    let order = json!({"orderId": "ord_00000000000000000000000000"});
    for _ in 0..4 {
        shop.create(&one, "/api/payments/sandbox", order.clone()).await.refused(404, "not_found");
    }
    shop.create(&one, "/api/payments/sandbox", order.clone()).await.refused(429, "rate_limited");
    shop.create(&other, "/api/payments/sandbox", order.clone()).await.refused(404, "not_found");
    shop.get(&one, "/api/orders").await.expect(200);
    shop.clock.advance(2);
    shop.create(&one, "/api/payments/sandbox", order).await.refused(404, "not_found");
}

#[tokio::test]
async fn whoever_guesses_is_stopped_before_a_guess_is_looked_at() {
    let login = small(rate(60, 6, 1, 0), PLENTY);
    let shop = shop(Limits { login, ..Limits::LOCAL }).await;
    let guess = |number: usize| {
        let login =
            json!({"tenantId": "demo", "login": format!("user-{number}@people.test"), "password": "password-1234"});
        let web = shop.web.clone();
        async move {
            let headers = [("content-type", "application/json")];
            web.send("POST", "/api/auth/login", &headers, serde_json::to_vec(&login).unwrap()).await
        }
    };
    for number in 0..6 {
        guess(number).await.refused(401, "bad_credentials");
    }
    // Another name each time: it is the address that is counted.
    for number in 6..12 {
        let refused = guess(number).await;
        refused.refused(429, "rate_limited");
        assert_eq!(refused.header("retry-after"), "2");
    }
}

#[tokio::test]
async fn what_one_process_counted_another_knows() {
    let write = small(PLENTY, rate(60, 4, 2, 0));
    let limits = Limits { write, ..Limits::LOCAL };
    let folder = tempfile::tempdir().unwrap();
    let clock = start();
    let options = || Options {
        limits,
        data: onsale::engine::Data::Folder(folder.path().to_owned()),
        ..Options::test(clock.clone())
    };
    let first = Shop::with(options(), clock.clone()).await;
    let order = json!({"orderId": "ord_00000000000000000000000000"});
    let buyer = first.person("somebody").await;
    for _ in 0..4 {
        first.create(&buyer, "/api/payments/sandbox", order.clone()).await.refused(404, "not_found");
    }
    first.system.stop().await;
    // A process that begins takes the bucket for full, is told otherwise, and lets nobody through for free.
    let second = Shop::with(options(), clock.clone()).await;
    second.create(&buyer, "/api/payments/sandbox", order).await.refused(429, "rate_limited");
}

#[tokio::test]
async fn a_sale_under_the_limits_of_a_deployed_stage_takes_no_lot() {
    let shop = shop(Limits::DEPLOYED).await;
    let offer = shop.publish(tickets(64)).await;
    let buyer = shop.buyer().await;
    shop.sale(&buyer, &offer, 2).await;
    let buyer = shop.buyer().await;
    writes(&shop);
    let order = shop.hold(&buyer, &offer, 2).await;
    shop.pay(&buyer, &order).await;
    shop.until(&buyer, &order, "ticketed").await;
    // The keys of the order and of the payment, the notification, and the sandbox's two; as without limits.
    assert_eq!(writes(&shop), 5);
}

#[tokio::test]
async fn of_a_user_in_a_hurry_a_lot_is_one_write() {
    let shop = shop(Limits::DEPLOYED).await;
    let buyer = shop.buyer().await;
    writes(&shop);
    let asked = 50;
    for _ in 0..asked {
        let unknown = json!({"orderId": "ord_00000000000000000000000000"});
        shop.create(&buyer, "/api/payments/sandbox", unknown).await.refused(404, "not_found");
    }
    // The user's lots of 8 behind 10 that are free, and the address's of 100 behind 10: one at most for a request.
    assert_eq!(writes(&shop), 5 + 1);
}
