//! Venues and their seat maps, events that sell numbered seats, and what everybody sees of them.

use data_encoding::BASE64;
use domain::{
    block::Token,
    event::later,
    id::{Id as _, OrderId, SessionId},
    pool::BlockAddress,
    row::{Change, Entry, Examined},
    seat_state::{SeatState, SeatStates},
    venue::{SeatIndex, SeatName},
};
use serde_json::{Value, json};
use store::{Changed, Plan, Sells, keys};

use crate::shop::{PRICE, Shop, TO_SESSION, text, tickets};

/// A venue, and what makes its first map: two rows of ten in the stalls, of which the first is dearer, and one of six
/// upstairs.
pub(crate) async fn venue(shop: &Shop) -> String {
    let body = json!({"name": "Grand Hall", "city": "Shanghai", "address": "1 Example Road"});
    let made = shop.create(&shop.admin, "/api/admin/venues", body).await.expect(201);
    let venue = text(&made, "id");
    let rule = json!({"sections": [
        {"id": "stalls", "name": "Stalls", "category": "B", "rows": 2, "seats": 10, "aisles": [5],
         "bands": [{"upTo": 1, "category": "A"}]},
        {"id": "circle", "name": "Circle", "category": "B", "rows": 1, "seats": 6},
    ]});
    let made = shop.post(&shop.admin, &format!("/api/admin/venues/{venue}/map/generate"), rule).await.expect(200);
    assert_eq!((&made["version"], &made["seats"], &made["isNew"]), (&json!(1), &json!(26), &json!(true)));
    venue
}

/// An event that sells the seats of a venue by two options, and standing room without seats.
pub(crate) fn event(shop: &Shop, venue: &str) -> Value {
    let mut body = shop.event(&tickets(10));
    body["priceOptions"] = json!([
        {"name": "Front", "price": 2 * PRICE},
        {"name": "Rear", "price": PRICE},
        {"name": "Standing", "price": PRICE / 2, "totalCount": 30},
    ]);
    body["seating"] = json!({
        "venueId": venue,
        "prices": [{"category": "A", "priceOption": "Front"}, {"category": "B", "priceOption": "Rear"}],
        "holdBacks": [{"channel": "sponsor", "parts": ["circle/1/1", "circle/1/2"]}],
    });
    body
}

/// An event on sale, as its organisers see it.
pub(crate) async fn publish(shop: &Shop, body: Value) -> Value {
    let made = shop.create(&shop.publisher, "/api/admin/events", body).await.expect(201);
    let path = format!("/api/admin/events/{}", text(&made, "id"));
    shop.post(&shop.publisher, &format!("{path}/submit"), Value::Null).await.expect(200);
    let approved = shop.post(&shop.admin, &format!("{path}/approve"), Value::Null).await.expect(200);
    shop.drained().await;
    approved
}

fn seats_path(event: &Value) -> String {
    format!("/api/events/{}/sessions/{}/seats", text(event, "id"), text(&event["sessions"][0], "id"))
}

/// The states of a session, whatever the client has seen.
pub(crate) async fn states(shop: &Shop, event: &Value) -> (SeatStates, String) {
    let seen = shop.look(&seats_path(event)).await.expect(200);
    assert_eq!(seen["kind"], "whole");
    let states = SeatStates::decode(&BASE64.decode(text(&seen, "states").as_bytes()).unwrap()).unwrap();
    (states, text(&seen, "version"))
}

fn count(states: &SeatStates, wanted: SeatState) -> usize {
    (0..states.len()).filter(|seat| states.get(SeatIndex(*seat)) == Some(wanted)).count()
}

/// Holds a seat as an order would, or gives it back.
pub(crate) struct Holder<'s> {
    shop: &'s Shop,
    plan: std::sync::Arc<Plan>,
    session: SessionId,
}

