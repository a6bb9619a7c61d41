//! What a buyer, an organiser and the door do, each with what must have come of it whatever went wrong in between.
//!
//! Only the middle of a flow is disturbed. Clients do what good clients do: whoever is told that something failed asks again
//! with the same key, and whoever was told of success is owed it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    fault::Saboteur,
    scene::Scene,
    wares::{TRAIN, TRAINS, daily, date_of, dearer, rides, runs, seated},
};
use crate::{
    audit::pool,
    rail::{railway_of, timetable},
    sale::HOLD,
    shop::{Draft, Offer, PRICE, Person, START, Shop, Wares, fresh_key, text, tickets},
    waitlist,
};

/// Seconds after which nobody knows what was there before.
const COUNTED: i64 = 3;
/// Twice the hold: what a payment that was begun stretches it to at most.
const STRETCHED: i64 = 2 * HOLD;
/// A webhook that is not sent before everything is over, in milliseconds.
const LOST: u64 = 604_800_000;

/// For how long somebody waits, in seconds.
const WAITED: i64 = 3_600;
/// Who waits, too, and came later.
const LATER: &str = "later";

/// What a ride costs from end to end: as the timetable's terms state it.
const FARE: u64 = 6_500;
/// What it costs in the first class: 150 kilometres at 80.
const FIRST: u64 = 12_000;

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
    JoinWaiting,
    ServeWaiting,
    ServeInTurn,
    ExpireWaiting,
    LeaveWaiting,
    BuySeats,
    RefundPartSeats,
    BuyRides,
    PayLateRides,
    MoveSeats,
    ChangeRide,
    ChangeRideDearer,
    ImportTimetable,
    OpenRuns,
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

impl Flow {
    pub(super) const ALL: [Self; 30] = [
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
        Self::JoinWaiting,
        Self::ServeWaiting,
        Self::ServeInTurn,
        Self::ExpireWaiting,
        Self::LeaveWaiting,
        Self::BuySeats,
        Self::RefundPartSeats,
        Self::BuyRides,
        Self::PayLateRides,
        Self::MoveSeats,
        Self::ChangeRide,
        Self::ChangeRideDearer,
        Self::ImportTimetable,
        Self::OpenRuns,
    ];

    /// The flow of tickets without numbers that it is like.
    const fn like(self) -> Self {
        match self {
            Self::BuySeats | Self::BuyRides => Self::Buy,
            Self::RefundPartSeats => Self::RefundPart,
            Self::PayLateRides => Self::PayLate,
            other => other,
        }
    }

