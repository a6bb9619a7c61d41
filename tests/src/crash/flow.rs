//! What a buyer, an organiser and the door do, each with what must have come of it whatever went wrong in between.
//!
//! Only the middle of a flow is disturbed. Clients do what good clients do: whoever is told that something failed asks again
//! with the same key, and whoever was told of success is owed it.

use std::{fmt::Write as _, sync::Arc};

use serde_json::{Value, json};

use super::fault::Saboteur;
use crate::{
    audit::pool,
    client::Answer,
    sale::HOLD,
    shop::{Draft, Offer, PRICE, Person, START, Shop, fresh_key, text, tickets},
    waitlist,
};

/// Twice the hold: what a payment that was begun stretches it to at most.
const STRETCHED: i64 = 2 * HOLD;
/// Seconds after which a repeat of an order may begin anew.
const ANEW: i64 = 16;
/// Seconds after which everybody knows what was counted.
const COUNTED: i64 = 3;
/// How often a client asks again.
const PATIENCE: usize = 6;
/// A webhook that is not sent before everything is over, in milliseconds.
const LOST: u64 = 604_800_000;

/// One way through the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Buy,
    BuyAcrossBlocks,
    BuyOverdue,
    CreateLate,
    Pay,
    PayLate,
    PayTooLate,
    PayTwice,
    PayUnheard,
    IssueTickets,
    Expire,
    Cancel,
    Refund,
    RefundPart,
    RefundAutomatic,
    CheckIn,
    ServeWaiting,
    LeaveWaiting,
}

/// What cases find: all of a batch the same people, and each its own session of one event.
#[derive(Clone, Debug)]
pub(super) struct Cast {
    pub(super) offer: Offer,
    /// Seconds from the start of the program until the doors of the session open.
    pub(super) doors: i64,
    pub(super) buyer: Person,
    /// Who is quicker.
    pub(super) rival: Person,
}

/// What a flow is about: what stood before it, and what came of it.
#[derive(Debug)]
pub(super) struct Scene {
    offer: Offer,
    buyer: Person,
    saboteur: Arc<Saboteur>,
    /// The order; empty where the flow places it.
    order: String,
    /// The payment; of who waits, the request.
    payment: String,
    sale: Value,
    key: String,
    /// Who has what the buyer waits for.
    rival: Option<Person>,
}

