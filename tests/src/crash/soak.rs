//! Random histories: several buyers, every flow mixed, many faults, time that jumps. After each the auditor must find nothing.

use std::{iter, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use fastrand::Rng;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    case::{AFTERMATH, settle, why},
    fault::{Plan, Saboteur},
    variable,
};
use crate::{
    audit::audit,
    client::Answer,
    shop::{Draft, Offer, Person, Shop, fresh_key, text, tickets},
};

/// For how many minutes to go on; without it a few histories are played.
const MINUTES: &str = "ONSALE_SOAK_MINUTES";
/// The first history; without minutes the only one.
const SEED: &str = "ONSALE_SOAK_SEED";
/// The file in which the table's row is written.
const ROWS: &str = "ONSALE_SOAK_ROWS";
/// The histories of the test command: some, and each that once found something. 27: a provider took money that it had said
/// it would not, and told of it a week later.
const KEPT: [u64; 5] = [7, 8, 9, 10, 27];
/// What happens in a history.
const ACTS: usize = 60;
const BUYERS: usize = 4;
/// Seconds of a jump.
const JUMPS: [i64; 8] = [1, 3, 16, 31, 130, 600, 901, 3_600];

#[tokio::test]
async fn random_histories_leave_nothing_wrong() {
    let number = |name| variable(name).map(|text| text.parse::<u64>().unwrap());
    let (minutes, seed) = (number(MINUTES), number(SEED));
    // The test command plays the same few each time; `cargo xtask soak` looks for others.
    let first = seed.unwrap_or(KEPT[0]);
    let seeds: Box<dyn Iterator<Item = u64>> = match (minutes, seed) {
        (Some(_), _) => Box::new(first..),
        (None, Some(seed)) => Box::new(iter::once(seed)),
        (None, None) => Box::new(KEPT.into_iter()),
    };
    let over = minutes.map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    let (mut histories, mut sums, mut failed) = (0, Sums::default(), Vec::new());
    for seed in seeds.take_while(|_| over.is_none_or(|over| Instant::now() < over)) {
        println!("soak: {SEED}={seed} cargo test -p tests soak");
        match AssertUnwindSafe(Box::pin(History::play(seed))).catch_unwind().await {
            Ok(played) => sums.add(&played),
            Err(panic) => {
                println!("soak: history {seed} failed: {}", why(panic.as_ref()));
                failed.push(seed);
            }
        }
        histories += 1;
    }
    let Sums { calls, faults, tickets } = sums;
    println!("soak: {histories} histories, {calls} calls, {faults} faults, {tickets} tickets, failed: {failed:?}");
    if let Some(path) = variable(ROWS) {
        let row = format!("{first}\t{histories}\t{calls}\t{faults}\t{tickets}\t{}\n", failed.len());
        std::fs::write(path, row).unwrap();
    }
    assert!(failed.is_empty(), "histories failed, each of which {SEED} plays again: {failed:?}");
}

/// What happened in histories that left nothing wrong.
#[derive(Debug, Default)]
struct Sums {
    calls: usize,
    faults: usize,
    tickets: u64,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.faults += other.faults;
        self.tickets += other.tickets;
    }
}

/// A request that creates something, which may be repeated.
#[derive(Clone, Debug)]
struct Wish {
    who: usize,
    path: &'static str,
    key: String,
    body: Value,
}

/// A history under way.
struct History {
    shop: Shop,
    chance: Rng,
    offers: Vec<Offer>,
    buyers: Vec<Person>,
    wishes: Vec<Wish>,
    /// Orders that were told of, with their buyers.
    orders: Vec<(usize, String)>,
    /// Payments that were told of.
    payments: Vec<(usize, String)>,
    /// Codes of tickets, and the nonce that was admitted with each.
    codes: Vec<(String, Option<String>)>,
}

impl History {
    async fn play(seed: u64) -> Sums {
        fastrand::seed(seed);
        let mut history = Self::open(seed).await;
        let one_in = history.chance.u32(8..80);
        let plan = Plan::Chance { chance: Rng::with_seed(seed ^ 0xFA_17), one_in };
        let saboteur = Arc::new(Saboteur::new(plan, &[]));
        history.shop.system.disturb(Some(seed)).await;
        history.shop.system.engines.connector().interpose(saboteur.clone());
        for _ in 0..ACTS {
            history.act().await;
        }
        history.shop.system.engines.connector().clear();
        history.shop.system.disturb(None).await;
        settle(&history.shop, &AFTERMATH).await;
        let counted = audit(&history.shop).await;
        Sums { calls: saboteur.made().len(), faults: saboteur.hits().len(), tickets: counted.tickets }
    }

    async fn open(seed: u64) -> Self {
        let shop = Box::pin(Shop::stepped()).await;
        let drafts = [Draft { refunds: "automatic", ..tickets(6) }, tickets(20)];
        let (mut offers, mut buyers) = (Vec::new(), Vec::new());
        for draft in drafts {
            offers.push(shop.publish(draft).await);
        }
        for _ in 0..BUYERS {
            buyers.push(shop.buyer().await);
        }
        let (wishes, orders, payments, codes) = Default::default();
        Self { shop, chance: Rng::with_seed(seed), offers, buyers, wishes, orders, payments, codes }
    }

