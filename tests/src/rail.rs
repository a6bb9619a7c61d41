//! A railway: its timetable is imported, runs are opened, found, and shown with what is left of them.

mod real;

use std::io::Write as _;

use data_encoding::BASE64;
use domain::{
    block::Token,
    id::{Id as _, OrderId},
    pool::BlockAddress,
    rail::{
        row::{Change, Decided, Entry, Examined, Place, Places},
        stretch::Stretch,
    },
    user::Role,
};
use serde_json::{Value, json};
use store::{
    Changed,
    keys::{class_pool, run_id},
};

use crate::{
    client::Answer,
    shop::{Person, Shop, establish, person, text},
};

/// Two stations of one city at either end, and a town between them.
const STATIONS: &str = "name,telecode,pinyin,initials,city
海城,HCA,haicheng,hc,海城
海城南,HCB,haichengnan,hcn,海城
林口,LKA,linkou,lk,林口
山阳,SYA,shanyang,sy,山阳
山阳北,SYB,shanyangbei,syb,山阳
桥头,QTA,qiaotou,qt,桥头
";

/// Two trains of a day, one of a night, and one to change to.
pub(crate) const TRAINS: &str = "train,seq,station,arrive,depart,km
G1,1,海城,,08:00,0
G1,2,林口,09:00,09:05,150
G1,3,山阳北,10:30,,400
G3,1,HCB,,12:00,0
G3,2,SYA,14:00,,380
D9,1,海城,,22:00,0
D9,2,林口,23:50,00:10,150
D9,3,桥头,06:00,,900
K5,1,山阳北,,11:00,0
K5,2,桥头,13:00,,300
";

/// The day whose runs are opened: nine days after the clocks of tests begin.
pub(crate) const DAY: &str = "2026-01-10";

fn deflated(text: &str) -> String {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    BASE64.encode(&encoder.finish().unwrap())
}

async fn import(shop: &Shop, body: Value) -> Answer {
    shop.post(&shop.admin, "/api/admin/rail/import", body).await
}

/// A shop with the timetable.
pub(crate) async fn railway() -> Shop {
    let shop = Shop::open().await;
    railway_of(&shop, TRAINS).await;
    shop
}

/// Our stations with some trains, as they are imported.
pub(crate) fn timetable(trains: &str) -> Value {
    json!({"stations": STATIONS, "trains": trains})
}

/// Imports our stations with some trains.
pub(crate) async fn railway_of(shop: &Shop, trains: &str) {
    import(shop, timetable(trains)).await.expect(200);
}

/// Sixty seats of second class, half of whose rows are kept for 300 kilometres and more, and eight of first.
pub(crate) fn opening(from: &str, to: &str) -> Value {
    json!({
        "from": from, "to": to,
        "templates": [{
            "name": "day",
            "coaches": [
                {"first": 1, "class": "first", "layout": "2+2", "rows": 2},
                {"first": 2, "last": 3, "class": "second", "layout": "3+2", "rows": 6},
            ],
            "fares": [
                {"class": "first", "bands": [{"toKm": 1_000, "milliPerKm": 80_000}]},
                {"class": "second", "bands": [{"toKm": 1_000, "milliPerKm": 46_000}], "studentPercent": 75,
                 "stated": [{"from": "HCA", "to": "LKA", "price": 6_500}]},
            ],
            "roundTo": 50,
            "quotas": [{"class": "second", "leastKm": 300, "stages": [{"untilMinutesBefore": 60, "percent": 50}]}],
            "changes": {"most": 1, "stages": [{"untilMinutesBefore": 0, "dates": "any", "otherDestination": true}]},
            "refundPolicy": {"mode": "automatic", "hoursBefore": 1},
            "saleStarts": {"daysBefore": 14, "time": "08:00"},
            "closesMinutesBefore": 10,
        }],
        "trains": [{"template": "day"}],
    })
}

