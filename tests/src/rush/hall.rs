//! A hall that everybody wants the best seats of.
//!
//! How large it is, `ONSALE_TEST_RUSH` says: with `full` it has 20 000 seats.

use std::sync::Arc;

use domain::{
    order::Quantity,
    seating::{Choice, Offer as SeatOffer, Party, Seating},
    venue::{SeatMap, SeatName, SeatSet},
};
use serde_json::{Value, json};
use store::SessionSeats;
use tokio::time::{sleep, timeout};

use super::{AT_ONCE, COMES_BACK, Fared, buyers, is_full, now_ms, patience, settle, shop, written};
use crate::{
    audit::audit,
    shop::{Person, Shop, text, together},
    theatre::{ask, wish},
    venues::publish,
};

/// Rows and seats in each; three aisles. After each wave of orders the whole hall is looked at.
const SMALL: Size = Size { rows: 20, seats: 36, wave: 60, buyers: 120 };
const FULL: Size = Size { rows: 200, seats: 100, wave: 1_000, buyers: 1_000 };
/// One order in so many is paid.
const PAYS: usize = 4;

#[derive(Clone, Copy)]
struct Size {
    rows: u16,
    seats: u16,
    wave: usize,
    buyers: usize,
}

impl Size {
    const fn of_hall(self) -> usize {
        self.rows as usize * self.seats as usize
    }
}

/// A hall and an event that sells all of it at one price, by the usual rule.
async fn open(shop: &Shop, size: Size) -> Value {
    let body = json!({"name": "Great Hall", "city": "Shanghai"});
    let venue = text(&shop.create(&shop.admin, "/api/admin/venues", body).await.expect(201), "id");
    let quarter = size.seats / 4;
    let rule = json!({"sections": [{
        "id": "hall", "name": "Hall", "category": "A", "rows": size.rows, "seats": size.seats,
        "aisles": [quarter, 2 * quarter, 3 * quarter],
    }]});
    shop.post(&shop.admin, &format!("/api/admin/venues/{venue}/map/generate"), rule).await.expect(200);
    let mut body = shop.event(&crate::shop::tickets(1));
    body["priceOptions"] = json!([{"name": "Seat", "price": crate::shop::PRICE}]);
    body["seating"] = json!({
        "venueId": venue, "orphanRule": "between", "prices": [{"category": "A", "priceOption": "Seat"}],
    });
    publish(shop, body).await
}

/// Asks for the best seats until there is an answer that ends it.
async fn want(shop: &Shop, who: &Person, event: &Value, quantity: u8) -> Fared {
    let mut quantity = quantity;
    loop {
        let answer = ask(shop, who, wish(event, "Seat", quantity.into(), &json!({}))).await;
        match (answer.status, answer.error().as_str()) {
            (202, _) => return Fared::Won(text(&answer.data(), "id"), quantity),
            (409, "sold_out") => return Fared::SoldOut(now_ms()),
            (409, "too_few_left") => {
                let remaining = answer.json()["remaining"].as_u64().and_then(|left| u8::try_from(left).ok());
                quantity = remaining.filter(|left| (1..quantity).contains(left)).unwrap_or_else(|| panic!("{answer}"));
            }
            (409, "busy") => sleep(COMES_BACK).await,
            _ => panic!("{answer}"),
        }
    }
}

/// The hall as it is stored.
async fn see(shop: &Shop, event: &Value) -> (Arc<SessionSeats>, Seating) {
    let tenant = shop.store();
    let event = tenant.catalogue().event(text(event, "id").parse().unwrap()).await.unwrap().unwrap();
    let seats = tenant.seats().session_now(&event, event.sessions[0].id, shop.now()).await.unwrap().unwrap();
    (seats, event.seating.unwrap())
}

