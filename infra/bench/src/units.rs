//! Units of `DynamoDB` that a flow uses: one run after the other, everything that follows included.

use serde_json::json;

use crate::{Outcome, metrics::Units, purchase::buy, shop::Shop};

/// What one run of a flow uses.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(crate) name: &'static str,
    pub(crate) units: Units,
}

/// Counts the flows of a sale.
pub(crate) async fn count(shop: &Shop, runs: usize) -> Outcome<Vec<Flow>> {
    let offer = shop.publish("Units", 4_000).await?;
    let mut buyers = shop.take(1);
    let buyer = &mut buyers[0];
    let each = f64::from(u32::try_from(runs)?);
    let mut flows = Vec::new();
    let mut codes = Vec::new();
    for (name, quantity) in [("a whole purchase of one ticket", 1), ("a whole purchase of two tickets", 2)] {
        let before = shop.units().await?;
        for _ in 0..runs {
            let bought = buy(buyer, &offer, quantity).await?;
            codes.extend(bought.tickets.into_iter().map(|ticket| ticket.qr_code));
        }
        shop.at_rest().await?;
        flows.push(Flow { name, units: (shop.units().await? - before).each(each) });
    }
    let before = shop.units().await?;
    for _ in 0..runs {
        buyer.create("/api/orders", offer.order(1)).await?.data::<serde_json::Value>()?;
        // A hold whose order is written before the next one begins is not counted together with others' summaries.
        shop.at_rest().await?;
    }
    flows.push(Flow {
        name: "a hold that nobody pays, until its order is written",
        units: (shop.units().await? - before).each(each),
    });
    flows.extend(scans(shop, &codes[..runs], each).await?);
    shop.put_back(buyers);
    Ok(flows)
}

/// Scans each code twice.
async fn scans(shop: &Shop, codes: &[String], each: f64) -> Outcome<Vec<Flow>> {
    let mut door = shop.take_door();
    let mut flows = Vec::new();
    for name in ["a scan that admits", "a second scan"] {
        let before = shop.units().await?;
        for code in codes {
            door[0].post("/api/door/check-in", &json!({"code": code})).await?;
        }
        shop.at_rest().await?;
        flows.push(Flow { name, units: (shop.units().await? - before).each(each) });
    }
    shop.put_back_door(door);
    Ok(flows)
}