impl Flow {
    pub(super) const ALL: [Self; 18] = [
        Self::Buy,
        Self::BuyAcrossBlocks,
        Self::BuyOverdue,
        Self::CreateLate,
        Self::Pay,
        Self::PayLate,
        Self::PayTooLate,
        Self::PayTwice,
        Self::PayUnheard,
        Self::IssueTickets,
        Self::Expire,
        Self::Cancel,
        Self::Refund,
        Self::RefundPart,
        Self::RefundAutomatic,
        Self::CheckIn,
        Self::ServeWaiting,
        Self::LeaveWaiting,
    ];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::BuyAcrossBlocks => "buy-across-blocks",
            Self::BuyOverdue => "buy-overdue",
            Self::CreateLate => "create-late",
            Self::Pay => "pay",
            Self::PayLate => "pay-late",
            Self::PayTooLate => "pay-too-late",
            Self::PayTwice => "pay-twice",
            Self::PayUnheard => "pay-unheard",
            Self::IssueTickets => "issue-tickets",
            Self::Expire => "expire",
            Self::Cancel => "cancel",
            Self::Refund => "refund",
            Self::RefundPart => "refund-part",
            Self::RefundAutomatic => "refund-automatic",
            Self::CheckIn => "check-in",
            Self::ServeWaiting => "serve-waiting",
            Self::LeaveWaiting => "leave-waiting",
        }
    }

    /// What happens, in a few words.
    pub(super) const fn summary(self) -> &'static str {
        match self {
            Self::Buy => "hold two tickets of one block; the order is written",
            Self::BuyAcrossBlocks => "hold ten tickets that no block has alone",
            Self::BuyOverdue => "hold what an order past its time still holds",
            Self::CreateLate => "the order is written only when its hold has ended",
            Self::Pay => "begin a payment, pay, be told; tickets are issued",
            Self::PayLate => "pay when the hold has ended; the order is revived",
            Self::PayTooLate => "pay when the tickets are sold to others; the money goes back",
            Self::PayTwice => "be charged twice; the second charge goes back",
            Self::PayUnheard => "pay in the last minutes, and the webhook is lost; whoever closes the payment finds it",
            Self::IssueTickets => "the tickets of a paid order of two alone",
            Self::Expire => "a hold ends with a payment begun; the stock comes back",
            Self::Cancel => "cancel with a payment begun; the stock comes back",
            Self::Refund => "ask for a refund of all, and approve it",
            Self::RefundPart => "ask for a refund of one ticket of three, and approve it",
            Self::RefundAutomatic => "ask for a refund under an automatic policy",
            Self::CheckIn => "a ticket is scanned; its scan is repeated, and another comes",
            Self::ServeWaiting => "tickets come back; who waits for them has the order, once",
            Self::LeaveWaiting => "leave the line; the money goes back",
        }
    }

    /// Whose calls are numbered; everybody's, where nobody is named.
    pub(super) const fn only(self) -> &'static [&'static str] {
        match self {
            Self::IssueTickets => &["forward-orders", "issue-tickets"],
            _ => &[],
        }
    }

    /// What is sold in the flow.
    pub(super) fn draft(self) -> Draft {
        match self {
            Self::BuyAcrossBlocks => tickets(20),
            Self::RefundPart => Draft { price: 1_001, ..tickets(4) },
            Self::RefundAutomatic => Draft { refunds: "automatic", ..tickets(4) },
            Self::BuyOverdue | Self::PayTooLate => tickets(2),
            _ => tickets(4),
        }
    }

    /// Makes what the flow begins with.
    pub(super) async fn prepare(self, shop: &Shop, cast: &Cast, saboteur: &Arc<Saboteur>) -> Scene {
        let Cast { offer, buyer, rival, .. } = cast.clone();
        let (order, payment, key) = (String::new(), String::new(), fresh_key());
        let saboteur = Arc::clone(saboteur);
        let mut scene = Scene { offer, buyer, saboteur, order, payment, sale: Value::Null, key, rival: None };
        match self {
            Self::Buy => {}
            Self::BuyAcrossBlocks => drop(shop.hold(&rival, &scene.offer, 10).await),
            Self::BuyOverdue => {
                shop.hold(&rival, &scene.offer, 2).await;
                shop.clock.advance(HOLD);
            }
            Self::CreateLate => {
                scene.order = shop.buy(&scene.buyer, &scene.offer, 2).await;
                shop.clock.advance(HOLD);
            }
            Self::Pay | Self::PayTwice | Self::IssueTickets => {
                scene.order = shop.hold(&scene.buyer, &scene.offer, 2).await;
            }
            Self::Expire | Self::Cancel | Self::PayLate | Self::PayTooLate | Self::PayUnheard => {
                scene.order = shop.hold(&scene.buyer, &scene.offer, 2).await;
                scene.payment = shop.begin(&scene.buyer, &scene.order).await;
                shop.drained().await;
            }
            Self::Refund | Self::RefundAutomatic => scene.sale = shop.sale(&scene.buyer, &scene.offer, 2).await,
            Self::RefundPart => scene.sale = shop.sale(&scene.buyer, &scene.offer, 3).await,
            Self::ServeWaiting | Self::LeaveWaiting => {
                scene.order = shop.hold(&rival, &scene.offer, 4).await;
                scene.payment = waitlist::in_line(shop, &scene.buyer, &[&scene.offer], 2).await;
                scene.rival = Some(rival.clone());
            }
            Self::CheckIn => {
                scene.sale = shop.sale(&scene.buyer, &scene.offer, 1).await;
                shop.pass(START + cast.doors - shop.now().as_second()).await;
            }
        }
        if matches!(self, Self::PayLate | Self::PayTooLate) {
            shop.pass(STRETCHED).await;
        }
        if self == Self::PayTooLate {
            shop.sale(&rival, &scene.offer, 2).await;
            shop.left(&scene.offer).await;
        }
        if !scene.sale.is_null() {
            scene.order = text(&scene.sale, "id");
        }
        scene
    }

    /// What is disturbed.
    pub(super) async fn act(self, shop: &Shop, scene: &mut Scene) {
        match self {
            Self::Buy | Self::BuyOverdue => scene.buy(shop, 2).await,
            Self::BuyAcrossBlocks => scene.buy(shop, 10).await,
            Self::CreateLate => shop.drained().await,
            Self::Pay | Self::IssueTickets => {
                scene.begin(shop).await;
                scene.pay(shop, json!({"outcome": "paid"})).await;
            }
            Self::PayTwice => {
                scene.begin(shop).await;
                scene.pay(shop, json!({"outcome": "paid", "captures": 2, "times": 2})).await;
            }
            Self::PayLate | Self::PayTooLate => scene.pay(shop, json!({"outcome": "paid"})).await,
            Self::PayUnheard => {
                shop.pass(HOLD - 120).await;
                scene.pay(shop, json!({"outcome": "paid", "delayMs": LOST})).await;
                for seconds in [120, 600, 3_600] {
                    shop.pass(seconds).await;
                }
            }
            Self::Expire => shop.pass(STRETCHED).await,
            Self::Cancel => {
                let path = format!("/api/orders/{}/cancel", scene.order);
                scene.insist(shop, &scene.buyer, "PUT", &path, Value::Null).await.expect(200);
                shop.drained().await;
            }
            Self::ServeWaiting => {
                let (rival, path) = (scene.rival.clone().unwrap(), format!("/api/orders/{}/cancel", scene.order));
                scene.insist(shop, &rival, "PUT", &path, Value::Null).await.expect(200);
                shop.drained().await;
            }
            Self::LeaveWaiting => {
                let path = format!("/api/waitlist/{}/cancel", scene.payment);
                scene.insist(shop, &scene.buyer, "PUT", &path, Value::Null).await.expect(200);
                shop.drained().await;
            }
            Self::Refund => scene.refund(shop, None).await,
            Self::RefundPart => scene.refund(shop, Some(scene.sale["tickets"][1]["id"].clone())).await,
            Self::RefundAutomatic => {
                scene.ask_back(shop, None).await;
                shop.drained().await;
            }
            Self::CheckIn => {
                scene.scan(shop, "a").await;
                shop.drained().await;
            }
        }
    }

    /// What must have come of it, before time passes.
    pub(super) async fn check(self, shop: &Shop, scene: &Scene) {
        let (who, order) = (&scene.buyer, scene.order.as_str());
        match self {
            Self::Buy | Self::BuyOverdue => scene.check_held(shop, 2).await,
            Self::BuyAcrossBlocks => scene.check_held(shop, 10).await,
            Self::CreateLate | Self::Expire | Self::PayTooLate => drop(shop.until(who, order, "expired").await),
            Self::Pay | Self::PayTwice | Self::PayLate | Self::PayUnheard | Self::IssueTickets => {
                let seen = shop.until(who, order, "ticketed").await;
                assert_eq!(seen["tickets"].as_array().map(Vec::len), Some(2), "{seen}");
                assert_eq!(pool(shop, &scene.offer).await, (2, 2, 0));
            }
            Self::Cancel => {
                shop.until(who, order, "cancelled").await;
                assert_eq!(pool(shop, &scene.offer).await, (4, 0, 0));
            }
            Self::Refund | Self::RefundAutomatic => {
                shop.until(who, order, "refunded").await;
                assert_eq!(pool(shop, &scene.offer).await, (4, 0, 0));
            }
            Self::RefundPart => {
                shop.until(who, order, "ticketed").await;
                assert_eq!(pool(shop, &scene.offer).await, (2, 2, 0));
            }
            Self::CheckIn => scene.check_admitted(shop).await,
            Self::ServeWaiting => {
                let request = waitlist::see(shop, who, &scene.payment).await;
                assert_eq!(request["status"], "served", "{request}");
                shop.until(who, &text(&request, "orderId"), "ticketed").await;
                assert_eq!(pool(shop, &scene.offer).await, (2, 2, 0));
            }
            Self::LeaveWaiting => {
                let request = waitlist::see(shop, who, &scene.payment).await;
                assert_eq!((&request["status"], &request["orderId"]), (&json!("cancelled"), &Value::Null), "{request}");
            }
        }
    }

    /// Minor units that were taken, that were given back, and tickets that admit or have admitted, when all is over.
    pub(super) const fn sums(self) -> (u64, u64, u64) {
        match self {
            Self::Buy | Self::BuyAcrossBlocks | Self::BuyOverdue | Self::CreateLate | Self::Expire | Self::Cancel => {
                (0, 0, 0)
            }
            Self::Pay | Self::PayLate | Self::PayUnheard | Self::IssueTickets => (2 * PRICE, 0, 2),
            Self::PayTwice | Self::PayTooLate => (4 * PRICE, 2 * PRICE, 2),
            Self::Refund | Self::RefundAutomatic => (2 * PRICE, 2 * PRICE, 0),
            Self::RefundPart => (3 * 1_001, 1_001, 2),
            Self::CheckIn => (PRICE, 0, 1),
            Self::ServeWaiting => (2 * PRICE, 0, 2),
            Self::LeaveWaiting => (2 * PRICE, 2 * PRICE, 0),
        }
    }
}

