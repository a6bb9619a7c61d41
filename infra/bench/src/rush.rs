//! The rush: everybody buys until nothing is left, and goes on asking.

use std::{cell::RefCell, time::Duration};

use futures_util::future::try_join_all;
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use crate::{
    Extent, Outcome,
    latency::Latencies,
    metrics::Units,
    program::own_cpu_secs,
    shop::{Offer, Person, Shop},
};

/// What `busy` says: come back after a second.
const BUSY: Duration = Duration::from_secs(1);

/// What was measured of a rush.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rush {
    pub(crate) tickets: u32,
    pub(crate) orders: usize,
    /// From the first request until everybody had been told that nothing is left.
    pub(crate) until_sold_out: Duration,
    /// From the first request to the last ticket.
    pub(crate) until_sold: Duration,
    pub(crate) holds: Latencies,
    /// Answers `busy` and `too_few_left`.
    pub(crate) come_back: u64,
    /// Write units of refused conditions, and all write units, until everything that followed was done.
    pub(crate) units: Units,
    pub(crate) sold_out: SoldOut,
}

/// What was measured once nothing was left.
#[derive(Clone, Debug, Default)]
pub(crate) struct SoldOut {
    pub(crate) per_second: f64,
    pub(crate) latencies: Latencies,
    /// Processor time of one answer: of the program and of the load generator.
    pub(crate) cpu_us: f64,
    pub(crate) own_cpu_us: f64,
    /// Units of one answer.
    pub(crate) units: Units,
}

#[derive(Deserialize)]
struct Stock {
    remaining: u64,
}

/// What one buyer got.
#[derive(Debug, Default)]
struct Got {
    tickets: u32,
    come_back: u64,
    holds: Latencies,
    last: Option<Instant>,
}

/// Sells everything, then counts the answers of those who come too late.
pub(crate) async fn measure(shop: &Shop, extent: Extent) -> Outcome<Rush> {
    let offer = shop.publish("The rush", extent.rush).await?;
    let before = shop.units().await?;
    let began = Instant::now();
    let buyers = shop.take(extent.buyers).into_iter().map(|buyer| buy_all(buyer, &offer));
    let done = try_join_all(buyers).await?;
    let until_sold_out = began.elapsed();
    shop.at_rest().await?;
    let units = shop.units().await? - before;
    let mut rush = Rush { until_sold_out, units, ..Rush::default() };
    let mut last = began;
    for (buyer, got) in done {
        shop.put_back([buyer]);
        rush.tickets += got.tickets;
        rush.come_back += got.come_back;
        rush.holds.extend(got.holds);
        last = last.max(got.last.unwrap_or(began));
    }
    (rush.orders, rush.until_sold) = (rush.holds.count(), last - began);
    see_all_sold(shop, &offer, extent.rush, rush.tickets).await?;
    rush.sold_out = ask_in_vain(shop, &offer, extent).await?;
    Ok(rush)
}

/// Buys one to four at a time until nothing is left.
async fn buy_all(mut buyer: Person, offer: &Offer) -> Outcome<(Person, Got)> {
    let mut got = Got::default();
    let mut most = 4;
    loop {
        let quantity = fastrand::u8(1..=most);
        let asked = Instant::now();
        let answer = buyer.create("/api/orders", offer.order(quantity)).await?;
        match (answer.status.as_u16(), answer.refusal()) {
            (202, _) => {
                let now = Instant::now();
                got.holds.add(now - asked);
                got.tickets += u32::from(quantity);
                got.last = Some(now);
            }
            (_, "sold_out") => return Ok((buyer, got)),
            (_, "too_few_left") => {
                got.come_back += 1;
                most = quantity.saturating_sub(1).max(1);
            }
            (_, "busy") => {
                got.come_back += 1;
                sleep(BUSY).await;
            }
            _ => return Err(answer.unexpected()),
        }
    }
}

/// What was answered must be what is stored.
async fn see_all_sold(shop: &Shop, offer: &Offer, tickets: u32, sold: u32) -> Outcome<()> {
    // Stock that is shown may be two seconds old.
    sleep(Duration::from_millis(2_200)).await;
    let mut buyers = shop.take(1);
    let path = format!("/api/events/{}/stock", offer.event);
    let stock: Vec<Stock> = buyers[0].get(&path).await?.data()?;
    shop.put_back(buyers);
    let left: u64 = stock.iter().map(|stock| stock.remaining).sum();
    if sold != tickets || left != 0 {
        return Err(format!("of {tickets} tickets {sold} were sold and {left} are left").into());
    }
    Ok(())
}

/// Asks for tickets that are sold, for a while.
async fn ask_in_vain(shop: &Shop, offer: &Offer, extent: Extent) -> Outcome<SoldOut> {
    let latencies = RefCell::new(Latencies::default());
    let before = (shop.units().await?, shop.program.cpu_secs()?, own_cpu_secs()?);
    let began = Instant::now();
    let until = began + extent.count_for;
    let buyers = shop.take(extent.buyers).into_iter().map(|mut buyer| {
        let latencies = &latencies;
        async move {
            let order = offer.order(1);
            let mut asked = Instant::now();
            while asked < until {
                let answer = buyer.create("/api/orders", order.clone()).await?;
                if answer.refusal() != "sold_out" {
                    return Err(answer.unexpected());
                }
                let now = Instant::now();
                latencies.borrow_mut().add(now - asked);
                asked = now;
            }
            Outcome::Ok(buyer)
        }
    });
    let buyers = try_join_all(buyers).await?;
    let took = began.elapsed().as_secs_f64();
    let (cpu, own) = (shop.program.cpu_secs()? - before.1, own_cpu_secs()? - before.2);
    shop.put_back(buyers);
    let latencies = latencies.into_inner();
    let answers = f64::from(u32::try_from(latencies.count())?).max(1.0);
    Ok(SoldOut {
        per_second: answers / took,
        latencies,
        cpu_us: cpu * 1e6 / answers,
        own_cpu_us: own * 1e6 / answers,
        units: (shop.units().await? - before.0).each(answers),
    })
}
