//! Many at once, on several threads and by the real clock. Nothing is decided by how fast it was.
//!
//! What would take minutes at its full size is smaller, unless `ONSALE_TEST_RUSH` is `full`.

mod hall;
mod train;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use app::clock::Clock;
use onsale::Options;
use serde_json::json;
use tokio::time::{Duration, sleep, timeout};

use crate::{
    audit::{audit, pool},
    shop::{Offer, Person, Shop, text, tickets, together},
};

/// Requests at one time.
pub(crate) const AT_ONCE: usize = 64;
/// How long a buyer waits after `busy`. `Retry-After` says a second; a buyer who is quicker makes it harder.
const COMES_BACK: Duration = Duration::from_millis(50);
/// How often the stock is looked at.
const LOOKS: Duration = Duration::from_millis(40);
/// Longer than any of these tests takes on a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(10);

/// How long a rush may take; one of full size longer.
pub(crate) fn patience() -> Duration {
    if is_full() { 4 * PATIENCE } else { PATIENCE }
}

pub(crate) async fn shop() -> Arc<Shop> {
    Arc::new(Shop::with(Options::test(Clock::System), Clock::System).await)
}

pub(crate) async fn buyers(shop: &Arc<Shop>, count: usize) -> Vec<Person> {
    let one = |shop: Arc<Shop>| async move { shop.buyer().await };
    together(AT_ONCE, (0..count).map(|_| one(Arc::clone(shop)))).await
}

/// Whether everything is to have its full size.
fn is_full() -> bool {
    crate::crash::variable("ONSALE_TEST_RUSH").is_some_and(|size| size == "full")
}

fn now_ms() -> i64 {
    Clock::System.now().as_millisecond()
}

/// How a buyer fared.
#[derive(Debug)]
pub(crate) enum Fared {
    /// Has an order of so many.
    Won(String, u8),
    /// Was told at this moment that there is nothing.
    SoldOut(i64),
}

/// Tries until there is an answer that ends it.
pub(crate) async fn want(shop: &Shop, who: &Person, offer: &Offer, quantity: u8) -> Fared {
    let mut quantity = quantity;
    loop {
        let answer = shop.try_buy(who, offer, quantity).await;
        match (answer.status, answer.error().as_str()) {
            (202, _) => return Fared::Won(text(&answer.data(), "id"), quantity),
            (409, "sold_out") => return Fared::SoldOut(now_ms()),
            (409, "too_few_left") => {
                let remaining = answer.json()["remaining"].as_u64().and_then(|left| u8::try_from(left).ok());
                quantity = remaining.filter(|left| (1..quantity).contains(left)).unwrap_or_else(|| panic!("{answer}"));
            }
            (409, "busy") => {
                assert_eq!(answer.header("retry-after"), "1", "{answer}");
                sleep(COMES_BACK).await;
            }
            _ => panic!("{answer}"),
        }
    }
}

/// Looks at the stock until told to stop: when it was looked at, and how many were free.
async fn watch(shop: Arc<Shop>, offer: Offer, done: Arc<AtomicBool>) -> Vec<(i64, u32)> {
    let mut seen = Vec::new();
    while !done.load(Ordering::SeqCst) {
        // The earlier of two moments: free tickets were free before they were counted.
        let at = now_ms();
        seen.push((at, pool(&shop, &offer).await.0));
        sleep(LOOKS).await;
    }
    seen
}

/// The order is written a moment after it was accepted.
pub(crate) async fn written(shop: &Shop, who: &Person, order: &str) {
    while shop.get(who, &format!("/api/orders/{order}")).await.status == 202 {
        sleep(LOOKS).await;
    }
}

/// Pays, where the buyer won.
async fn settle(shop: &Shop, who: &Person, fared: &Fared) {
    let Fared::Won(order, _) = fared else { return };
    written(shop, who, order).await;
    let payment = shop.begin(who, order).await;
    shop.complete(who, &payment, json!({"outcome": "paid"})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_thousand_want_five_hundred_and_exactly_those_are_sold() {
    let story = async {
        let shop = shop().await;
        let offer = shop.publish(tickets(500)).await;
        let buyers = buyers(&shop, 2_000).await;
        let done = Arc::new(AtomicBool::new(false));
        let watching = tokio::spawn(watch(Arc::clone(&shop), offer.clone(), Arc::clone(&done)));
        let seed = fastrand::u64(..);
        println!("seed {seed}");
        let mut rng = fastrand::Rng::with_seed(seed);
        let one = |who: Person, quantity: u8, shop: Arc<Shop>, offer: Offer| async move {
            let fared = want(&shop, &who, &offer, quantity).await;
            settle(&shop, &who, &fared).await;
            fared
        };
        let all: Vec<_> =
            buyers.into_iter().map(|who| one(who, rng.u8(1..=4), Arc::clone(&shop), offer.clone())).collect();
        let fared = together(AT_ONCE, all).await;
        done.store(true, Ordering::SeqCst);
        let seen = watching.await.unwrap();
        shop.drained().await;

        assert_eq!(pool(&shop, &offer).await, (0, 500, 0), "seed {seed}");
        let counted = audit(&shop).await;
        assert_eq!((counted.sold, counted.tickets, counted.free), (500, 500, 0));
        let won: u32 =
            fared.iter().map(|fared| if let Fared::Won(_, count) = fared { u32::from(*count) } else { 0 }).sum();
        assert_eq!(won, 500);
        for told in fared.iter().filter_map(|fared| if let Fared::SoldOut(at) = fared { Some(*at) } else { None }) {
            // From the last look before that second to the first one after it.
            let from = seen.iter().rposition(|(at, _)| *at <= told - 1_000).unwrap_or(0);
            let to = seen.iter().position(|(at, _)| *at >= told).unwrap_or(seen.len() - 1);
            let free: Vec<_> = seen[from..=to].iter().map(|(_, free)| *free).collect();
            assert!(free.contains(&0), "told sold_out while {free:?} were free all the time, seed {seed}");
        }
        println!("{} looks, {} winners", seen.len(), counted.winners.len());
    };
    timeout(patience(), story).await.unwrap();
}