impl Scene {
    /// Asks until it is answered with success or a refusal that is final.
    async fn insist(&self, shop: &Shop, who: &Person, method: &str, path: &str, body: Value) -> Answer {
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

    /// Places an order, and asks again with the same key until it is written.
    async fn buy(&mut self, shop: &Shop, quantity: u8) {
        for _ in 0..PATIENCE {
            let placed = self.insist(shop, &self.buyer, "POST", "/api/orders", self.offer.order(quantity)).await;
            if ["sold_out", "too_few_left", "busy"].contains(&placed.error().as_str()) {
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
    async fn check_held(&self, shop: &Shop, quantity: u8) {
        let listed = shop.get(&self.buyer, "/api/orders").await.data();
        let mut listed = listed["items"].as_array().unwrap().clone();
        listed.retain(|order| order["sessionId"] == self.offer.session.as_str());
        assert_eq!(listed.len(), 1, "one order for one key: {listed:?}");
        assert_eq!((&listed[0]["id"], &listed[0]["status"]), (&json!(self.order), &json!("pending")));
        let again = self.insist(shop, &self.buyer, "POST", "/api/orders", self.offer.order(quantity)).await.data();
        assert_eq!(again["id"], self.order.as_str());
        let other = if quantity == 10 { 10 } else { 0 };
        let (_, sold, held) = pool(shop, &self.offer).await;
        assert!((sold, held) == (0, u32::from(quantity) + other) || sold == 0 && held >= u32::from(quantity), "{held}");
    }

    async fn begin(&mut self, shop: &Shop) {
        let body = json!({"orderId": self.order});
        let begun = self.insist(shop, &self.buyer, "POST", "/api/payments/sandbox", body.clone()).await.data();
        self.payment = text(&begun, "paymentId");
        let again = self.insist(shop, &self.buyer, "POST", "/api/payments/sandbox", body).await.data();
        assert_eq!(again["paymentId"], begun["paymentId"], "the same key, the same payment");
        shop.drained().await;
    }

    async fn pay(&self, shop: &Shop, how: Value) {
        let path = format!("/api/payments/sandbox/{}/complete", self.payment);
        self.insist(shop, &self.buyer, "POST", &path, how).await.expect(200);
        shop.drained().await;
    }

    async fn ask_back(&self, shop: &Shop, ticket: Option<Value>) {
        let mut body = json!({"orderId": self.order, "reason": "I am ill."});
        if let Some(ticket) = ticket {
            body["ticketIds"] = json!([ticket]);
        }
        let path = "/api/payments/refund";
        let asked = self.insist(shop, &self.buyer, "POST", path, body.clone()).await.expect(202);
        let again = self.insist(shop, &self.buyer, "POST", path, body).await.expect(202);
        assert_eq!(again["id"], asked["id"], "the same key, the same refund");
    }

    async fn refund(&self, shop: &Shop, ticket: Option<Value>) {
        self.ask_back(shop, ticket).await;
        let path = format!("/api/admin/orders/{}/refund", self.order);
        self.insist(shop, &shop.admin, "PUT", &path, json!({"approve": true})).await.expect(200);
        shop.drained().await;
    }

    async fn scan(&self, shop: &Shop, nonce: &str) {
        let body = json!({"code": self.sale["tickets"][0]["qrCode"], "gate": "north", "nonce": nonce});
        let scanned = self.insist(shop, &shop.staff, "POST", "/api/door/check-in", body).await.expect(200);
        assert_eq!(scanned["result"], "admitted");
    }

    /// The scan's own repeat is admitted, another is not; one was counted.
    async fn check_admitted(&self, shop: &Shop) {
        self.scan(shop, "a").await;
        let code = text(&self.sale["tickets"][0], "qrCode");
        shop.scan(&code, "b").await.refused(409, "already_used");
        shop.pass(60).await;
        let path = format!("/api/door/sessions/{}/counts?eventId={}", self.offer.session, self.offer.event);
        let counts = shop.get(&shop.staff, &path).await.data();
        assert_eq!(counts["admitted"], 1, "{counts}");
    }
}
