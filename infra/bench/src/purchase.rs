//! Whole purchases: from the wish for a ticket to the picture of its code.

use std::{cell::RefCell, time::Duration};

use futures_util::future::try_join_all;
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{
    Extent, Outcome,
    latency::Latencies,
    program::own_cpu_secs,
    shop::{Offer, Person, Shop},
};

/// How long a buyer waits before looking whether the order is written; twice as long before each further look.
const FIRST_LOOK: Duration = Duration::from_millis(4);
/// The first bytes of every PNG.
const PNG: &[u8] = b"\x89PNG\r\n";
/// More tickets than can be sold while purchases are counted.
const TICKETS: u32 = 200_000;

/// The steps of a purchase, in their order.
pub(crate) const STEPS: [&str; 6] = [
    "hold: `POST /api/orders`",
    "until the order is written",
    "begin to pay: `POST /api/payments/sandbox`",
    "pay: `POST …/complete`",
    "until the tickets are issued: `GET /api/orders/{order}?wait=10`",
    "the picture of a code, by its link",
];

/// What was measured of whole purchases.
#[derive(Clone, Debug, Default)]
pub(crate) struct Purchases {
    /// Whole purchases in a second.
    pub(crate) per_second: f64,
    /// Processor time of one purchase, with all that follows from it: of the program and of the load generator.
    pub(crate) cpu_ms: f64,
    pub(crate) own_cpu_ms: f64,
    pub(crate) steps: [Latencies; STEPS.len()],
    pub(crate) whole: Latencies,
}

/// A ticket that was bought.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ticket {
    pub(crate) id: String,
    pub(crate) qr_code: String,
    qr_url: String,
}

#[derive(Deserialize)]
struct Order {
    id: String,
    status: String,
    #[serde(default)]
    tickets: Vec<Ticket>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Begun {
    payment_id: String,
}

/// What a purchase led to, and how long each step took.
#[derive(Debug)]
pub(crate) struct Bought {
    pub(crate) order: String,
    pub(crate) tickets: Vec<Ticket>,
    took: [Duration; STEPS.len()],
}

/// Buys tickets and looks at the first of them.
pub(crate) async fn buy(buyer: &mut Person, offer: &Offer, quantity: u8) -> Outcome<Bought> {
    let mut took = [Duration::ZERO; STEPS.len()];
    let mut last = Instant::now();
    let mut step = 0;
    let mut done = || {
        let now = Instant::now();
        took[step] = now - last;
        (last, step) = (now, step + 1);
    };
    let order: Order = buyer.create("/api/orders", offer.order(quantity)).await?.data()?;
    done();
    let path = format!("/api/orders/{}", order.id);
    let mut pause = FIRST_LOOK;
    loop {
        sleep(pause).await;
        if buyer.get(&path).await?.status == 200 {
            break;
        }
        pause *= 2;
    }
    done();
    let payment = begin(buyer, &order.id).await?;
    done();
    complete(buyer, &payment).await?;
    done();
    let tickets = loop {
        let order: Order = buyer.get(&format!("{path}?wait=10")).await?.data()?;
        match order.status.as_str() {
            "ticketed" => break order.tickets,
            "pending" | "paid" => {}
            other => return Err(format!("the order {} is {other}", order.id).into()),
        }
    };
    done();
    if tickets.len() != usize::from(quantity) {
        return Err(format!("an order of {quantity} has {} tickets", tickets.len()).into());
    }
    let image = buyer.fetch(&tickets[0].qr_url).await?;
    if image.status != 200 || !image.body.starts_with(PNG) {
        return Err(image.unexpected());
    }
    done();
    Ok(Bought { order: order.id, tickets, took })
}

/// Begins a payment. Returns its id.
async fn begin(buyer: &mut Person, order: &str) -> Outcome<String> {
    let begun: Begun = buyer.post("/api/payments/sandbox", &json!({"orderId": order})).await?.data()?;
    Ok(begun.payment_id)
}

async fn complete(buyer: &mut Person, payment: &str) -> Outcome<()> {
    let path = format!("/api/payments/sandbox/{payment}/complete");
    buyer.post(&path, &json!({"outcome": "paid"})).await?.data::<serde_json::Value>().map(drop)
}

/// Pays an order, or for a place in line.
pub(crate) async fn pay(buyer: &mut Person, order: &str) -> Outcome<()> {
    let payment = begin(buyer, order).await?;
    complete(buyer, &payment).await
}

/// Lets buyers purchase one after the other for a while, and counts.
pub(crate) async fn measure(shop: &Shop, extent: Extent) -> Outcome<[Purchases; 2]> {
    let offer = shop.publish("Purchases", TICKETS).await?;
    let one = measure_of(shop, extent, &offer, 1).await?;
    let two = measure_of(shop, extent, &offer, 2).await?;
    Ok([one, two])
}

async fn measure_of(shop: &Shop, extent: Extent, offer: &Offer, quantity: u8) -> Outcome<Purchases> {
    let counted = RefCell::new(Purchases::default());
    let from = Instant::now() + extent.warm_for;
    let until = from + extent.count_for;
    let count = async {
        tokio::time::sleep_until(from).await;
        let before = (shop.program.cpu_secs()?, own_cpu_secs()?);
        tokio::time::sleep_until(until).await;
        let after = (shop.program.cpu_secs()?, own_cpu_secs()?);
        Outcome::Ok((after.0 - before.0, after.1 - before.1))
    };
    let buyers = shop.take(extent.buyers).into_iter().map(|mut buyer| {
        let counted = &counted;
        async move {
            while Instant::now() < until {
                let bought = buy(&mut buyer, offer, quantity).await?;
                let ended = Instant::now();
                if ended >= from && ended < until {
                    counted.borrow_mut().add(&bought);
                }
            }
            Outcome::Ok(buyer)
        }
    });
    let (cpu, buyers) = tokio::try_join!(count, try_join_all(buyers))?;
    shop.put_back(buyers);
    shop.at_rest().await?;
    let mut counted = counted.into_inner();
    let purchases = f64::from(u32::try_from(counted.whole.count())?).max(1.0);
    counted.per_second = purchases / extent.count_for.as_secs_f64();
    (counted.cpu_ms, counted.own_cpu_ms) = (cpu.0 * 1_000.0 / purchases, cpu.1 * 1_000.0 / purchases);
    Ok(counted)
}

impl Purchases {
    fn add(&mut self, bought: &Bought) {
        for (latencies, took) in self.steps.iter_mut().zip(bought.took) {
            latencies.add(took);
        }
        self.whole.add(bought.took.iter().sum());
    }
}
