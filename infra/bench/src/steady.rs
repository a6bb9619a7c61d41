//! Whether a hold takes longer where many others are open, or where much is unsold.

use futures_util::future::try_join_all;
use tokio::time::Instant;

use crate::{
    Outcome,
    latency::Latencies,
    metrics::Units,
    shop::{Offer, Person, Shop},
};

/// Tickets of a small pool and of a large one.
const SMALL: u32 = 2_000;
const LARGE: u32 = 50_000;

/// Holds of one buyer, one after the other, in one situation.
#[derive(Clone, Debug)]
pub(crate) struct Holds {
    /// Tickets that nobody holds, and holds that are open, before the first.
    pub(crate) unsold: u32,
    pub(crate) open: u32,
    pub(crate) latencies: Latencies,
    /// Units of the hold with its order; summaries are not among them where few holds share one.
    pub(crate) units: Units,
}

/// Compares holds in a small pool, in a large one, and in a large one half of which is held.
pub(crate) async fn measure(shop: &Shop, holds: usize) -> Outcome<Vec<Holds>> {
    let mut found = Vec::new();
    let small = shop.publish("A small hall", SMALL).await?;
    found.push(hold(shop, &small, SMALL, 0, holds).await?);
    let large = shop.publish("A large hall", LARGE).await?;
    found.push(hold(shop, &large, LARGE, 0, holds).await?);
    let open = fill(shop, &large, LARGE / 2).await?;
    let before = u32::try_from(holds)?;
    found.push(hold(shop, &large, LARGE / 2 - before, open + before, holds).await?);
    Ok(found)
}

async fn hold(shop: &Shop, offer: &Offer, unsold: u32, open: u32, holds: usize) -> Outcome<Holds> {
    let mut buyers = shop.take(1);
    let mut latencies = Latencies::default();
    let before = shop.units().await?;
    for _ in 0..holds {
        let asked = Instant::now();
        buyers[0].create("/api/orders", offer.order(1)).await?.data::<serde_json::Value>()?;
        latencies.add(asked.elapsed());
    }
    shop.put_back(buyers);
    shop.at_rest().await?;
    let units = (shop.units().await? - before).each(f64::from(u32::try_from(holds)?));
    Ok(Holds { unsold, open, latencies, units })
}

/// Holds so many tickets, four at a time. Returns how many holds that were.
async fn fill(shop: &Shop, offer: &Offer, tickets: u32) -> Outcome<u32> {
    const EACH: u8 = 4;
    const BUYERS: u32 = 32;
    let orders = tickets / u32::from(EACH) / BUYERS;
    let buyers = shop.take(usize::try_from(BUYERS)?).into_iter().map(|buyer| fill_one(buyer, offer, orders, EACH));
    let buyers = try_join_all(buyers).await?;
    shop.put_back(buyers);
    shop.at_rest().await?;
    Ok(orders * BUYERS)
}

async fn fill_one(mut buyer: Person, offer: &Offer, orders: u32, each: u8) -> Outcome<Person> {
    for _ in 0..orders {
        buyer.create("/api/orders", offer.order(each)).await?.data::<serde_json::Value>()?;
    }
    Ok(buyer)
}