    /// Of how many cases the test command plays one; `cargo xtask crash` plays all. A call has five faults at least, so no call
    /// goes without one.
    pub(super) fn stride(self) -> usize {
        if super::is_whole() {
            return 1;
        }
        match self {
            // Most of what happens in these happens in others, too.
            Self::BuyAcrossBlocks
            | Self::BuyOverdue
            | Self::PayTooLate
            | Self::PayTwice
            | Self::PayUnheard
            | Self::RefundPart
            | Self::RefundAutomatic => 2,
            // These are like others but for what is sold, or consist of others.
            Self::BuySeats
            | Self::RefundPartSeats
            | Self::BuyRides
            | Self::PayLateRides
            | Self::JoinWaiting
            | Self::ServeWaiting
            | Self::ServeInTurn
            | Self::ExpireWaiting
            | Self::LeaveWaiting
            | Self::MoveSeats
            | Self::ChangeRideDearer => 4,
            _ => 1,
        }
    }

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
            Self::JoinWaiting => "join-waiting",
            Self::ServeWaiting => "serve-waiting",
            Self::ServeInTurn => "serve-in-turn",
            Self::ExpireWaiting => "expire-waiting",
            Self::LeaveWaiting => "leave-waiting",
            Self::BuySeats => "buy-seats",
            Self::RefundPartSeats => "refund-part-seats",
            Self::BuyRides => "buy-rides",
            Self::PayLateRides => "pay-late-rides",
            Self::MoveSeats => "move-seats",
            Self::ChangeRide => "change-ride",
            Self::ChangeRideDearer => "change-ride-dearer",
            Self::ImportTimetable => "import-timetable",
            Self::OpenRuns => "open-runs",
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
            Self::JoinWaiting => "wait for what is sold out, and pay; the request is in line",
            Self::ServeWaiting => "tickets come back; who waits has the order, once, and what it did not cost",
            Self::ServeInTurn => {
                "tickets come back that one of two can have; who waited longer has them, the other waits on"
            }
            Self::ExpireWaiting => "wait in vain until it is too late; the money goes back",
            Self::LeaveWaiting => "leave the line; the money goes back",
            Self::BuySeats => "hold two seats by name, in two blocks; the order is written",
            Self::RefundPartSeats => "ask for a refund of one seat of three, and approve it",
            Self::BuyRides => "hold the time and the seats of two passengers; the order is written",
            Self::PayLateRides => "pay a ride when the hold has ended; the order is revived",
            Self::MoveSeats => "move a party of two to other seats, paid by what was paid",
            Self::ChangeRide => "change two rides for others that cost as much",
            Self::ChangeRideDearer => "change two rides for dearer ones, and pay; the old money goes back",
            Self::ImportTimetable => "replace the timetable, as a whole",
            Self::OpenRuns => "open the trains of a day; all of them are on sale, with all their seats",
        }
    }

    /// Whose calls are numbered; everybody's, where nobody is named.
    pub(super) const fn only(self) -> &'static [&'static str] {
        match self {
            Self::IssueTickets => &["forward-orders", "issue-tickets"],
            // The other reconcilers, whose turn comes at the same time, find nothing.
            Self::ExpireWaiting => &["reconcile-waitlist", "serve-waitlist", "send-refund", "forward-orders"],
            _ => &[],
        }
    }

    /// What cases are played on: for each its own.
    pub(super) async fn offers(self, shop: &Shop, plays: u8) -> Vec<Offer> {
        let draft = Draft { sessions: plays, ..self.draft() };
        match self {
            Self::BuySeats | Self::RefundPartSeats | Self::MoveSeats => seated(shop, draft).await,
            Self::BuyRides | Self::PayLateRides | Self::ChangeRide => runs(shop, plays, &["second"]).await,
            Self::ChangeRideDearer => runs(shop, plays, &["second", "first"]).await,
            Self::ImportTimetable => rides(plays),
            Self::OpenRuns => {
                railway_of(shop, TRAINS).await;
                rides(plays)
            }
            // What serves is not the dearest, so that some money goes back.
            Self::ServeWaiting => {
                let mut event = shop.event(&draft);
                let box_of_one = json!({"name": "Box", "price": 2 * PRICE, "totalCount": 1});
                event["priceOptions"].as_array_mut().unwrap().push(box_of_one);
                shop.publish_event(event).await
            }
            _ => shop.publish_all(draft).await,
        }
    }

    /// What is sold in the flow.
    pub(super) fn draft(self) -> Draft {
        match self.like() {
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
        let mut scene = Scene { offer, buyer, saboteur, order, payment, sale: Value::Null, key, rival: rival.clone() };
        match self.like() {
            Self::Buy | Self::OpenRuns => {}
            Self::ImportTimetable => {
                railway_of(shop, TRAIN).await;
                // Nobody knows another timetable any more.
                shop.clock.advance(COUNTED);
            }
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
            Self::Refund | Self::RefundAutomatic | Self::MoveSeats | Self::ChangeRide | Self::ChangeRideDearer => {
                scene.sale = shop.sale(&scene.buyer, &scene.offer, 2).await;
            }
            Self::RefundPart => scene.sale = shop.sale(&scene.buyer, &scene.offer, 3).await,
            Self::JoinWaiting => drop(shop.hold(&rival, &scene.offer, 4).await),
            Self::ServeWaiting => {
                scene.order = shop.hold(&rival, &scene.offer, 4).await;
                let box_of_one = dearer(shop, &scene.offer).await;
                scene.payment = waitlist::in_line(shop, &scene.buyer, &[&box_of_one, &scene.offer], 2).await;
            }
            Self::ServeInTurn => {
                scene.order = shop.hold(&rival, &scene.offer, 4).await;
                scene.payment = waitlist::in_line(shop, &scene.buyer, &[&scene.offer], 3).await;
                waitlist::in_line(shop, &shop.person(LATER).await, &[&scene.offer], 2).await;
            }
            Self::ExpireWaiting => {
                shop.sale(&rival, &scene.offer, 4).await;
                scene.payment = waitlist::in_line_for(shop, &scene.buyer, &scene.offer, 2, WAITED).await;
            }
            Self::LeaveWaiting => {
                scene.order = shop.hold(&rival, &scene.offer, 4).await;
                scene.payment = waitlist::in_line(shop, &scene.buyer, &[&scene.offer], 2).await;
            }
            Self::CheckIn => {
                scene.sale = shop.sale(&scene.buyer, &scene.offer, 1).await;
                shop.pass(START + cast.doors - shop.now().as_second()).await;
            }
            Self::BuySeats | Self::RefundPartSeats | Self::BuyRides | Self::PayLateRides => unreachable!(),
        }
        if matches!(self.like(), Self::PayLate | Self::PayTooLate) {
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
        match self.like() {
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
            Self::Cancel => scene.cancel(shop, &scene.buyer).await,
            Self::JoinWaiting => {
                scene.join(shop).await;
                scene.begin(shop).await;
                scene.pay(shop, json!({"outcome": "paid"})).await;
            }
            Self::ServeWaiting | Self::ServeInTurn => scene.cancel(shop, &scene.rival).await,
            Self::ExpireWaiting => {
                shop.pass(WAITED).await;
                // What fails of a tick is for the next.
                drop(shop.system.tick().await);
            }
            Self::LeaveWaiting => scene.leave(shop).await,
            Self::MoveSeats => {
                let Wares::Seats(seats) = &scene.offer.wares else { unreachable!() };
                let (path, body) = (format!("/api/admin/orders/{}/seats", scene.order), json!({"seats": seats[2..]}));
                scene.place(shop, &shop.admin, &path, body).await;
            }
            Self::ChangeRide | Self::ChangeRideDearer => {
                let class = if self == Self::ChangeRide { "second" } else { "first" };
                let path = format!("/api/orders/{}/change", scene.order);
                let body = json!({"runId": scene.sale["runId"], "class": class});
                scene.place(shop, &scene.buyer.clone(), &path, body).await;
                if self == Self::ChangeRideDearer {
                    scene.begin(shop).await;
                    scene.pay(shop, json!({"outcome": "paid"})).await;
                }
            }
            Self::ImportTimetable => scene.import(shop, timetable(TRAINS)).await,
            Self::OpenRuns => {
                let date = date_of(&scene.offer);
                scene.open(shop, daily(date, date, &["second", "first"])).await;
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
            Self::BuySeats | Self::RefundPartSeats | Self::BuyRides | Self::PayLateRides => unreachable!(),
        }
    }

    /// What must have come of it, before time passes.
    pub(super) async fn check(self, shop: &Shop, scene: &Scene) {
        let (who, order) = (&scene.buyer, scene.order.as_str());
        match self.like() {
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
            Self::MoveSeats | Self::ChangeRide | Self::ChangeRideDearer => {
                shop.until(who, order, "ticketed").await;
                shop.until(who, &text(&scene.sale, "id"), "refunded").await;
                let left = if self == Self::ChangeRideDearer { (4, 0, 0) } else { (2, 2, 0) };
                assert_eq!(pool(shop, &scene.offer).await, left, "of what was sold first");
            }
            Self::RefundPart => {
                shop.until(who, order, "ticketed").await;
                assert_eq!(pool(shop, &scene.offer).await, (2, 2, 0));
            }
            Self::CheckIn => scene.check_admitted(shop).await,
            Self::JoinWaiting => {
                assert_eq!(scene.in_line(shop, who).await, json!(order));
            }
            Self::ServeWaiting | Self::ServeInTurn => {
                let request = waitlist::see(shop, who, &scene.payment).await;
                assert_eq!(request["status"], "served", "{request}");
                shop.until(who, &text(&request, "orderId"), "ticketed").await;
                let left = if self == Self::ServeInTurn { (1, 3, 0) } else { (2, 2, 0) };
                assert_eq!(pool(shop, &scene.offer).await, left);
                if self == Self::ServeInTurn {
                    scene.in_line(shop, &shop.person(LATER).await).await;
                }
            }
            Self::ExpireWaiting => {
                let request = waitlist::see(shop, who, &scene.payment).await;
                assert_eq!((&request["status"], &request["orderId"]), (&json!("expired"), &Value::Null), "{request}");
                assert_eq!(pool(shop, &scene.offer).await, (0, 4, 0));
            }
            Self::ImportTimetable => {
                let mut again = timetable(TRAINS);
                again["dryRun"] = true.into();
                let told = shop.post(&shop.admin, "/api/admin/rail/import", again).await.expect(200);
                let changes = ["services", "added", "changed", "removed"].map(|name| told[name].as_u64().unwrap());
                assert_eq!(changes, [2, 0, 0, 0], "{told}");
            }
            Self::OpenRuns => scene.check_opened(shop).await,
            Self::LeaveWaiting => {
                let request = waitlist::see(shop, who, &scene.payment).await;
                assert_eq!((&request["status"], &request["orderId"]), (&json!("cancelled"), &Value::Null), "{request}");
            }
            Self::BuySeats | Self::RefundPartSeats | Self::BuyRides | Self::PayLateRides => unreachable!(),
        }
    }

    /// Minor units that were taken, that were given back, and tickets that admit or have admitted, when all is over.
    pub(super) const fn sums(self) -> (u64, u64, u64) {
        match self {
            Self::Buy
            | Self::BuySeats
            | Self::BuyRides
            | Self::BuyAcrossBlocks
            | Self::BuyOverdue
            | Self::CreateLate
            | Self::Expire
            | Self::Cancel
            | Self::ImportTimetable
            | Self::OpenRuns => (0, 0, 0),
            Self::Pay | Self::PayLate | Self::PayUnheard | Self::IssueTickets | Self::JoinWaiting | Self::MoveSeats => {
                (2 * PRICE, 0, 2)
            }
            Self::PayTwice | Self::PayTooLate | Self::ServeWaiting => (4 * PRICE, 2 * PRICE, 2),
            Self::Refund | Self::RefundAutomatic | Self::LeaveWaiting => (2 * PRICE, 2 * PRICE, 0),
            Self::ServeInTurn => (5 * PRICE, 0, 3),
            Self::ExpireWaiting => (6 * PRICE, 2 * PRICE, 4),
            Self::RefundPart | Self::RefundPartSeats => (3 * 1_001, 1_001, 2),
            Self::CheckIn => (PRICE, 0, 1),
            Self::PayLateRides | Self::ChangeRide => (2 * FARE, 0, 2),
            Self::ChangeRideDearer => (2 * FARE + 2 * FIRST, 2 * FARE, 2),
        }
    }
}
