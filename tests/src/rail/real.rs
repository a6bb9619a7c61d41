//! A real timetable, where it lies beside the project: imported as a whole, and one day of it opened.

use std::{fs, path::Path};

use app::clock::Stopwatch;
use serde_json::json;

use super::{class, import, open, search, trains};
use crate::{audit::scan, shop::Shop};

/// A file of the timetable; nothing where there is none near the project.
fn file(name: &str) -> Option<String> {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let file = folders.map(|folder| folder.join("shared/data/rail").join(name)).find(|file| file.exists());
    if file.is_none() {
        println!("skipped: shared/data/rail/{name} is not there");
    }
    file.map(|file| fs::read_to_string(file).unwrap())
}

#[tokio::test]
async fn a_day_of_a_real_timetable_is_imported_opened_and_found() {
    let (Some(stations), Some(stops)) = (file("hsr_stations.csv"), file("hsr_stops.csv")) else { return };
    let shop = Shop::open().await;
    let began = Stopwatch::start();
    let view = import(&shop, json!({"stations": stations, "trains": stops})).await.data();
    let counts = ["stations", "services", "stops"].map(|name| view[name].as_u64().unwrap());
    assert_eq!(counts, [672, 4_458, 34_647]);
    println!("imported in {} ms", began.elapsed_ms());

    let terms = |name: &str, rows: u8| {
        json!({
            "name": name,
            "coaches": [
                {"first": 1, "class": "first", "layout": "2+2", "rows": 1},
                {"first": 2, "class": "second", "layout": "3+2", "rows": rows},
            ],
            "fares": [{"class": "first", "base": 20_000}, {"class": "second", "base": 10_000}],
            "saleStarts": {"daysBefore": 30},
        })
    };
    let began = Stopwatch::start();
    let opened = open(
        &shop,
        json!({
            "from": "2026-01-10",
            "templates": [terms("fast", 2), terms("slow", 1)],
            "trains": [{"template": "fast", "beginning": "G"}, {"template": "slow"}],
        }),
    )
    .await;
    println!("opened {} runs in {} parts in {} ms", opened["opened"], opened["parts"], began.elapsed_ms());
    assert_eq!(
        (&opened["status"], &opened["opened"], &opened["alreadyOpen"]),
        (&json!("done"), &json!(4_458), &json!(0))
    );

    let stored = shop.store().rail().runs_of("2026-01-10".parse().unwrap()).await.unwrap();
    assert_eq!(stored.len(), 4_458);
    let seats: u32 = stored.iter().map(|plan| plan.terms.formation.seats(&"second".parse().unwrap())).sum();
    let fast = stored.iter().filter(|plan| plan.train.number().starts_with('G')).count();
    assert_eq!(usize::try_from(seats).unwrap(), 5 * (4_458 + fast));

    let rows = scan(&shop, store::Table::Inventory).len();
    println!("{rows} rows of seats");
    assert_eq!(rows, 2 * 4_458 + fast);

    let began = Stopwatch::start();
    let found = search(&shop, "beijing", "AOH", "date=2026-01-10&pageSize=100&transfers=1").await;
    println!("searched in {} ms", began.elapsed_ms());
    let began = Stopwatch::start();
    shop.look("/api/rail/runs?from=beijing&to=AOH&date=2026-01-10&pageSize=100").await.expect(200);
    println!("searched again in {} ms", began.elapsed_ms());
    assert!(trains(&found).len() > 20, "{}", found["total"]);
    assert!(found["items"].as_array().unwrap().iter().all(|item| class(item, "second")["remaining"] == 10));
}
