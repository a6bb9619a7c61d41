//! A hall by rule: rows of a hundred seats, all at one price, under the usual rule that nobody sits alone.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Claims, claims, fill};
use crate::{Extent, Outcome, shop::Shop, shop::text};

const IN_A_ROW: u16 = 100;
/// The largest party that is seated here, and the one that fills the hall.
const LARGE: u16 = 8;
const PARTIES: [u16; 3] = [1, 4, LARGE];

/// What is on sale.
struct Hall {
    event: String,
    option: String,
    rows: u16,
}

pub(super) async fn measure(shop: &Shop, extent: Extent) -> Outcome<Vec<Claims>> {
    let hall = Hall::open(shop, extent.hall_rows).await?;
    let times = extent.claims;
    let all = hall.rows * IN_A_ROW;
    let mut found = Vec::new();
    let pairs = (0..times).map(|pair| hall.pair(pair));
    found.push(claims(shop, format!("two named seats of {all}, next to none sold"), pairs).await?);
    let best = async |sold: &str| {
        let mut found = Vec::new();
        for count in PARTIES {
            let bodies = (0..times).map(|_| hall.best(count));
            found.push(claims(shop, format!("the best {count} of {all}, {sold} sold"), bodies).await?);
        }
        Outcome::Ok(found)
    };
    found.extend(best("next to none").await?);
    // What is sold in one situation.
    let seated = PARTIES.iter().sum::<u16>() * u16::try_from(times)?;
    let sold = seated + 2 * u16::try_from(times)?;
    hall.fill(shop, (all / 2).saturating_sub(sold)).await?;
    let pairs = (times..2 * times).map(|pair| hall.pair(pair));
    found.push(claims(shop, format!("two named seats of {all}, half sold"), pairs).await?);
    found.extend(best("half").await?);
    // What is left then is enough for all who ask, and a twentieth of the hall more.
    hall.fill(shop, (all / 2).saturating_sub(sold + seated + all / 20)).await?;
    found.extend(best("nearly all").await?);
    Ok(found)
}

impl Hall {
    async fn open(shop: &Shop, rows: u16) -> Outcome<Self> {
        let place = json!({"name": "The bench's hall", "city": "Shanghai", "address": "8 Zhongshan East 2nd Road"});
        let venue: Value = shop.as_admin("/api/admin/venues", &place).await?;
        let venue = text(&venue["id"])?;
        let rule = json!({"sections": [{
            "id": "hall", "name": "Hall", "category": "A", "rows": rows, "seats": IN_A_ROW, "aisles": [25, 50, 75],
        }]});
        shop.as_admin(&format!("/api/admin/venues/{venue}/map/generate"), &rule).await?;
        let seating = json!({"venueId": venue, "prices": [{"category": "A", "priceOption": "Seat"}]});
        let more = json!({"priceOptions": [{"name": "Seat", "price": 12_800}], "seating": seating});
        let (event, option) = shop.publish_with("A hall with numbers", more).await?;
        Ok(Self { event, option, rows })
    }

    /// Sells so many of the best seats to large parties.
    async fn fill(&self, shop: &Shop, seats: u16) -> Outcome<()> {
        fill(shop, (0..seats / LARGE).map(|_| ((), self.best(LARGE))).collect()).await.map(drop)
    }

    fn order(&self, quantity: u16, more: &str) -> Bytes {
        let Self { event, option, .. } = self;
        Bytes::from(format!(
            r#"{{"eventId":"{event}","priceOptionId":"{option}","quantity":{quantity},{more}"userInfo":{{"name":"Bai","phone":"13800000000"}}}}"#
        ))
    }

    /// The best seats for a party.
    fn best(&self, quantity: u16) -> Bytes {
        self.order(quantity, "")
    }

    /// Two seats beside each other, from the last row on.
    fn pair(&self, number: usize) -> Bytes {
        let (row, first) = (usize::from(self.rows) - number / 12, 1 + number % 12 * 2);
        self.order(2, &format!(r#""seats":["hall/{row}/{first}","hall/{row}/{}"],"#, first + 1))
    }
}
