//! The house of the demo whose seats are numbered.

use serde_json::{Value, json};

use super::{DemoError, insider::Insider};

const NAME: &str = "Lantern Opera House";

/// The house with its map; found, finished or made. Its id.
pub(super) async fn made(admin: &Insider<'_>) -> Result<String, DemoError> {
    let known = admin.call("GET", "/api/admin/venues?pageSize=100", &json!({})).await?;
    let found = known["items"].as_array().into_iter().flatten().find(|venue| venue["name"] == NAME);
    let venue = if let Some(venue) = found {
        venue.clone()
    } else {
        let place = json!({"name": NAME, "city": "Shanghai", "address": "18 Fuzhou Road, Huangpu"});
        admin.call("POST", "/api/admin/venues", &place).await?
    };
    let id = venue["id"].as_str().unwrap_or_default();
    // Whoever drew another map since keeps it.
    if venue["mapVersion"] == 0 {
        admin.call("POST", &["/api/admin/venues/", id, "/map/generate"].concat(), &rule()).await?;
    }
    Ok(id.to_owned())
}

/// 1200 seats in three categories: 640 in the stalls, 320 in the circle, 240 on the balcony.
fn rule() -> Value {
    let pair = |seat: u16| {
        [
            json!({"row": 20, "seat": seat, "kind": "accessible"}),
            json!({"row": 20, "seat": seat + 1, "kind": "companion"}),
        ]
    };
    let wheelchairs: Vec<Value> = [1, 3, 29, 31].into_iter().flat_map(pair).collect();
    json!({"sections": [
        {"id": "stalls", "name": "Stalls", "category": "B", "rows": 20, "seats": 32, "aisles": [8, 24],
         "curveRadius": 4_000, "bands": [{"upTo": 8, "category": "A"}], "kinds": wheelchairs},
        {"id": "circle", "name": "Circle", "category": "B", "rows": 10, "seats": 32, "aisles": [8, 24],
         "lettering": "letters", "curveRadius": 5_000},
        {"id": "balcony", "name": "Balcony", "category": "C", "rows": 8, "seats": 30, "aisles": [15],
         "lettering": "letters", "numbering": "oddEven", "curveRadius": 6_000},
    ]})
}

/// How the seats of the house are sold: each category at its price, the front of the circle to friends of the house until
/// three days before.
pub(super) fn seating(house: &str, released: &str) -> Value {
    json!({
        "venueId": house,
        "prices": [
            {"category": "A", "priceOption": "Front stalls"},
            {"category": "B", "priceOption": "Stalls and circle"},
            {"category": "C", "priceOption": "Balcony"},
        ],
        "holdBacks": [{"channel": "friends", "parts": ["circle/A"], "releasedAt": released}],
    })
}
