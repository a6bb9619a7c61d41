//! What a flow is about, and how good clients behave in it: whoever is told that something failed asks again with the same
//! key.

use std::{fmt::Write as _, sync::Arc};

use serde_json::{Value, json};

use super::{
    fault::Saboteur,
    flow::Cast,
    wares::{date_of, hall_of},
};
use crate::{
    audit::pool,
    client::Answer,
    rail::{class, search},
    sale::HOLD,
    shop::{Offer, Person, Shop, Wares, fresh_key, text},
    waitlist,
};

/// Seconds after which a repeat of an order may begin anew.
const ANEW: i64 = 16;
/// Seconds after which everybody knows what was counted.
const COUNTED: i64 = 3;
/// What is no final answer while an attempt that died still holds something.
const PASSING: [&str; 5] = ["sold_out", "too_few_left", "seat_taken", "passenger_elsewhere", "busy"];
/// How often a client asks again.
const PATIENCE: usize = 6;

/// What a flow is about: what stood before it, and what came of it.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) offer: Offer,
    pub(super) buyer: Person,
    pub(super) saboteur: Arc<Saboteur>,
    /// The order; empty where the flow places it.
    pub(super) order: String,
    /// The payment; of who waits, the request.
    pub(super) payment: String,
    /// The order that was ticketed before.
    pub(super) sale: Value,
    /// The venue whose map is made.
    pub(super) venue: String,
    /// How the event's seats are to be sold.
    pub(super) seating: Value,
    pub(super) key: String,
    /// Who is quicker, or has what the buyer waits for.
    pub(super) rival: Person,
}

impl Scene {
    /// Nothing has happened.
    pub(super) fn of(cast: &Cast, saboteur: &Arc<Saboteur>) -> Self {
        let Cast { offer, buyer, rival, .. } = cast.clone();
        Self {
            offer,
            buyer,
            saboteur: Arc::clone(saboteur),
            order: String::new(),
            payment: String::new(),
            sale: Value::Null,
            venue: String::new(),
            seating: Value::Null,
            key: fresh_key(),
            rival,
        }
    }

    /// Asks until it is answered with success or a refusal that is final.
    pub(super) async fn insist(&self, shop: &Shop, who: &Person, method: &str, path: &str, body: Value) -> Answer {
        let key = [("idempotency-key", self.key.as_str())];
        let mut said = String::new();
        for patience in (0..PATIENCE).rev() {
            let answer = shop.call_with(who, method, path, &key, body.clone()).await;
            let is_busy = answer.error() == "busy";
            if (answer.status < 500 && answer.status != 429 && !is_busy) || (is_busy && patience == 0) {
                return answer;
            }
            writeln!(said, "  {answer}").unwrap();
            shop.clock.advance(1);
        }
        panic!("nobody is more patient:\n{said}")
    }

    pub(super) async fn buy(&mut self, shop: &Shop, quantity: u8) {
        let (buyer, body) = (self.buyer.clone(), self.offer.order(quantity));
        self.place(shop, &buyer, "/api/orders", body).await;
    }

    /// Places an order, and asks again with the same key until it is written.
    pub(super) async fn place(&mut self, shop: &Shop, who: &Person, path: &str, body: Value) {
        for _ in 0..PATIENCE {
            let placed = self.insist(shop, who, "POST", path, body.clone()).await;
            if PASSING.contains(&placed.error().as_str()) {
                // What an attempt that died held comes back when its time is over, and not before. What any other held is
                // free at once, and known to be free when it has been counted.
                shop.pass(if self.saboteur.has_killed() { HOLD } else { COUNTED }).await;
                continue;
            }
            self.order = text(&placed.data(), "id");
            shop.drained().await;
            if self.is_written(shop).await {
                return;
            }
            shop.pass(ANEW).await;
        }
        panic!("no order was written: {}", self.order)
    }

    async fn is_written(&self, shop: &Shop) -> bool {
        shop.store().orders().load(self.order.parse().unwrap()).await.unwrap().is_some()
    }

    /// The order stands, and it is the only one; a repeat of the request is told of it.
    pub(super) async fn check_held(&self, shop: &Shop, quantity: u8) {
        let listed = shop.get(&self.buyer, "/api/orders").await.data();
        let mut listed = listed["items"].as_array().unwrap().clone();
        listed.retain(|order| match &self.offer.wares {
            Wares::Rides { run, .. } => order["runId"] == run.as_str(),
            Wares::Tickets | Wares::Seats(_) => order["sessionId"] == self.offer.session.as_str(),
        });
        assert_eq!(listed.len(), 1, "one order for one key: {listed:?}");
        assert_eq!((&listed[0]["id"], &listed[0]["status"]), (&json!(self.order), &json!("pending")));
        let again = self.insist(shop, &self.buyer, "POST", "/api/orders", self.offer.order(quantity)).await.data();
        assert_eq!(again["id"], self.order.as_str());
        let other = if quantity == 10 { 10 } else { 0 };
        let (_, sold, held) = pool(shop, &self.offer).await;
        assert!((sold, held) == (0, u32::from(quantity) + other) || sold == 0 && held >= u32::from(quantity), "{held}");
    }