/// Opens runs, and waits until they are.
pub(crate) async fn open(shop: &Shop, body: Value) -> Value {
    let asked = shop.create(&shop.admin, "/api/admin/rail/runs", body).await;
    let opening = asked.expect(202);
    assert_eq!(asked.header("location"), format!("/api/admin/rail/openings/{}", text(&opening, "id")));
    assert_eq!(opening["status"], "working", "{opening}");
    // A whole day of a whole railway may take longer on a busy machine than anything else has to be waited for.
    for _ in 0..10 {
        if shop.system.drained().await.is_ok() {
            break;
        }
    }
    shop.get(&shop.admin, asked.header("location")).await.data()
}

pub(crate) async fn search(shop: &Shop, from: &str, to: &str, rest: &str) -> Value {
    // What a process read two seconds ago is not read again.
    shop.clock.advance(3);
    shop.look(&format!("/api/rail/runs?from={from}&to={to}&{rest}")).await.data()
}

fn trains(found: &Value) -> Vec<String> {
    found["items"].as_array().unwrap().iter().map(|item| text(item, "train")).collect()
}

pub(crate) fn class<'v>(offer: &'v Value, class: &str) -> &'v Value {
    offer["classes"].as_array().unwrap().iter().find(|offer| offer["class"] == class).unwrap()
}

#[tokio::test]
pub(crate) async fn a_timetable_is_imported_as_a_whole_or_not_at_all() {
    let shop = Shop::open().await;
    let stations = || shop.look("/api/rail/stations?q=haicheng");
    assert_eq!(stations().await.data(), json!([]));
    let both = json!({"stations": STATIONS, "trains": TRAINS});

    let mut dry = both.clone();
    dry["dryRun"] = true.into();
    let view = import(&shop, dry).await.data();
    assert_eq!((&view["dryRun"], &view["version"], &view["services"]), (&json!(true), &json!(0), &json!(4)));
    shop.clock.advance(3);
    assert_eq!(stations().await.data(), json!([]), "only checked");

    let wrong = TRAINS.replace("林口,09:00", "林囗,09:00").replace("K5,2,桥头,13:00", "K5,1,桥头,13:60");
    let refused = import(&shop, json!({"stations": STATIONS, "trains": wrong})).await;
    let refused = refused.refused(400, "validation_failed");
    let told: Vec<_> = refused["details"].as_array().unwrap().iter().map(|one| text(one, "field")).collect();
    assert_eq!(told, ["trains[3].station", "trains[11].seq", "trains[11].arrive"], "{refused}");
    assert_eq!(refused["errors"], 3);
    let long = (0..200).map(|number| format!("站{number},X{number}")).collect::<Vec<_>>().join("\n");
    let refused = import(&shop, json!({"stations": format!("name,telecode\n{long}")})).await;
    let refused = refused.refused(400, "validation_failed");
    assert_eq!((refused["details"].as_array().unwrap().len(), &refused["errors"]), (100, &json!(200)));
    shop.clock.advance(3);
    assert_eq!(stations().await.data(), json!([]), "nothing of what was wrong");
    import(&shop, json!({})).await.refused(400, "validation_failed");

    let view = import(&shop, both.clone()).await.data();
    let counts = ["version", "stations", "services", "stops", "added"].map(|name| view[name].as_u64().unwrap());
    assert_eq!(counts, [1, 6, 4, 10, 4]);
    let found = stations().await.data();
    assert_eq!((&found[0]["code"], &found[1]["code"]), (&json!("HCA"), &json!("HCB")), "{found}");

    // Trains alone, compressed: the stations stay.
    let later = TRAINS.replace("08:00", "08:10").replace("K5,", "K7,");
    let view = import(&shop, json!({"trains": deflated(&later), "encoding": "deflate"})).await.data();
    let counts = ["version", "stations", "added", "changed", "removed"].map(|name| view[name].as_u64().unwrap());
    assert_eq!(counts, [2, 6, 1, 1, 1]);
    // And stations alone, but not without one that trains call at.
    let fewer = STATIONS.replace("桥头,QTA,qiaotou,qt,桥头\n", "");
    let refused = import(&shop, json!({"stations": fewer})).await.refused(400, "validation_failed");
    assert_eq!(refused["details"][0]["field"], "stations", "{refused}");
    let view = import(&shop, json!({"stations": format!("{STATIONS}新站,XZA,xinzhan,xz,新站\n")})).await.data();
    assert_eq!((&view["version"], &view["stations"], &view["services"]), (&json!(3), &json!(7), &json!(4)));
    shop.clock.advance(3);
    assert_eq!(shop.look("/api/rail/stations?q=xz").await.data()[0]["name"], "新站");
}