impl Holder<'_> {
    pub(crate) async fn of<'s>(shop: &'s Shop, event: &Value) -> Holder<'s> {
        let stored = shop.store().catalogue().event(text(event, "id").parse().unwrap()).await.unwrap().unwrap();
        let plan = shop.store().plan_of(stored.seating.as_ref().unwrap()).await.unwrap();
        Holder { shop, plan, session: stored.sessions[0].id }
    }

    async fn change(&self, seat: &str, make: impl FnOnce(Examined) -> Change) -> Changed {
        let name: SeatName = seat.parse().unwrap();
        let index = self.plan.map().find(&name).unwrap();
        let address = self.plan.version().addresses().of(index).unwrap();
        let pool = keys::seat_pool(&self.shop.tenant, self.session, &name.section);
        let until = Some(later(self.shop.now(), 900));
        let entry = Entry { order: OrderId::from_bytes([9; 16]), until, token: Token([7; 6]) };
        let change = make(Examined { place: address.place, entry });
        let block = BlockAddress { pool, number: address.block };
        self.shop.store().inventory().change(block, change).await.unwrap()
    }

    pub(crate) async fn hold(&self, seat: &str) {
        let hold = |Examined { place, entry }: Examined| Change::Hold {
            places: [place].into_iter().collect(),
            entry,
            evict: Vec::new(),
        };
        assert_eq!(self.change(seat, hold).await, Changed::Done, "{seat}");
    }

    async fn release(&self, seat: &str) {
        let release = |examined| Change::Release { examined: vec![examined] };
        assert_eq!(self.change(seat, release).await, Changed::Done, "{seat}");
    }
}

/// The fields that a refusal names.
fn fields(refusal: &Value) -> Vec<String> {
    refusal["details"].as_array().unwrap().iter().map(|detail| text(detail, "field")).collect()
}

#[tokio::test]
pub(crate) async fn a_map_is_made_by_rule_by_hand_and_by_table() {
    let shop = Shop::open().await;
    let (admin, venue) = (&shop.admin, venue(&shop).await);
    let path = format!("/api/admin/venues/{venue}");
    let listed = shop.get(&shop.publisher, "/api/admin/venues").await.expect(200);
    assert_eq!((&listed["total"], &listed["items"][0]["mapVersion"]), (&json!(1), &json!(1)));
    let renamed = json!({"name": "Greater Hall", "city": "Shanghai", "address": ""});
    shop.call(admin, "PUT", &path, renamed.clone()).await.expect(200);
    assert_eq!(shop.get(&shop.publisher, &path).await.expect(200)["name"], "Greater Hall");
    shop.call(&shop.publisher, "PUT", &path, renamed).await.refused(403, "forbidden");

    // What is answered can be sent back, and is then no other map.
    shop.clock.advance(3);
    let public = format!("/api/venues/{venue}");
    let mut map = shop.look(&public).await.expect(200)["map"].take();
    assert_eq!((&map["version"], &map["sections"][0]["rows"][0]["aisles"]), (&json!(1), &json!(["5"])));
    let put = format!("{path}/map");
    let same = shop.call(admin, "PUT", &put, map.clone()).await.expect(200);
    assert_eq!((&same["version"], &same["isNew"]), (&json!(1), &json!(false)));
    map["sections"][1]["rows"][0]["seats"].as_array_mut().unwrap().remove(5);
    let mut only_looked = map.clone();
    only_looked["dryRun"] = json!(true);
    for (body, newest) in [(only_looked, 1), (map.clone(), 2)] {
        let made = shop.call(admin, "PUT", &put, body).await.expect(200);
        assert_eq!(
            (&made["version"], &made["isNew"], &made["removed"]),
            (&json!(2), &json!(true), &json!(["circle/1/6"]))
        );
        assert_eq!(shop.get(admin, &path).await.expect(200)["mapVersion"], newest);
    }
    let mut wrong = map.clone();
    wrong["sections"][0]["rows"][1]["seats"][4]["no"] = json!("5/6");
    wrong["sections"][1]["rows"][0]["seats"][1]["no"] = json!("1");
    wrong["sections"][1]["rows"][0]["name"] = json!(" ");
    let refused = shop.call(admin, "PUT", &put, wrong.clone()).await.refused(400, "validation_failed");
    assert_eq!(fields(&refused), ["sections[0].rows[1].seats[4].no", "sections[1].rows[0].name"]);
    wrong["sections"][0] = map["sections"][0].clone();
    wrong["sections"][1]["rows"][0]["name"] = json!("1");
    let refused = shop.call(admin, "PUT", &put, wrong).await.refused(400, "validation_failed");
    assert_eq!(fields(&refused), ["sections[1].rows[0].seats[1].no"]);

    let table = "section,row,seat,x,y,kind,category\npit,1,1,0,0,accessible,C\npit,1,2,55,0,,C\n";
    let import = format!("{path}/map/csv");
    let looked = shop.post(admin, &import, json!({"csv": table, "dryRun": true})).await.expect(200);
    assert_eq!((&looked["version"], &looked["removedCount"], &looked["seats"]), (&json!(3), &json!(25), &json!(2)));
    let bad = [table, "pit,1,2,110,0,,C\npit,1,3,x,0,throne,C\n"].concat();
    let refused = shop.post(admin, &import, json!({"csv": bad})).await.refused(400, "validation_failed");
    assert_eq!(fields(&refused), ["csv[4].seat", "csv[5].x", "csv[5].kind"]);
    assert_eq!(shop.get(admin, &path).await.expect(200)["mapVersion"], 2, "all or nothing");
    shop.post(admin, &import, json!({"csv": table})).await.expect(200);

    // Every version can still be read, by everybody of this tenant and nobody of another.
    shop.clock.advance(3);
    for (query, seats) in [("", 2), ("?version=1", 26), ("?version=2", 25), ("?version=3", 2)] {
        assert_eq!(shop.look(&format!("{public}{query}")).await.expect(200)["map"]["seats"], seats, "{query}");
        let svg = shop.look(&format!("{public}/map.svg{query}")).await;
        assert_eq!((svg.status, svg.header("content-type")), (200, "image/svg+xml"));
        assert_well_formed(&svg.body);
    }
    shop.look(&format!("{public}?version=4")).await.refused(404, "not_found");
    shop.web.send("GET", &public, &[("x-tenant-id", "other")], "").await.refused(404, "not_found");
}

