//! Waiting in line: how long it takes from a release until whoever waits is served.

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep, timeout};

use crate::{
    Outcome,
    latency::Latencies,
    purchase::pay,
    shop::{Offer, Person, Shop},
};

/// Tickets of an event, all of which somebody holds.
const TICKETS: u8 = 4;
/// How often whoever waits looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
/// After that nobody waits any more: the design promises five seconds.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Deserialize)]
struct Named {
    id: String,
}

/// Has somebody wait for what somebody else gives back, again and again. The time begins when the giving back was answered.
pub(crate) async fn measure(shop: &Shop, times: usize) -> Outcome<Latencies> {
    let mut served = Latencies::default();
    let mut people = shop.take(2);
    for _ in 0..times {
        let offer = shop.publish("Full", TICKETS.into()).await?;
        let [holder, waiter] = people.as_mut_slice() else { return Err("nobody is there".into()) };
        let held: Named = holder.create("/api/orders", offer.order(TICKETS)).await?.data()?;
        let request = wait(waiter, &offer).await?;
        shop.at_rest().await?;
        holder.put(&format!("/api/orders/{}/cancel", held.id)).await?.data::<Value>()?;
        let released = Instant::now();
        timeout(PATIENCE, until_served(waiter, &request)).await??;
        served.add(released.elapsed());
    }
    shop.put_back(people);
    Ok(served)
}

/// Takes a place in line, and pays.
async fn wait(waiter: &mut Person, offer: &Offer) -> Outcome<String> {
    let wish = json!({
        "alternatives": [offer.alternative()], "quantity": 2, "userInfo": {"name": "Bai", "phone": "13800000000"},
    });
    let request: Named = waiter.post("/api/waitlist", &wish).await?.data()?;
    pay(waiter, &request.id).await?;
    Ok(request.id)
}

async fn until_served(waiter: &mut Person, request: &str) -> Outcome<()> {
    loop {
        let seen: Value = waiter.get(&format!("/api/waitlist/{request}")).await?.data()?;
        match seen["status"].as_str() {
            Some("served") => return Ok(()),
            Some("waiting" | "serving") => sleep(BETWEEN_LOOKS).await,
            _ => return Err(format!("the request is {}", seen["status"]).into()),
        }
    }
}