#[tokio::test]
pub(crate) async fn runs_are_opened_and_found_by_whatever_is_typed() {
    let shop = railway().await;
    assert_eq!(search(&shop, "HCA", "SYB", "date=2026-01-10").await["total"], 0, "nothing is open");
    let opened = open(&shop, opening("2026-01-09", DAY)).await;
    let counts = ["runs", "opened", "alreadyOpen"].map(|name| opened[name].as_u64().unwrap());
    assert_eq!((&opened["status"], counts), (&json!("done"), [8, 8, 0]), "{opened}");

    let on = format!("date={DAY}");
    for (from, to, expected) in [
        ("HCA", "SYB", &["G1"][..]),
        ("%E6%B5%B7%E5%9F%8E", "%E5%B1%B1%E9%98%B3", &["G1", "G3"]),
        ("haicheng", "shanyang", &["G1", "G3"]),
        ("hc", "sy", &["G1", "G3"]),
        ("hcn", "SYA", &["G3"]),
        ("HCA", "SYA", &[]),
        ("SYB", "HCA", &[]),
    ] {
        assert_eq!(trains(&search(&shop, from, to, &on).await), expected, "{from} {to}");
    }
    let refused = shop.look(&format!("/api/rail/runs?from=nowhere&to=x&{on}")).await.refused(400, "validation_failed");
    let told: Vec<_> = refused["details"].as_array().unwrap().iter().map(|one| text(one, "field")).collect();
    assert_eq!(told, ["from", "to"]);

    // 400 km at 0.46 are 184; a stated fare is taken as it stands, and half the rows are kept for those who ride far.
    let far = search(&shop, "HCA", "SYB", &on).await["items"][0].clone();
    assert_eq!((&far["status"], &far["minutes"]), (&json!("onSale"), &json!(150)));
    assert_eq!(far["from"]["departsAt"], "2026-01-10T08:00:00+08:00");
    let second = class(&far, "second");
    let prices = ["price", "childPrice", "studentPrice", "remaining"].map(|name| second[name].as_u64().unwrap());
    assert_eq!(prices, [18_400, 9_200, 13_800, 60]);
    assert_eq!(class(&far, "first")["remaining"], 8);
    let near = search(&shop, "HCA", "LKA", &on).await;
    assert_eq!(trains(&near), ["G1", "D9"]);
    let second = class(&near["items"][0], "second");
    assert_eq!((&second["price"], &second["remaining"]), (&json!(6_500), &json!(30)));

    // Whoever boards after midnight boards the run of the day before.
    let night = search(&shop, "LKA", "QTA", &on).await["items"][0].clone();
    assert_eq!((&night["train"], &night["date"]), (&json!("D9"), &json!("2026-01-09")));
    assert_eq!(night["from"]["departsAt"], "2026-01-10T00:10:00+08:00");
    shown_is_what_is_found(&shop, &far).await;
}

/// A run shows the stretch that is asked about, its stops and its coaches.
async fn shown_is_what_is_found(shop: &Shop, far: &Value) {
    let path = format!("/api/rail/runs/{}", text(far, "runId"));
    let whole = shop.look(&path).await.data();
    assert_eq!((&whole["classes"], whole["stops"].as_array().unwrap().len()), (&far["classes"], 3));
    let coaches: Vec<_> = whole["coaches"].as_array().unwrap().iter().map(|coach| coach["seats"].clone()).collect();
    assert_eq!(coaches, [8, 30, 30]);
    let part = shop.look(&format!("{path}?from=LKA")).await.data();
    assert_eq!((&part["from"]["name"], &part["to"]["name"]), (&json!("林口"), &json!("山阳北")));
    let refused = shop.look(&format!("{path}?from=SYB&to=LKA")).await.refused(400, "validation_failed");
    assert_eq!(refused["details"][0]["field"], "to");
    let refused = shop.look(&format!("{path}?from=QTA&to=ZZZ")).await.refused(400, "validation_failed");
    assert_eq!(refused["details"].as_array().unwrap().len(), 2);
}