/// Free seats between two that are taken. Told by the map alone, not by what the product searches with.
fn alone(map: &SeatMap, free: &SeatSet) -> Vec<SeatName> {
    let mut alone = Vec::new();
    for (row, section, seats, _) in map.rows() {
        let bits = free.row(row);
        let is_free = |place: usize| bits >> place & 1 == 1;
        for place in 1..seats.seats.len().saturating_sub(1) {
            let has_neighbours = !seats.seats[place - 1].is_last && !seats.seats[place].is_last;
            if has_neighbours && is_free(place) && !is_free(place - 1) && !is_free(place + 1) {
                let seat = seats.seats[place].label.clone();
                alone.push(SeatName { section: section.id.clone(), row: seats.label.clone(), seat });
            }
        }
    }
    alone
}

/// Whether parties of all these sizes could still sit together without leaving anybody alone. Seats only go, and what
/// leaves nobody alone now left nobody alone when fewer were taken: then it was so all the time.
fn could_all_sit_well(seats: &SessionSeats, seating: &Seating, sizes: &[u8]) -> bool {
    let (map, hall) = (seats.plan.map(), seats.plan.hall());
    let offer = SeatOffer::new(seats.occupancy.free.clone(), SeatSet::all(map));
    sizes.iter().all(|size| {
        let quantity = Quantity::parse((*size).into()).unwrap();
        let party = Party { quantity, wheelchairs: 0, rule: seating.rule };
        let Some(groups) = hall.best(&offer, &party, Choice::BEST) else { return false };
        let chosen = SeatSet::of(map, hall.seats(&groups));
        groups.len() == 1 && hall.check(&offer, &party, &chosen).is_ok()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hall_is_sold_to_the_last_seat_and_leaves_nobody_alone_while_it_need_not() {
    const SIZES: [u8; 3] = [1, 2, 4];
    let size = if is_full() { FULL } else { SMALL };
    let story = async {
        let shop = shop().await;
        let event = Arc::new(open(&shop, size).await);
        let everybody = buyers(&shop, size.buyers).await;
        let seed = fastrand::u64(..);
        println!("seed {seed}");
        let mut rng = fastrand::Rng::with_seed(seed);
        let one = |who: Person, quantity: u8, pays: bool, shop: Arc<Shop>, event: Arc<Value>| async move {
            let fared = want(&shop, &who, &event, quantity).await;
            match &fared {
                Fared::Won(..) if pays => settle(&shop, &who, &fared).await,
                Fared::Won(order, _) => written(&shop, &who, order).await,
                Fared::SoldOut(_) => {}
            }
            fared
        };
        let (mut won, mut orders, mut was_well) = (0, 0, true);
        loop {
            // The last to come are alone.
            let left = size.of_hall() - won;
            let sizes: &[u8] = if left < size.of_hall() / 20 { &[1] } else { &SIZES };
            let all: Vec<_> = (0..size.wave.min(left + AT_ONCE))
                .map(|number| {
                    let who = everybody[rng.usize(..everybody.len())].clone();
                    let quantity = sizes[rng.usize(..sizes.len())];
                    one(who, quantity, number % PAYS == 0, Arc::clone(&shop), Arc::clone(&event))
                })
                .collect();
            let fared = together(AT_ONCE, all).await;
            shop.drained().await;
            let (seats, seating) = see(&shop, &event).await;
            let free = &seats.occupancy.free;
            for fared in &fared {
                if let Fared::Won(_, count) = fared {
                    (won, orders) = (won + usize::from(*count), orders + 1);
                }
            }
            assert_eq!(free.count(), size.of_hall() - won, "every seat once, seed {seed}");
            was_well = was_well && could_all_sit_well(&seats, &seating, &SIZES);
            let alone = alone(seats.plan.map(), free);
            println!("{won} seats in {orders} orders; all could sit well: {was_well}; alone: {}", alone.len());
            if was_well {
                assert!(alone.is_empty(), "left alone for no reason: {alone:?}, seed {seed}");
            }
            if free.is_none() {
                break;
            }
            let is_refused = fared.iter().any(|fared| matches!(fared, Fared::SoldOut(_)));
            assert!(!is_refused, "told that nothing is left while {} seats were free, seed {seed}", free.count());
        }
        let counted = audit(&shop).await;
        assert_eq!((counted.sold + counted.held, counted.free), (size.of_hall() as u64, 0), "seed {seed}");
        assert_eq!(counted.sold, counted.tickets);
    };
    timeout(patience(), story).await.unwrap();
}
