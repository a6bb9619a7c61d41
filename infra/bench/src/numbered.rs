//! Holds of numbered seats: in a hall and on a train, while they are empty, half sold and nearly full.

mod hall;
mod train;

use bytes::Bytes;
use futures_util::future::try_join_all;
use tokio::time::{Duration, Instant, sleep};

use crate::{
    Extent, Outcome,
    latency::Latencies,
    metrics::Units,
    shop::{Person, Shop},
};

/// How long somebody waits who was told to come back. `Retry-After` says a second; nothing is to be waited for here but others.
const COMES_BACK: Duration = Duration::from_millis(20);
/// Buyers who fill what is to be half sold.
const FILLING: usize = 16;

/// Claims of one buyer, one after the other, in one situation.
#[derive(Clone, Debug)]
pub(crate) struct Claims {
    pub(crate) what: String,
    /// Of those that were held.
    pub(crate) latencies: Latencies,
    /// How many were told that there is nothing.
    pub(crate) refused: usize,
    /// Units of each, with the order that follows and the counting of what is left.
    pub(crate) units: Units,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Held,
    Refused,
}

/// Measures a hall, then a train.
pub(crate) async fn measure(shop: &Shop, extent: Extent) -> Outcome<Vec<Claims>> {
    let mut all = hall::measure(shop, extent).await?;
    all.extend(train::measure(shop, extent).await?);
    Ok(all)
}

/// Makes a claim until there is an answer that ends it.
async fn claim(buyer: &mut Person, body: &Bytes) -> Outcome<Told> {
    loop {
        let answer = buyer.create("/api/orders", body.clone()).await?;
        match answer.refusal() {
            "" => return Ok(Told::Held),
            "sold_out" | "too_few_left" => return Ok(Told::Refused),
            "busy" => sleep(COMES_BACK).await,
            _ => return Err(answer.unexpected()),
        }
    }
}

/// Has one buyer make claims, one after the other.
async fn claims(shop: &Shop, what: String, bodies: impl Iterator<Item = Bytes>) -> Outcome<Claims> {
    let mut buyers = shop.take(1);
    let (mut latencies, mut refused) = (Latencies::default(), 0);
    shop.at_rest().await?;
    let before = shop.units().await?;
    for body in bodies {
        let asked = Instant::now();
        match claim(&mut buyers[0], &body).await? {
            Told::Held => latencies.add(asked.elapsed()),
            Told::Refused => refused += 1,
        }
    }
    shop.put_back(buyers);
    shop.at_rest().await?;
    let made = u32::try_from(latencies.count() + refused)?.max(1);
    let units = (shop.units().await? - before).each(f64::from(made));
    Ok(Claims { what, latencies, refused, units })
}

/// Has many buyers make claims at once. Returns which were held.
async fn fill<T: Copy>(shop: &Shop, claims_of: Vec<(T, Bytes)>) -> Outcome<Vec<T>> {
    let mut shares: Vec<Vec<(T, Bytes)>> = (0..FILLING).map(|_| Vec::new()).collect();
    for (place, one) in claims_of.into_iter().enumerate() {
        shares[place % FILLING].push(one);
    }
    let each = shop.take(FILLING).into_iter().zip(shares).map(|(mut buyer, share)| async move {
        let mut held = Vec::new();
        for (which, body) in share {
            if claim(&mut buyer, &body).await? == Told::Held {
                held.push(which);
            }
        }
        Outcome::Ok((buyer, held))
    });
    let (buyers, held): (Vec<_>, Vec<_>) = try_join_all(each).await?.into_iter().unzip();
    shop.put_back(buyers);
    shop.at_rest().await?;
    Ok(held.into_iter().flatten().collect())
}