#[tokio::test]
async fn the_largest_hall_goes_through_every_door() {
    let shop = Shop::open().await;
    let body = json!({"name": "Stadium", "city": "Shanghai"});
    let venue = text(&shop.create(&shop.admin, "/api/admin/venues", body).await.expect(201), "id");
    let rule = json!({"sections": [{"id": "bowl", "name": "Bowl", "rows": 200, "seats": 100, "curveRadius": 90_000}]});
    shop.post(&shop.admin, &format!("/api/admin/venues/{venue}/map/generate"), rule).await.expect(200);
    let mut map = shop.look(&format!("/api/venues/{venue}")).await.expect(200)["map"].take();
    assert_eq!(map["seats"], 20_000);
    map["sections"][0]["name"] = json!("Große Schüssel");
    let made = shop.call(&shop.admin, "PUT", &format!("/api/admin/venues/{venue}/map"), map).await.expect(200);
    assert_eq!((&made["version"], &made["seats"]), (&json!(2), &json!(20_000)));
}

#[tokio::test]
pub(crate) async fn an_event_sells_the_seats_of_a_map() {
    let shop = Shop::open().await;
    let venue = venue(&shop).await;
    let mut wrong = event(&shop, &venue);
    wrong["seating"]["prices"][0]["category"] = json!("Z");
    wrong["seating"]["prices"][1]["priceOption"] = json!("Nobody's");
    wrong["seating"]["holdBacks"][0]["parts"][1] = json!("circle/2");
    let refused = shop.create(&shop.publisher, "/api/admin/events", wrong).await.refused(400, "validation_failed");
    let named = ["seating.prices[0].category", "seating.prices[1].priceOption", "seating.holdBacks[0].parts[1]"];
    // Which options sell seats is not known then, so that no count is missed.
    assert_eq!(fields(&refused), named);
    let mut wrong = event(&shop, "ven_00000000000000000000000000");
    wrong["title"] = json!(" ");
    let refused = shop.create(&shop.publisher, "/api/admin/events", wrong).await.refused(400, "validation_failed");
    assert_eq!(fields(&refused), ["title", "seating.venueId"]);
    let mut wrong = event(&shop, &venue);
    wrong["seating"]["version"] = json!(2);
    wrong["priceOptions"][2].as_object_mut().unwrap().remove("totalCount");
    let refused = shop.create(&shop.publisher, "/api/admin/events", wrong).await.refused(400, "validation_failed");
    assert_eq!(fields(&refused), ["seating.version"]);
    let mut wrong = event(&shop, &venue);
    wrong["priceOptions"][2].as_object_mut().unwrap().remove("totalCount");
    let refused = shop.create(&shop.publisher, "/api/admin/events", wrong).await.refused(400, "validation_failed");
    assert_eq!(fields(&refused), ["priceOptions[2].totalCount"]);

    let approved = publish(&shop, event(&shop, &venue)).await;
    let totals: Vec<&Value> = approved["priceOptions"].as_array().unwrap().iter().map(|it| &it["totalCount"]).collect();
    assert_eq!(totals, [10, 16, 30]);
    assert_eq!(approved["seating"]["holdBacks"][0]["parts"], json!(["circle/1/1", "circle/1/2"]));
    // Two of the circle are withheld.
    let left: Vec<&Value> =
        approved["priceOptions"].as_array().unwrap().iter().map(|it| &it["remainingCount"]).collect();
    assert_eq!(left, [10, 14, 30]);
    assert_eq!(approved["seating"]["version"], 1);

    let seen = shop.look(&format!("/api/events/{}", text(&approved, "id"))).await.expect(200);
    assert_eq!(seen["seating"]["prices"], approved["seating"]["prices"]);
    assert!(seen["seating"].get("holdBacks").is_none(), "buyers are not told for whom seats are kept");
    whoever_shows_it_counts_seats(&shop, &approved).await;
    pools_are_opened_once(&shop, &approved).await;

    // A session that is added later has its rows, too.
    let path = format!("/api/admin/events/{}", text(&approved, "id"));
    let mut more = as_draft(&shop, &approved);
    let day_after = later(shop.now(), TO_SESSION + 86_400).to_string();
    more["sessions"].as_array_mut().unwrap().push(json!({"startsAt": day_after, "duration": 90}));
    let more = shop.call(&shop.publisher, "PUT", &path, more).await.expect(200);
    assert_eq!(more["priceOptions"][1]["remainingCount"], 28);
    let mut without = as_draft(&shop, &more);
    without["seating"] = Value::Null;
    without["priceOptions"][0]["totalCount"] = json!(5);
    without["priceOptions"][1]["totalCount"] = json!(5);
    shop.call(&shop.publisher, "PUT", &path, without).await.refused(409, "event_locked");
}

