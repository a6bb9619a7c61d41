//! What a buyer, an organiser and the door do, each with what must have come of it whatever went wrong in between.
//!
//! Only the middle of a flow is disturbed. Clients do what good clients do: whoever is told that something failed asks again
//! with the same key, and whoever was told of success is owed it.

mod facts;

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    fault::Saboteur,
    scene::Scene,
    wares::{TRAIN, TRAINS, daily, date_of, dearer, newer_map, rides, runs, seated, small_hall},
};
use crate::{
    audit::pool,
    rail::{railway_of, timetable},
    sale::HOLD,
    shop::{Draft, Offer, PRICE, Person, START, Shop, Wares, text, tickets},
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
    CancelRun,
    MakeMap,
    ChangeMap,
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
    pub(super) const ALL: [Self; 33] = [
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
        Self::CancelRun,
        Self::MakeMap,
        Self::ChangeMap,
    ];

    /// What cases are played on: for each its own.
    pub(super) async fn offers(self, shop: &Shop, plays: u8) -> Vec<Offer> {
        let draft = Draft { sessions: plays, ..self.draft() };
        match self {
            Self::BuySeats | Self::RefundPartSeats | Self::MoveSeats => seated(shop, draft).await,
            Self::BuyRides | Self::PayLateRides | Self::ChangeRide | Self::CancelRun => {
                runs(shop, plays, &["second"]).await
            }
            Self::ChangeRideDearer => runs(shop, plays, &["second", "first"]).await,
            Self::ChangeMap => {
                let mut offers = Vec::new();
                for _ in 0..plays {
                    offers.extend(seated(shop, self.draft()).await);
                }
                offers
            }
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
        let mut scene = Scene::of(cast, saboteur);
        self.lay_out(shop, cast, &mut scene).await;
        if matches!(self.like(), Self::PayLate | Self::PayTooLate) {
            shop.pass(STRETCHED).await;
        }
        if self == Self::PayTooLate {
            shop.sale(&scene.rival, &scene.offer, 2).await;
            shop.left(&scene.offer).await;
        }
        if !scene.sale.is_null() {
            scene.order = text(&scene.sale, "id");
        }
        scene
    }

    async fn lay_out(self, shop: &Shop, cast: &Cast, scene: &mut Scene) {
        let rival = &cast.rival;
        match self.like() {
            Self::Buy | Self::OpenRuns => {}
            Self::ImportTimetable => {
                railway_of(shop, TRAIN).await;
                // Nobody knows another timetable any more.
                shop.clock.advance(COUNTED);
            }
            Self::BuyAcrossBlocks => drop(shop.hold(rival, &scene.offer, 10).await),
            Self::BuyOverdue => {
                shop.hold(rival, &scene.offer, 2).await;
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
            Self::Refund
            | Self::RefundAutomatic
            | Self::MoveSeats
            | Self::ChangeRide
            | Self::ChangeRideDearer
            | Self::CancelRun => {
                scene.sale = shop.sale(&scene.buyer, &scene.offer, 2).await;
            }
            Self::RefundPart => scene.sale = shop.sale(&scene.buyer, &scene.offer, 3).await,
            Self::MakeMap => scene.venue = small_hall(shop).await,
            Self::ChangeMap => {
                scene.sale = shop.sale(&scene.buyer, &scene.offer, 2).await;
                scene.seating = newer_map(shop, &scene.offer).await;
            }
            Self::JoinWaiting => drop(shop.hold(rival, &scene.offer, 4).await),
            Self::ServeWaiting => {
                scene.order = shop.hold(rival, &scene.offer, 4).await;
                let box_of_one = dearer(shop, &scene.offer).await;
                scene.payment = waitlist::in_line(shop, &scene.buyer, &[&box_of_one, &scene.offer], 2).await;
            }
            Self::ServeInTurn => {
                scene.order = shop.hold(rival, &scene.offer, 4).await;
                scene.payment = waitlist::in_line(shop, &scene.buyer, &[&scene.offer], 3).await;
                waitlist::in_line(shop, &shop.person(LATER).await, &[&scene.offer], 2).await;
            }
            Self::ExpireWaiting => {
                shop.sale(rival, &scene.offer, 4).await;
                scene.payment = waitlist::in_line_for(shop, &scene.buyer, &scene.offer, 2, WAITED).await;
            }
            Self::LeaveWaiting => {
                scene.order = shop.hold(rival, &scene.offer, 4).await;
                scene.payment = waitlist::in_line(shop, &scene.buyer, &[&scene.offer], 2).await;
            }
            Self::CheckIn => {
                scene.sale = shop.sale(&scene.buyer, &scene.offer, 1).await;
                shop.pass(START + cast.doors - shop.now().as_second()).await;
            }
            Self::BuySeats | Self::RefundPartSeats | Self::BuyRides | Self::PayLateRides => unreachable!(),
        }
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
            Self::CancelRun => scene.cancel_run(shop).await,
            Self::MakeMap => scene.make_map(shop).await,
            Self::ChangeMap => scene.change_map(shop).await,
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
            Self::CancelRun => scene.check_cancelled(shop).await,
            Self::MakeMap => scene.check_made(shop).await,
            Self::ChangeMap => scene.check_changed(shop).await,
            Self::LeaveWaiting => {
                let request = waitlist::see(shop, who, &scene.payment).await;
                assert_eq!((&request["status"], &request["orderId"]), (&json!("cancelled"), &Value::Null), "{request}");
            }
            Self::BuySeats | Self::RefundPartSeats | Self::BuyRides | Self::PayLateRides => unreachable!(),
        }
    }
}