    async fn act(&mut self) {
        match self.chance.u8(..24) {
            0..=5 => self.buy().await,
            6..=8 => self.begin().await,
            9..=12 => self.complete().await,
            13 => self.cancel().await,
            14..=15 => self.ask_back().await,
            16 => self.decide().await,
            17 => self.scan().await,
            18 => self.repeat().await,
            19..=20 => self.look().await,
            // A reconciler that fails is tried again by the next tick.
            21 => drop(self.shop.system.tick().await),
            22 => self.shop.drained().await,
            _ => self.shop.clock.advance(JUMPS[self.chance.usize(..JUMPS.len())]),
        }
        if self.chance.bool() {
            self.shop.drained().await;
        }
    }

    /// Sends a wish. An answer of success is noted for what follows from it.
    async fn send(&mut self, wish: Wish) {
        let key = [("idempotency-key", wish.key.as_str())];
        let who = &self.buyers[wish.who];
        let answer = self.shop.call_with(who, "POST", wish.path, &key, wish.body.clone()).await;
        if answer.status < 300 {
            let data = answer.data();
            match wish.path {
                "/api/orders" => self.orders.push((wish.who, text(&data, "id"))),
                "/api/payments/sandbox" => self.payments.push((wish.who, text(&data, "paymentId"))),
                _ => {}
            }
        }
        self.wishes.push(wish);
    }

    async fn wish(&mut self, who: usize, path: &'static str, body: Value) {
        self.send(Wish { who, path, key: fresh_key(), body }).await;
    }

    async fn buy(&mut self) {
        let (who, offer) = (self.chance.usize(..BUYERS), self.chance.usize(..self.offers.len()));
        let quantity = [1, 1, 2, 3, 4, 10][self.chance.usize(..6)];
        self.wish(who, "/api/orders", self.offers[offer].order(quantity)).await;
    }

    async fn begin(&mut self) {
        let Some((who, order)) = self.chance.choice(self.orders.iter()).cloned() else { return };
        self.wish(who, "/api/payments/sandbox", json!({"orderId": order})).await;
    }

    async fn complete(&mut self) {
        let Some((who, payment)) = self.chance.choice(self.payments.iter()).cloned() else { return };
        let how = match self.chance.u8(..10) {
            0 => json!({"outcome": "failed"}),
            1 => json!({"outcome": "paid", "captures": 2, "times": 2}),
            2 => json!({"outcome": "paid", "delayMs": 700_000}),
            3 => json!({"outcome": "paid", "delayMs": 604_800_000}),
            4 => json!({"outcome": "paid", "times": 3}),
            _ => json!({"outcome": "paid"}),
        };
        let path = format!("/api/payments/sandbox/{payment}/complete");
        self.shop.post(&self.buyers[who], &path, how).await;
    }

    async fn cancel(&mut self) {
        let Some((who, order)) = self.chance.choice(self.orders.iter()).cloned() else { return };
        let path = format!("/api/orders/{order}/cancel");
        self.shop.call(&self.buyers[who], "PUT", &path, Value::Null).await;
    }

    async fn ask_back(&mut self) {
        let Some((who, order)) = self.chance.choice(self.orders.iter()).cloned() else { return };
        let mut body = json!({"orderId": order, "reason": "I am ill."});
        let seen = self.see(who, &order).await;
        let tickets = seen.json()["data"]["tickets"].as_array().cloned().unwrap_or_default();
        if let Some(ticket) = tickets.first().filter(|_| self.chance.bool()) {
            body["ticketIds"] = json!([ticket["id"]]);
        }
        self.wish(who, "/api/payments/refund", body).await;
    }

    async fn decide(&mut self) {
        let Some((_, order)) = self.chance.choice(self.orders.iter()).cloned() else { return };
        let decision = if self.chance.u8(..4) == 0 {
            json!({"approve": false, "reason": "Doors open in an hour."})
        } else {
            json!({"approve": true})
        };
        self.shop.call(&self.shop.admin, "PUT", &format!("/api/admin/orders/{order}/refund"), decision).await;
    }

    /// Looks at an order as its buyer, and keeps the codes of its tickets.
    async fn look(&mut self) {
        let Some((who, order)) = self.chance.choice(self.orders.iter()).cloned() else { return };
        let seen = self.see(who, &order).await.json();
        let codes = seen["data"]["tickets"].as_array().into_iter().flatten();
        for code in codes.filter_map(|ticket| ticket["qrCode"].as_str()) {
            if !self.codes.iter().any(|(known, _)| known == code) {
                self.codes.push((code.to_owned(), None));
            }
        }
    }

    async fn see(&self, who: usize, order: &str) -> Answer {
        self.shop.get(&self.buyers[who], &format!("/api/orders/{order}")).await
    }

    /// Scans a ticket; the doors open only after a month, so that time jumps there once there is something to scan.
    async fn scan(&mut self) {
        if self.codes.is_empty() || (self.shop.now() < self.shop.doors() && self.chance.u8(..4) > 0) {
            return;
        }
        if self.shop.now() < self.shop.doors() {
            self.shop.open_doors().await;
        }
        let place = self.chance.usize(..self.codes.len());
        let nonce = format!("n{}", self.chance.u8(..3));
        let answer = self.shop.scan(&self.codes[place].0, &nonce).await;
        if answer.status == 200 {
            let before = self.codes[place].1.get_or_insert_with(|| nonce.clone());
            assert_eq!(*before, nonce, "one ticket, two admissions: {answer}");
        }
    }

    /// Repeats a request with its own key.
    async fn repeat(&mut self) {
        let Some(wish) = self.chance.choice(self.wishes.iter()).cloned() else { return };
        self.send(wish).await;
    }
}