/// Whoever shows an event asks for its seats, not for stock.
async fn whoever_shows_it_counts_seats(shop: &Shop, event: &Value) {
    let (publisher, id) = (&shop.publisher, text(event, "id"));
    let holder = Holder::of(shop, event).await;
    holder.hold("stalls/2/3").await;
    let rear = |options: &Value| options[1]["remainingCount"].clone();
    for path in [
        format!("/api/admin/events/{id}"),
        "/api/admin/events".into(),
        "/api/events".into(),
        format!("/api/events/{id}"),
    ] {
        shop.pass(31).await;
        let shown = shop.get(publisher, &path).await.expect(200);
        let shown = if shown["items"].is_null() { &shown } else { &shown["items"][0] };
        assert_eq!(rear(&shown["priceOptions"]), 13, "{path}");
    }
    shop.pass(31).await;
    let stock = shop.look(&format!("/api/events/{id}/stock")).await.expect(200);
    let remaining: Vec<&Value> = stock.as_array().unwrap().iter().map(|row| &row["remaining"]).collect();
    assert_eq!(remaining, [10, 13, 30]);
    holder.release("stalls/2/3").await;
}

/// Options that sell seats have no stock of their own.
async fn pools_are_opened_once(shop: &Shop, event: &Value) {
    let tenant = shop.store();
    let stored = tenant.catalogue().event(text(event, "id").parse().unwrap()).await.unwrap().unwrap();
    let pools = tenant.pools_of(&stored).await.unwrap();
    let mut told = Vec::new();
    for pool in &pools {
        let there = tenant.inventory().all(pool.pool).await.unwrap();
        assert_eq!(there.len(), usize::from(pool.blocks), "{pool:?}");
        told.push(match &pool.sells {
            Sells::Tickets(option) => stored.option(*option).unwrap().name.clone(),
            Sells::Seats(section) => section.to_string(),
        });
    }
    assert_eq!(told, ["Standing", "circle", "stalls"]);
    let front = keys::stock_pool(&shop.tenant, stored.sessions[0].id, stored.options[0].id);
    assert_eq!(tenant.inventory().all(front).await.unwrap(), []);
}

/// An event as it was answered, ready to be sent back.
fn as_draft(shop: &Shop, event: &Value) -> Value {
    let mut draft = shop.event(&tickets(1));
    for field in ["sessions", "priceOptions", "seating"] {
        draft[field] = event[field].clone();
    }
    draft
}