#[tokio::test]
pub(crate) async fn a_journey_with_a_change_is_suggested() {
    let shop = railway().await;
    open(&shop, opening(DAY, DAY)).await;
    let found = search(&shop, "HCA", "QTA", &format!("date={DAY}&transfers=1")).await;
    assert_eq!(trains(&found), ["D9"]);
    let journeys = found["transfers"].as_array().unwrap();
    assert_eq!(journeys.len(), 1, "{found}");
    let (first, second) = (&journeys[0]["first"], &journeys[0]["second"]);
    assert_eq!((&first["train"], &second["train"]), (&json!("G1"), &json!("K5")));
    assert_eq!((&journeys[0]["waitMinutes"], &journeys[0]["minutes"]), (&json!(30), &json!(300)));
    assert_eq!(class(second, "second")["price"], 13_800);
    let slower = search(&shop, "HCA", "QTA", &format!("date={DAY}&transfers=1&changeMinutes=31")).await;
    assert_eq!(slower["transfers"], json!([]));
    assert!(search(&shop, "HCA", "QTA", &format!("date={DAY}")).await.get("transfers").is_none());
}

#[tokio::test]
pub(crate) async fn opening_again_changes_nothing_that_is_open() {
    let shop = railway().await;
    let mut body = opening(DAY, DAY);
    body["trains"] = json!([{"numbers": ["G1", "K5"]}]);
    let key = [("idempotency-key", "the-day")];
    let ask = |body: Value| shop.call_with(&shop.admin, "POST", "/api/admin/rail/runs", &key, body);
    let first = ask(body.clone()).await.expect(202);
    assert_eq!(ask(body.clone()).await.expect(202)["id"], first["id"]);
    shop.drained().await;
    let again = ask(body.clone()).await.expect(202);
    assert_eq!(again["id"], first["id"]);
    shop.drained().await;

    let mut dearer = opening(DAY, DAY);
    dearer["templates"][0]["fares"][1]["bands"][0]["milliPerKm"] = 90_000.into();
    let opened = open(&shop, dearer).await;
    let counts = ["runs", "opened", "alreadyOpen"].map(|name| opened[name].as_u64().unwrap());
    assert_eq!(counts, [4, 2, 2], "{opened}");
    let found = search(&shop, "hc", "sy", &format!("date={DAY}")).await;
    let prices: Vec<_> =
        found["items"].as_array().unwrap().iter().map(|it| class(it, "second")["price"].clone()).collect();
    assert_eq!(prices, [18_400, 34_200], "the first is sold on the terms that it was opened on");

    for (pointer, value, field) in [
        ("/templates/0/coaches/0/class", json!("Upper"), "templates[0].coaches[0].class"),
        ("/templates/0/fares/1/class", json!("third"), "templates[0].fares"),
        ("/trains/0/template", json!("night"), "trains[0].template"),
        ("/to", json!("2026-01-09"), "to"),
        ("/to", json!("2026-04-10"), "to"),
        ("/timezone", json!("Mars/Base"), "timezone"),
        ("/trains/0/beginning", json!("X"), "trains"),
    ] {
        let mut odd = opening(DAY, DAY);
        odd["timezone"] = "Asia/Shanghai".into();
        odd["trains"][0]["beginning"] = "G".into();
        *odd.pointer_mut(pointer).unwrap() = value;
        let refused = shop.create(&shop.admin, "/api/admin/rail/runs", odd).await.refused(400, "validation_failed");
        assert_eq!(refused["details"][0]["field"], field, "{refused}");
    }
}

#[tokio::test]
pub(crate) async fn more_runs_than_one_part_makes_are_divided() {
    let shop = railway().await;
    let locals = (1..=20).map(|number| format!("L{number},海城,,{:02}:00\nL{number},林口,23:30,", number + 2));
    let trains = ["train,station,arrive,depart".to_owned()].into_iter().chain(locals).collect::<Vec<_>>().join("\n");
    import(&shop, json!({"trains": trains})).await.expect(200);
    let opened = open(&shop, opening("2026-01-09", DAY)).await;
    let counts = ["runs", "opened", "parts", "partsDone"].map(|name| opened[name].as_u64().unwrap());
    assert_eq!((&opened["status"], counts), (&json!("done"), [40, 40, 6, 6]), "{opened}");
    let found = search(&shop, "HCA", "LKA", &format!("date={DAY}&pageSize=5&page=2")).await;
    assert_eq!(
        (&found["total"], self::trains(&found)),
        (&json!(20), ["L6", "L7", "L8", "L9", "L10"].map(str::to_owned).to_vec())
    );
}

