//! Two or more at once for one thing: a ticket, an order, an idempotency key. By the real clock, with workers and guard as
//! in production. Winners are counted from what is stored.

use std::{collections::BTreeSet, sync::Arc};

use domain::order::Status;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    audit::{audit, pool, scan},
    client::Answer,
    rush::{AT_ONCE, Fared, PATIENCE, buyers, shop, want, written},
    shop::{Offer, Person, Shop, fresh_key, text, tickets, together},
};

/// So many, or a part where `ONSALE_TEST_RACES` says by how much a slow machine divides it.
#[expect(clippy::disallowed_methods, reason = "no configuration of the product, but of its tests")]
fn part_of(full: u32) -> u32 {
    let divided = std::env::var("ONSALE_TEST_RACES").ok().and_then(|by| by.parse().ok()).unwrap_or(1);
    full / divided
}

/// How many orders are written, whatever became of them.
fn orders(shop: &Shop) -> usize {
    let items = scan(shop, store::Table::Orders);
    items.iter().filter(|item| item["sk"]["S"] == store::keys::ORDER).count()
}

async fn ask(shop: &Shop, who: &Person, key: &str, path: &str, body: &Value) -> Answer {
    shop.call_with(who, "POST", path, &[("idempotency-key", key)], body.clone()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_ten_thousand_attempts_on_one_ticket_one_wins() {
    const BUYERS: usize = 500;
    let attempts = part_of(10_000) as usize;
    let story = async {
        let shop = shop().await;
        let offer = shop.publish(tickets(1)).await;
        let buyers = buyers(&shop, BUYERS).await;
        let attempt = |who: Person, shop: Arc<Shop>, offer: Offer| async move {
            let answer = shop.try_buy(&who, &offer, 1).await;
            match (answer.status, answer.error().as_str()) {
                (202, _) => Some((who, text(&answer.data(), "id"))),
                (409, "sold_out" | "busy") => None,
                _ => panic!("{answer}"),
            }
        };
        let all = buyers.iter().cycle().take(attempts).cloned();
        let told: Vec<_> = together(AT_ONCE, all.map(|who| attempt(who, Arc::clone(&shop), offer.clone()))).await;
        shop.drained().await;
        assert_eq!((orders(&shop), pool(&shop, &offer).await), (1, (0, 0, 1)));
        let [(who, order)] = told.into_iter().flatten().collect::<Vec<_>>().try_into().unwrap();
        shop.pay(&who, &order).await;
        let counted = audit(&shop).await;
        assert_eq!((counted.winners.len(), counted.sold, counted.tickets), (1, 1, 1));
    };
    timeout(PATIENCE, story).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_buyers_for_a_thousand_tickets_all_get_one() {
    let count = part_of(1_000);
    let story = async {
        let shop = shop().await;
        let offer = shop.publish(tickets(count)).await;
        let buyers = buyers(&shop, count as usize).await;
        let one = |who: Person, shop: Arc<Shop>, offer: Offer| async move {
            let fared = want(&shop, &who, &offer, 1).await;
            assert!(matches!(fared, Fared::Won(..)), "{fared:?}");
        };
        together(AT_ONCE, buyers.into_iter().map(|who| one(who, Arc::clone(&shop), offer.clone()))).await;
        shop.drained().await;
        assert_eq!((orders(&shop), pool(&shop, &offer).await), (count as usize, (0, 0, count)));
        audit(&shop).await;
    };
    timeout(PATIENCE, story).await.unwrap();
}

/// Pays, and changes one's mind while the money is still on its way. How much later is told in the time that it takes to
/// begin a payment: on a slow machine both are slow.
async fn pay_and_cancel(shop: &Shop, who: &Person, offer: &Offer, later: f64) -> String {
    let order = shop.buy(who, offer, 1).await;
    written(shop, who, &order).await;
    let begun = Instant::now();
    let payment = shop.begin(who, &order).await;
    let after = begun.elapsed().mul_f64(later);
    let path = format!("/api/orders/{order}/cancel");
    let cancel = async {
        sleep(after).await;
        shop.call(who, "PUT", &path, Value::Null).await
    };
    let (paid, cancelled) = tokio::join!(shop.complete(who, &payment, json!({"outcome": "paid"})), cancel);
    paid.expect(200);
    assert!(cancelled.status == 200 || matches!(cancelled.error().as_str(), "order_paid" | "busy"), "{cancelled}");
    order
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_cancel_and_pay_exactly_one_wins() {
    /// In which money comes from the buyer to the order, mostly.
    const LATEST: f64 = 8.0;
    let pairs = part_of(1_000);
    let story = async {
        let shop = shop().await;
        let offer = shop.publish(tickets(pairs)).await;
        let seed = fastrand::u64(..);
        println!("seed {seed}");
        let mut rng = fastrand::Rng::with_seed(seed);
        let one = |who: Person, later: f64, shop: Arc<Shop>, offer: Offer| async move {
            pay_and_cancel(&shop, &who, &offer, later).await
        };
        let all: Vec<_> = buyers(&shop, pairs as usize)
            .await
            .into_iter()
            .map(|who| one(who, rng.f64() * LATEST, Arc::clone(&shop), offer.clone()))
            .collect();
        let ended = together(16, all).await;
        shop.drained().await;
        let counted = audit(&shop).await;
        for order in &ended {
            let won = counted.winners.contains(&order.parse().unwrap());
            let expected = if won { Status::Ticketed } else { Status::Cancelled };
            assert_eq!(shop.stored(order).await.status(), expected, "{order}, seed {seed}");
        }
        let winners = u32::try_from(counted.winners.len()).unwrap();
        assert_eq!(pool(&shop, &offer).await, (pairs - winners, winners, 0));
        assert_eq!(counted.taken - counted.returned, u64::from(winners) * crate::shop::PRICE);
        println!("{winners} of {pairs} were paid, {} given back", counted.returned / crate::shop::PRICE);
        assert!((1..pairs).contains(&winners), "one side always wins: this is no race");
    };
    timeout(PATIENCE, story).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_won_is_told_so_again_when_all_is_sold_out() {
    const REPEATS: usize = 100;
    let story = async {
        let shop = shop().await;
        let offer = shop.publish(tickets(2)).await;
        let (first, late) = (shop.buyer().await, shop.buyer().await);
        let key = fresh_key();
        let body = offer.order(2);
        let won = ask(&shop, &first, &key, "/api/orders", &body).await.expect(202);
        while want_once(&shop, &late, &offer).await != "sold_out" {}
        for paid in [false, true] {
            let repeat = |shop: Arc<Shop>, who: Person, key: String, body: Value| async move {
                text(&ask(&shop, &who, &key, "/api/orders", &body).await.data(), "id")
            };
            let all = (0..REPEATS).map(|_| repeat(Arc::clone(&shop), first.clone(), key.clone(), body.clone()));
            let told: BTreeSet<_> = together(AT_ONCE, all).await.into_iter().collect();
            assert_eq!(told.into_iter().collect::<Vec<_>>(), [text(&won, "id")], "paid: {paid}");
            if !paid {
                written(&shop, &first, &text(&won, "id")).await;
                shop.pay(&first, &text(&won, "id")).await;
            }
        }
        assert_eq!((orders(&shop), pool(&shop, &offer).await), (1, (0, 2, 0)));
        audit(&shop).await;
    };
    timeout(PATIENCE, story).await.unwrap();
}

async fn want_once(shop: &Shop, who: &Person, offer: &Offer) -> String {
    shop.try_buy(who, offer, 1).await.error()
}

/// Sends each body many times at once under one key; the answers by body.
async fn at_once(shop: &Arc<Shop>, who: &Person, path: &str, bodies: &[Value]) -> Vec<Vec<Answer>> {
    const EACH: usize = 50;
    let key = fresh_key();
    let one = |place: usize, shop: Arc<Shop>, who: Person, key: String, path: String, body: Value| async move {
        (place, ask(&shop, &who, &key, &path, &body).await)
    };
    let all = (0..EACH * bodies.len()).map(|number| {
        let place = number % bodies.len();
        one(place, Arc::clone(shop), who.clone(), key.clone(), path.to_owned(), bodies[place].clone())
    });
    let mut answers = vec![Vec::new(); bodies.len()];
    for (place, answer) in together(AT_ONCE, all).await {
        answers[place].push(answer);
    }
    answers
}

/// All succeed, and say the same.
#[track_caller]
fn same(answers: &[Answer]) -> Value {
    let data: Vec<_> = answers.iter().map(Answer::data).collect();
    for (one, answer) in data.iter().zip(answers) {
        assert_eq!((one, answer.status), (&data[0], answers[0].status), "{answer}");
    }
    data[0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_key_is_one_order_however_often_it_is_sent_at_once() {
    let story = async {
        let shop = shop().await;
        let offer = shop.publish(tickets(300)).await;
        let buyer = shop.buyer().await;
        let answers = at_once(&shop, &buyer, "/api/orders", &[offer.order(2)]).await;
        let order = text(&same(&answers[0]), "id");
        written(&shop, &buyer, &order).await;
        shop.drained().await;
        assert_eq!((orders(&shop), pool(&shop, &offer).await), (1, (298, 0, 2)));

        let payments = at_once(&shop, &buyer, "/api/payments/sandbox", &[json!({"orderId": order})]).await;
        let payment = text(&same(&payments[0]), "paymentId");
        let listed = shop.get(&buyer, &format!("/api/payments?orderId={order}")).await.data();
        let listed = listed.as_array().or(listed["items"].as_array()).unwrap().clone();
        assert_eq!(listed.iter().map(|it| text(it, "id")).collect::<Vec<_>>(), [payment]);
        audit(&shop).await;
    };
    timeout(PATIENCE, story).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_bodies_under_one_key_one_counts_and_the_other_conflicts() {
    let story = async {
        let shop = shop().await;
        let offer = shop.publish(tickets(300)).await;
        let buyer = shop.buyer().await;
        let answers = at_once(&shop, &buyer, "/api/orders", &[offer.order(1), offer.order(2)]).await;
        let won = usize::from(answers[1][0].status == 202);
        same(&answers[won]);
        for answer in &answers[1 - won] {
            answer.refused(409, "idempotency_conflict");
        }
        shop.drained().await;
        let held = u32::try_from(won).unwrap() + 1;
        assert_eq!((orders(&shop), pool(&shop, &offer).await), (1, (300 - held, 0, held)));
        audit(&shop).await;
    };
    timeout(PATIENCE, story).await.unwrap();
}