#[tokio::test]
pub(crate) async fn clients_see_who_has_what_and_what_has_changed() {
    let shop = Shop::open().await;
    let venue = venue(&shop).await;
    let event = publish(&shop, event(&shop, &venue)).await;
    let path = seats_path(&event);
    let (before, first) = states(&shop, &event).await;
    assert_eq!((count(&before, SeatState::Free), count(&before, SeatState::Withheld)), (24, 2));
    assert_eq!(before.get(SeatIndex(20)), Some(SeatState::Withheld), "circle/1/1 is kept for the sponsor");

    // Nothing has changed: nothing is sent.
    let answer = shop.look(&path).await;
    let tag = answer.header("etag").to_owned();
    let known = [("x-tenant-id", "demo"), ("if-none-match", tag.as_str())];
    let again = shop.web.send("GET", &path, &known, "").await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let same = shop.look(&format!("{path}?since={first}")).await.expect(200);
    assert_eq!((&same["kind"], &same["states"], &same["version"]), (&json!("same"), &json!(""), &json!(first)));

    let holder = Holder::of(&shop, &event).await;
    holder.hold("stalls/1/4").await;
    let within_the_second = shop.web.send("GET", &path, &known, "").await;
    assert_eq!(within_the_second.status, 304, "no database is asked within a second");
    shop.clock.advance(1);
    assert_eq!(shop.web.send("GET", &path, &known, "").await.status, 200);
    let changed = shop.look(&format!("{path}?since={first}")).await.expect(200);
    let bytes = BASE64.decode(text(&changed, "states").as_bytes()).unwrap();
    let now = match text(&changed, "kind").as_str() {
        "delta" => {
            let mut now = before.clone();
            now.apply(&bytes).unwrap();
            now
        }
        kind => panic!("{kind}"),
    };
    assert_eq!(now.get(SeatIndex(3)), Some(SeatState::Held));
    assert_eq!((now, changed["version"].clone()), {
        let (now, version) = states(&shop, &event).await;
        (now, json!(version))
    });
    let unknown = shop.look(&format!("{path}?since=0123456789abcdef")).await.expect(200);
    assert_eq!(unknown["kind"], "whole");
    let refused = shop.look(&format!("{path}?since=yesterday")).await.refused(400, "validation_failed");
    assert_eq!(fields(&refused), ["since"]);

    shop.clock.advance(1);
    let svg = shop.look(&format!("{path}.svg")).await;
    assert_eq!((svg.status, svg.header("content-type")), (200, "image/svg+xml"));
    assert_well_formed(&svg.body);
    holder.release("stalls/1/4").await;
    shop.clock.advance(1);
    let (after, version) = states(&shop, &event).await;
    assert_eq!((after, version), (before, first), "the same states have the same version");

    let other = format!("/api/events/{}/sessions/ses_00000000000000000000000000/seats", text(&event, "id"));
    shop.look(&other).await.refused(404, "not_found");
    let standing = shop.publish(tickets(5)).await;
    let no_seats = format!("/api/events/{}/sessions/{}/seats", standing.event, standing.session);
    shop.look(&no_seats).await.refused(404, "not_found");
    shop.look(&format!("{no_seats}.svg")).await.refused(404, "not_found");
}