#[tokio::test]
pub(crate) async fn a_run_that_is_cancelled_is_found_no_more() {
    let shop = railway().await;
    open(&shop, opening(DAY, DAY)).await;
    let runs = shop.get(&shop.publisher, &format!("/api/admin/rail/runs?date={DAY}")).await.data();
    assert_eq!(trains(&runs), ["D9", "G1", "G3", "K5"]);
    let express = &runs["items"][1];
    assert_eq!((&express["status"], &express["classes"][1]["seats"]), (&json!("open"), &json!(60)));
    let path = format!("/api/admin/rail/runs/{}/cancel", text(express, "id"));
    shop.post(&shop.admin, &path, json!({"reason": "  "})).await.refused(400, "validation_failed");
    for reason in ["snow", "rain"] {
        let cancelled = shop.post(&shop.admin, &path, json!({"reason": reason})).await.data();
        assert_eq!((&cancelled["status"], &cancelled["reason"]), (&json!("cancelled"), &json!("snow")));
    }
    assert_eq!(trains(&search(&shop, "hc", "sy", &format!("date={DAY}")).await), ["G3"]);
    let shown = shop.look(&format!("/api/rail/runs/{}", text(express, "id"))).await.data();
    assert_eq!((&shown["status"], &shown["reason"]), (&json!("cancelled"), &json!("snow")));
    let listed = async |rest: &str| shop.get(&shop.admin, &format!("/api/admin/rail/runs?date={DAY}&{rest}")).await;
    assert_eq!(trains(&listed("status=cancelled").await.data()), ["G1"]);
    assert_eq!(trains(&listed("train=G").await.data()), ["G1", "G3"]);
    // Opened again it stays what it is.
    let opened = open(&shop, opening(DAY, DAY)).await;
    assert_eq!((&opened["opened"], &opened["alreadyOpen"]), (&json!(0), &json!(4)));
}

#[tokio::test]
pub(crate) async fn a_sale_begins_and_ends_when_the_terms_say() {
    let shop = railway().await;
    open(&shop, opening("2026-01-20", "2026-01-20")).await;
    let status = || async { text(&search(&shop, "HCA", "SYB", "date=2026-01-20").await["items"][0], "status") };
    assert_eq!(status().await, "upcoming", "fourteen days before, at eight in the morning there");
    let until = |text: &str| text.parse::<domain::Timestamp>().unwrap().as_second() - shop.now().as_second();
    shop.pass(until("2026-01-06T00:00:00Z") - 10).await;
    assert_eq!(status().await, "upcoming");
    shop.pass(10).await;
    assert_eq!(status().await, "onSale");
    let left = || async { search(&shop, "HCA", "LKA", "date=2026-01-20").await["items"][0].clone() };
    assert_eq!(class(&left().await, "second")["remaining"], 30);
    shop.pass(until("2026-01-19T23:00:00Z")).await;
    assert_eq!(class(&left().await, "second")["remaining"], 60, "nothing is kept any more");
    shop.pass(until("2026-01-19T23:50:00Z")).await;
    assert_eq!(status().await, "ended");
}