    /// Asks for a place in line, and once more with the same key.
    pub(super) async fn join(&mut self, shop: &Shop) {
        let body = waitlist::wish(&[&self.offer], 2);
        let asked = self.insist(shop, &self.buyer, "POST", "/api/waitlist", body.clone()).await.expect(202);
        self.order = text(&asked, "id");
        let again = self.insist(shop, &self.buyer, "POST", "/api/waitlist", body).await.expect(202);
        assert_eq!(again["id"], asked["id"], "the same key, the same request");
        shop.drained().await;
    }

    /// Has whoever placed the order cancel it.
    pub(super) async fn cancel(&self, shop: &Shop, who: &Person) {
        let path = format!("/api/orders/{}/cancel", self.order);
        self.insist(shop, who, "PUT", &path, Value::Null).await.expect(200);
        shop.drained().await;
    }

    /// Gives the place in line up.
    pub(super) async fn leave(&self, shop: &Shop) {
        let path = format!("/api/waitlist/{}/cancel", self.payment);
        self.insist(shop, &self.buyer, "PUT", &path, Value::Null).await.expect(200);
        shop.drained().await;
    }

    /// Replaces the timetable.
    pub(super) async fn import(&self, shop: &Shop, timetable: Value) {
        self.insist(shop, &shop.admin, "POST", "/api/admin/rail/import", timetable).await.expect(200);
    }

    /// Opens runs; the opening is what the scene is about then.
    pub(super) async fn open(&mut self, shop: &Shop, asked: Value) {
        let opening = self.insist(shop, &shop.admin, "POST", "/api/admin/rail/runs", asked).await.expect(202);
        self.order = text(&opening, "id");
        shop.drained().await;
    }

    /// Says that the run does not run.
    pub(super) async fn cancel_run(&self, shop: &Shop) {
        let path = format!("/api/admin/rail/runs/{}/cancel", text(&self.sale, "runId"));
        self.insist(shop, &shop.admin, "POST", &path, json!({"reason": "Snow"})).await.expect(200);
        shop.drained().await;
    }

    /// Everybody is told so, whoever has a ticket has it, and nobody buys another.
    pub(super) async fn check_cancelled(&self, shop: &Shop) {
        let run = shop.look(&format!("/api/rail/runs/{}", text(&self.sale, "runId"))).await.expect(200);
        assert_eq!((&run["status"], &run["reason"]), (&json!("cancelled"), &json!("Snow")), "{run}");
        shop.until(&self.buyer, &self.order, "ticketed").await;
        assert_eq!(pool(shop, &self.offer).await, (2, 2, 0));
        shop.create(&self.rival, "/api/orders", self.offer.order(1)).await.refused(409, "not_on_sale");
    }

    /// Makes a map with a row more the venue's newest.
    pub(super) async fn make_map(&self, shop: &Shop) {
        let path = format!("/api/admin/venues/{}/map/generate", self.venue);
        self.insist(shop, &shop.admin, "POST", &path, hall_of(3)).await.expect(200);
    }

    /// It is the second, whole, and nobody makes it once more.
    pub(super) async fn check_made(&self, shop: &Shop) {
        for version in ["", "?version=2"] {
            let venue = shop.look(&format!("/api/venues/{}{version}", self.venue)).await.expect(200);
            let rows = venue["map"]["sections"][0]["rows"].as_array().map(Vec::len);
            assert_eq!((&venue["mapVersion"], rows), (&json!(2), Some(3)), "{venue}");
        }
        let path = format!("/api/admin/venues/{}/map/generate", self.venue);
        let again = shop.post(&shop.admin, &path, hall_of(3)).await.expect(200);
        assert_eq!((&again["version"], &again["isNew"]), (&json!(2), &json!(false)), "{again}");
    }

    /// Has the event sell the seats of the newer map.
    pub(super) async fn change_map(&self, shop: &Shop) {
        let path = format!("/api/admin/events/{}/seating", self.offer.event);
        self.insist(shop, &shop.admin, "PUT", &path, self.seating.clone()).await.expect(200);
        shop.drained().await;
    }

