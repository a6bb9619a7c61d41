//! What is on in the demo.

use domain::Timestamp;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{moment, opera};

/// An event that the demo has.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    /// By which it is found again.
    pub(super) title: &'static str,
    /// What `POST /api/admin/events` is sent.
    pub(super) draft: Value,
    /// Whether the demo buys all its tickets.
    pub(super) is_sold_out: bool,
}

/// Where and what, in the words of a draft.
struct About {
    title: &'static str,
    category: &'static str,
    city: &'static str,
    venue: &'static str,
    address: &'static str,
    performers: &'static [&'static str],
}

/// Everything, seen from `now`; `house` is where seats are numbered.
pub(super) fn programme(now: Timestamp, house: &str) -> Vec<Planned> {
    let at = |hours: i64| moment(now.checked_add(SignedDuration::from_hours(hours)).unwrap_or(now));
    // The doors of the first are open, so that a ticket can be bought and used at once.
    let tonight = json!([{"startsAt": at(8), "duration": 180, "doorsAt": at(-1)}]);
    let one_price = |name: &str, price: u64, count: u64| json!([{"name": name, "price": price, "totalCount": count}]);
    let two_prices = json!([
        {"name": "Stalls", "price": 38_000, "originalPrice": 42_000, "totalCount": 120, "sortOrder": 1},
        {"name": "Balcony", "price": 18_000, "totalCount": 200, "sortOrder": 2, "maxPerOrder": 4},
    ]);
    let later = json!([
        {"name": "Day pass", "price": 26_000, "totalCount": 2_000, "saleStartsAt": at(24 * 14)},
    ]);
    let by_seat = json!([
        {"name": "Front stalls", "price": 58_000, "sortOrder": 1},
        {"name": "Stalls and circle", "price": 36_000, "sortOrder": 2},
        {"name": "Balcony", "price": 12_000, "sortOrder": 3},
    ]);
    let mut opera = planned(&OPERA, &json!([{"startsAt": at(24 * 13), "duration": 165}]), &by_seat);
    opera.draft["seating"] = opera::seating(house, &at(24 * 10));
    vec![
        planned(&HARBOUR, &tonight, &one_price("General admission", 12_800, 500)),
        Planned {
            is_sold_out: true,
            ..planned(&CHAMBER, &json!([{"startsAt": at(24 * 21), "duration": 90}]), &one_price("Seat", 8_800, 2))
        },
        planned(
            &PLAY,
            &json!([{"startsAt": at(24 * 10), "duration": 150}, {"startsAt": at(24 * 11), "duration": 150}]),
            &two_prices,
        ),
        opera,
        planned(&FESTIVAL, &json!([{"startsAt": at(24 * 60), "duration": 600}]), &later),
    ]
}

fn planned(about: &About, sessions: &Value, options: &Value) -> Planned {
    let draft = json!({
        "title": about.title,
        "description": "Part of the demo.",
        "category": about.category,
        "city": about.city,
        "venue": about.venue,
        "address": about.address,
        "timezone": "Asia/Shanghai",
        "performers": about.performers,
        "tags": ["demo"],
        "refundPolicy": {"mode": "automatic", "hoursBefore": 0},
        "sessions": sessions,
        "priceOptions": options,
    });
    Planned { title: about.title, draft, is_sold_out: false }
}

const HARBOUR: About = About {
    title: "Harbour Lights Live",
    category: "concert",
    city: "Shanghai",
    venue: "Pier 7",
    address: "7 Zhongshan East 2nd Road, Huangpu",
    performers: &["The Tugboats"],
};

const CHAMBER: About = About {
    title: "Two Chairs, One Cello",
    category: "concert",
    city: "Beijing",
    venue: "The Small Room",
    address: "12 Wudaoying Hutong, Dongcheng",
    performers: &["Lin Wei"],
};

const PLAY: About = About {
    title: "The Night Ferry",
    category: "theatre",
    city: "Beijing",
    venue: "Drum Tower Theatre",
    address: "3 Gulou East Street, Dongcheng",
    performers: &["Drum Tower Company"],
};

const OPERA: About = About {
    title: "The Paper Lantern",
    category: "theatre",
    city: "Shanghai",
    venue: "Lantern Opera House",
    address: "18 Fuzhou Road, Huangpu",
    performers: &["Lantern Company"],
};

const FESTIVAL: About = About {
    title: "Pearl River Summer",
    category: "festival",
    city: "Guangzhou",
    venue: "Ersha Island Lawn",
    address: "Qingbo Road, Yuexiu",
    performers: &["Kite Club", "Low Tide", "Nine Bridges"],
};