#[tokio::test]
pub(crate) async fn what_is_left_is_what_the_shards_count() {
    let shop = railway().await;
    open(&shop, opening(DAY, DAY)).await;
    let run = run_id("G1", DAY.parse().unwrap());
    let pool = class_pool(&shop.tenant, run, &"second".parse().unwrap());
    let rows = shop.store().inventory().all(pool).await.unwrap();
    assert_eq!(rows.iter().map(|(_, row)| u32::from(row.capacity())).sum::<u32>(), 60);
    // A seat of the first row is sold as far as Linkou, one of the last all the way.
    let last = hold(&shop, BlockAddress { pool, number: 11 }, 2, (0, 2)).await;
    hold(&shop, BlockAddress { pool, number: 0 }, 0, (0, 1)).await;
    shop.drained().await;
    // From Linkou to Shanyang it is 250 km: short, and half the rows are kept for the others.
    assert_eq!(left(&shop).await, [58, 29, 30]);

    let blind = Change::Release { examined: last.clone() };
    let released = shop.store().inventory().change(BlockAddress { pool, number: 11 }, Decided::blind(blind)).await;
    assert_eq!(released.unwrap(), Changed::Done);
    shop.drained().await;
    assert_eq!(left(&shop).await, [59, 29, 30]);
    // Opened again, nothing that is held goes.
    open(&shop, opening(DAY, DAY)).await;
    assert_eq!(left(&shop).await, [59, 29, 30]);
}

/// What is left of the second class of G1: all the way, as far as Linkou, and from there.
async fn left(shop: &Shop) -> Vec<u64> {
    let mut left = Vec::new();
    for (from, to) in [("HCA", "SYB"), ("HCA", "LKA"), ("LKA", "SYB")] {
        let found = search(shop, from, to, &format!("date={DAY}")).await;
        left.push(class(&found["items"][0], "second")["remaining"].as_u64().unwrap());
    }
    // All stretches at once say the same.
    let run = run_id("G1", DAY.parse().unwrap());
    let all = shop.look(&format!("/api/rail/runs/{run}/remaining")).await.data();
    assert_eq!(all["stops"], json!(["HCA", "LKA", "SYB"]), "{all}");
    assert_eq!(class(&all, "second")["remaining"], json!([[left[1], left[0]], [left[2]]]), "{all}");
    left
}

/// Holds a seat of a row of a run for a stretch, for an order that nobody writes.
async fn hold(shop: &Shop, address: BlockAddress, seat: u8, (from, to): (u16, u16)) -> Examined {
    let order = OrderId::from_bytes([seat + 1; 16]);
    let stretch = Stretch::new(from, to).unwrap();
    let entry = Entry {
        places: Places::new(vec![Place { seat, stretch }]).unwrap(),
        until: None,
        token: Token([seat + 1; 6]),
        instead_of: None,
    };
    let change = Change::Hold { order, entry: entry.clone(), evict: vec![] };
    let held = shop.store().inventory().change(address, Decided { change, revision: Some(0) }).await;
    assert_eq!(held.unwrap(), Changed::Done);
    Examined { order, entry }
}

#[tokio::test]
pub(crate) async fn one_railway_does_not_see_the_runs_of_another() {
    let shop = railway().await;
    open(&shop, opening(DAY, DAY)).await;
    let other = "other".parse().unwrap();
    establish(shop.app(), &other).await;
    let theirs: Person = person(shop.app(), &other, Role::Admin, "their-admin").await;
    let run = run_id("G1", DAY.parse().unwrap());
    let looks = async |path: String| shop.web.send("GET", &path, &[("x-tenant-id", "other")], "").await;
    assert_eq!(looks("/api/rail/stations?q=hc".into()).await.data(), json!([]));
    looks(format!("/api/rail/runs?from=HCA&to=SYB&date={DAY}")).await.refused(400, "validation_failed");
    looks(format!("/api/rail/runs/{run}")).await.refused(404, "not_found");
    looks(format!("/api/rail/runs/{run}/remaining")).await.refused(404, "not_found");
    let cancel = format!("/api/admin/rail/runs/{run}/cancel");
    shop.post(&theirs, &cancel, json!({"reason": "mine"})).await.refused(404, "not_found");
    // The same timetable there is theirs, under the same ids.
    shop.post(&theirs, "/api/admin/rail/import", json!({"stations": STATIONS, "trains": TRAINS})).await.expect(200);
    shop.clock.advance(3);
    assert_eq!(looks(format!("/api/rail/runs?from=HCA&to=SYB&date={DAY}")).await.data()["total"], 0);
    let runs = shop.get(&theirs, &format!("/api/admin/rail/runs?date={DAY}")).await.data();
    assert_eq!(runs["total"], 0);
}