    /// It sells what that map has: three seats beside the two that were sold.
    pub(super) async fn check_changed(&self, shop: &Shop) {
        let event = shop.look(&format!("/api/events/{}", self.offer.event)).await.expect(200);
        assert_eq!(event["seating"]["version"], self.seating["version"], "{event}");
        shop.until(&self.buyer, &self.order, "ticketed").await;
        assert_eq!(pool(shop, &self.offer).await, (3, 2, 0));
    }

    /// The opening is done: two trains are on sale, with all their seats.
    pub(super) async fn check_opened(&self, shop: &Shop) {
        let opening = format!("/api/admin/rail/openings/{}", self.order);
        let opened = shop.get(&shop.admin, &opening).await.expect(200);
        assert_eq!((&opened["status"], &opened["runs"]), (&json!("done"), &json!(2)), "{opened}");
        for (train, (from, to)) in [("G1", ("HCA", "LKA")), ("G3", ("HCB", "SYA"))] {
            let found = search(shop, from, to, &format!("date={}", date_of(&self.offer))).await;
            let offer = &found["items"][0];
            assert_eq!((&offer["train"], &offer["status"]), (&json!(train), &json!("onSale")), "{found}");
            let left = ["first", "second"].map(|name| class(offer, name)["remaining"].clone());
            assert_eq!(left, [4, 4], "{found}");
        }
    }

    /// Somebody's request is in line, and it is their only one for what is sold here. Its id.
    pub(super) async fn in_line(&self, shop: &Shop, who: &Person) -> Value {
        let listed = shop.get(who, "/api/waitlist").await.data();
        let is_here = |request: &&Value| request["alternatives"][0]["sessionId"] == self.offer.session.as_str();
        let listed: Vec<&Value> = listed["items"].as_array().unwrap().iter().filter(is_here).collect();
        assert_eq!(listed.len(), 1, "one request for one key: {listed:?}");
        assert_eq!(listed[0]["status"], "waiting", "{listed:?}");
        listed[0]["id"].clone()
    }

    pub(super) async fn begin(&mut self, shop: &Shop) {
        let body = json!({"orderId": self.order});
        let begun = self.insist(shop, &self.buyer, "POST", "/api/payments/sandbox", body.clone()).await.data();
        self.payment = text(&begun, "paymentId");
        let again = self.insist(shop, &self.buyer, "POST", "/api/payments/sandbox", body).await.data();
        assert_eq!(again["paymentId"], begun["paymentId"], "the same key, the same payment");
        shop.drained().await;
    }

    pub(super) async fn pay(&self, shop: &Shop, how: Value) {
        let path = format!("/api/payments/sandbox/{}/complete", self.payment);
        self.insist(shop, &self.buyer, "POST", &path, how).await.expect(200);
        shop.drained().await;
    }

    pub(super) async fn ask_back(&self, shop: &Shop, ticket: Option<Value>) {
        let mut body = json!({"orderId": self.order, "reason": "I am ill."});
        if let Some(ticket) = ticket {
            body["ticketIds"] = json!([ticket]);
        }
        let path = "/api/payments/refund";
        let asked = self.insist(shop, &self.buyer, "POST", path, body.clone()).await.expect(202);
        let again = self.insist(shop, &self.buyer, "POST", path, body).await.expect(202);
        assert_eq!(again["id"], asked["id"], "the same key, the same refund");
    }

    pub(super) async fn refund(&self, shop: &Shop, ticket: Option<Value>) {
        self.ask_back(shop, ticket).await;
        let path = format!("/api/admin/orders/{}/refund", self.order);
        self.insist(shop, &shop.admin, "PUT", &path, json!({"approve": true})).await.expect(200);
        shop.drained().await;
    }

    pub(super) async fn scan(&self, shop: &Shop, nonce: &str) {
        let body = json!({"code": self.sale["tickets"][0]["qrCode"], "gate": "north", "nonce": nonce});
        let scanned = self.insist(shop, &shop.staff, "POST", "/api/door/check-in", body).await.expect(200);
        assert_eq!(scanned["result"], "admitted");
    }

    /// The scan's own repeat is admitted, another is not; one was counted.
    pub(super) async fn check_admitted(&self, shop: &Shop) {
        self.scan(shop, "a").await;
        let code = text(&self.sale["tickets"][0], "qrCode");
        shop.scan(&code, "b").await.refused(409, "already_used");
        shop.pass(60).await;
        let path = format!("/api/door/sessions/{}/counts?eventId={}", self.offer.session, self.offer.event);
        let counts = shop.get(&shop.staff, &path).await.data();
        assert_eq!(counts["admitted"], 1, "{counts}");
    }
}
