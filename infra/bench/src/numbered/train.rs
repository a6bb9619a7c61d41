//! A train of thirty stops on which random journeys are asked for.

use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Claims, claims, fill};
use crate::{
    Extent, Outcome,
    shop::{Shop, text, tomorrow},
};

const STOPS: u16 = 30;
/// Rows of a coach, of five seats each.
const ROWS: u32 = 17;
/// How much is asked for until the train counts as nearly full, in percent of all there is.
const MUCH_PERCENT: u32 = 120;

/// A run that is open.
struct Train {
    run: String,
    /// How many people have been thought of.
    people: u32,
    chance: fastrand::Rng,
}

/// A journey by its stops.
type Journey = (u16, u16);

pub(super) async fn measure(shop: &Shop, extent: Extent) -> Outcome<Vec<Claims>> {
    let mut train = Train::open(shop, extent.coaches).await?;
    let (times, seats) = (extent.claims, u32::from(extent.coaches) * ROWS * 5);
    let all = seats * u32::from(STOPS - 1);
    let mut found = Vec::new();
    let what = |how: &str| format!("a ride, of {seats} seats and {STOPS} stops, {how}");
    found.push(claims(shop, what("next to nothing sold"), train.journeys(times).into_iter()).await?);
    train.fill(shop, all / 2).await?;
    found.push(claims(shop, what("half sold"), train.journeys(times).into_iter()).await?);
    train.fill(shop, all * (MUCH_PERCENT - 50) / 100).await?;
    found.push(claims(shop, what("nearly full"), train.journeys(times).into_iter()).await?);
    let from_end_to_end: Vec<Bytes> = (0..times).map(|_| train.order((0, STOPS - 1))).collect();
    let what = what("nearly full, from end to end");
    found.push(claims(shop, what, from_end_to_end.into_iter()).await?);
    Ok(found)
}

/// Three letters for a stop.
fn telecode(stop: u16) -> String {
    let letter = |number: u16| char::from(b'A' + u8::try_from(number % 26).unwrap_or_default());
    ['B', letter(stop / 26), letter(stop)].iter().collect()
}

impl Train {
    /// Replaces the timetable of the demo by one train, and opens its run of tomorrow.
    async fn open(shop: &Shop, coaches: u8) -> Outcome<Self> {
        let (mut stations, mut trains) =
            ("name,telecode\n".to_owned(), "train,seq,station,arrive,depart,km\n".to_owned());
        for stop in 0..STOPS {
            let (code, at) = (telecode(stop), |minute: u16| format!("{:02}:{:02}", 6 + minute / 60, minute % 60));
            let arrive = if stop == 0 { String::new() } else { at(stop * 20) };
            let depart = if stop == STOPS - 1 { String::new() } else { at(stop * 20 + 2) };
            writeln!(stations, "站{stop},{code}")?;
            writeln!(trains, "B1,{},{code},{arrive},{depart},{}", stop + 1, stop * 40)?;
        }
        shop.as_admin("/api/admin/rail/import", &json!({"stations": stations, "trains": trains})).await?;
        let day = tomorrow()?;
        let opening = json!({
            "from": day,
            "templates": [{
                "name": "day",
                "coaches": [{"first": 1, "last": coaches, "class": "second", "layout": "3+2", "rows": ROWS}],
                "fares": [{"class": "second", "bands": [{"toKm": 2_000, "milliPerKm": 46_000}]}],
                "saleStarts": {"daysBefore": 14},
            }],
            "trains": [{"template": "day"}],
        });
        shop.as_admin("/api/admin/rail/runs", &opening).await?;
        shop.at_rest().await?;
        let runs: Value = shop.ask_admin(&format!("/api/admin/rail/runs?date={day}&train=B1&status=open")).await?;
        Ok(Self { run: text(&runs["items"][0]["id"])?, people: 0, chance: fastrand::Rng::with_seed(20_260_101) })
    }

    /// Any two stops, each pair as likely as any other.
    fn journey(&mut self) -> Journey {
        let (one, other) = (self.chance.u16(..STOPS), self.chance.u16(..STOPS - 1));
        let other = if other >= one { other + 1 } else { other };
        (one.min(other), one.max(other))
    }

    /// The body of an order of somebody whom nobody saw before.
    fn order(&mut self, (from, to): Journey) -> Bytes {
        self.people += 1;
        let body = json!({
            "runId": self.run, "from": telecode(from), "to": telecode(to), "class": "second", "quantity": 1,
            "passengers": [{"name": "Bai", "idType": "permit", "idNo": format!("B{:08}", self.people)}],
            "userInfo": {"name": "Bai", "phone": "13800000000"},
        });
        Bytes::from(body.to_string())
    }

    fn journeys(&mut self, times: usize) -> Vec<Bytes> {
        (0..times)
            .map(|_| {
                let journey = self.journey();
                self.order(journey)
            })
            .collect()
    }

    /// Has so many segments asked for.
    async fn fill(&mut self, shop: &Shop, segments: u32) -> Outcome<()> {
        let (mut asked, mut wanted) = (0, Vec::new());
        while asked < segments {
            let journey = self.journey();
            asked += u32::from(journey.1 - journey.0);
            wanted.push((journey, self.order(journey)));
        }
        fill(shop, wanted).await.map(drop)
    }
}