/// The first map without the seats of these places in the stalls' first row, and with one row more upstairs.
async fn newer_map(shop: &Shop, venue: &str, gone: &[&str]) -> u64 {
    let mut map = shop.look(&format!("/api/venues/{venue}?version=1")).await.expect(200)["map"].take();
    // Behind one of them there is an aisle: where aisles are now, the coordinates tell.
    map["sections"][0]["rows"][0].as_object_mut().unwrap().remove("aisles");
    let row = map["sections"][0]["rows"][0]["seats"].as_array_mut().unwrap();
    row.retain(|seat| !gone.contains(&seat["no"].as_str().unwrap()));
    let rows = map["sections"][1]["rows"].as_array_mut().unwrap();
    let mut second = rows[0].clone();
    second["name"] = json!("2");
    second["seats"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .for_each(|seat| seat["y"] = json!(seat["y"].as_i64().unwrap() + 95));
    rows.push(second);
    let path = format!("/api/admin/venues/{venue}/map");
    shop.call(&shop.admin, "PUT", &path, map).await.expect(200)["version"].as_u64().unwrap()
}

#[tokio::test]
pub(crate) async fn an_event_moves_to_a_newer_map_unless_somebody_would_lose_a_seat() {
    let shop = Shop::open().await;
    let venue = venue(&shop).await;
    let event = publish(&shop, event(&shop, &venue)).await;
    let holder = Holder::of(&shop, &event).await;
    let path = format!("/api/admin/events/{}/seating", text(&event, "id"));
    let second = newer_map(&shop, &venue, &["4", "5"]).await;
    let mut seating = event["seating"].clone();
    seating["version"] = json!(second);

    holder.hold("stalls/1/4").await;
    let refused = shop.call(&shop.publisher, "PUT", &path, seating.clone()).await.refused(409, "seats_in_use");
    let session = text(&event["sessions"][0], "id");
    assert_eq!(refused["seats"], json!([{"sessionId": session, "seat": "stalls/1/4"}]));
    shop.clock.advance(1);
    let (states_then, _) = states(&shop, &event).await;
    assert_eq!((states_then.map(), count(&states_then, SeatState::Free)), (1, 23), "nothing is closed");

    holder.release("stalls/1/4").await;
    let moved = shop.call(&shop.publisher, "PUT", &path, seating.clone()).await.expect(200);
    let totals: Vec<&Value> = moved["priceOptions"].as_array().unwrap().iter().map(|it| &it["totalCount"]).collect();
    assert_eq!((&moved["seating"]["version"], totals), (&json!(2), vec![&json!(8), &json!(22), &json!(30)]));
    shop.clock.advance(3);
    let (now, _) = states(&shop, &event).await;
    assert_eq!((now.map(), now.len(), count(&now, SeatState::Free)), (2, 30, 28));
    // Who still has the older map cannot sell what is gone.
    let hold = |Examined { place, entry }: Examined| Change::Hold {
        places: [place].into_iter().collect(),
        entry,
        evict: Vec::new(),
    };
    assert!(matches!(holder.change("stalls/1/5", hold).await, Changed::Refused { .. }));

    seating["version"] = json!(1);
    let refused = shop.call(&shop.publisher, "PUT", &path, seating.clone()).await.refused(400, "validation_failed");
    assert_eq!(fields(&refused), ["version"]);
    seating["version"] = json!(2);
    seating["holdBacks"] = json!([]);
    seating["orphanRule"] = json!("off");
    shop.call(&shop.publisher, "PUT", &path, seating.clone()).await.expect(200);
    shop.clock.advance(3);
    assert_eq!(count(&states(&shop, &event).await.0, SeatState::Withheld), 0, "hold-backs may change at any time");
    seating["prices"] = json!([{"category": "A", "priceOption": "Rear"}, {"category": "B", "priceOption": "Rear"}]);
    shop.call(&shop.publisher, "PUT", &path, seating).await.refused(409, "event_locked");
}

#[tokio::test]
async fn a_move_that_died_half_way_is_finished_or_undone() {
    let shop = Shop::open().await;
    let venue = venue(&shop).await;
    let event = publish(&shop, event(&shop, &venue)).await;
    let holder = Holder::of(&shop, &event).await;
    let path = format!("/api/admin/events/{}/seating", text(&event, "id"));
    let close = |Examined { place, .. }: Examined| Change::Close { places: [place].into_iter().collect() };
    // As if somebody had begun to move to a map without these two.
    for seat in ["stalls/1/4", "stalls/1/7"] {
        assert_eq!(holder.change(seat, close).await, Changed::Done);
    }
    let seating = event["seating"].clone();
    shop.call(&shop.publisher, "PUT", &path, seating.clone()).await.expect(200);
    shop.clock.advance(3);
    assert_eq!(count(&states(&shop, &event).await.0, SeatState::Free), 24, "undone");

    assert_eq!(holder.change("stalls/1/4", close).await, Changed::Done);
    assert_eq!(holder.change("stalls/1/7", close).await, Changed::Done);
    let mut newer = seating;
    newer["version"] = json!(newer_map(&shop, &venue, &["4", "5"]).await);
    shop.call(&shop.publisher, "PUT", &path, newer).await.expect(200);
    shop.clock.advance(3);
    let (now, _) = states(&shop, &event).await;
    assert_eq!(
        (now.len(), count(&now, SeatState::Free)),
        (30, 28),
        "what was closed is closed, and what was too many is open"
    );
}

/// Reads the text as XML: every element ends where it must, and nothing stands behind the last.
fn assert_well_formed(text: &[u8]) {
    let mut reader = quick_xml::Reader::from_reader(text);
    reader.config_mut().check_end_names = true;
    let (mut depth, mut elements) = (0_i32, 0);
    loop {
        use quick_xml::events::Event;
        match reader.read_event().unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(text))) {
            Event::Start(element) => {
                assert!(element.attributes().all(|attribute| attribute.is_ok()));
                (depth, elements) = (depth + 1, elements + 1);
            }
            Event::Empty(element) => {
                assert!(element.attributes().all(|attribute| attribute.is_ok()));
                elements += 1;
            }
            Event::End(_) => depth -= 1,
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(depth == 0 && elements > 3, "{elements} elements, {depth} left open");
}
