//! A train on which everybody wants to ride, between any two stops.
//!
//! How long it is, `ONSALE_TEST_RUSH` says: with `full` it has 16 coaches, else 3. What may be missing to the best that could
//! be done shrinks with the train, so the small one is held to less.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use domain::{
    event::later,
    id::{Id as _, OrderId},
    inventory::Block,
    pool::PoolKey,
    rail::{
        allocate::{Claim, Together},
        coach::Class,
        row::Row,
        run::RunPlan,
        stretch::{Segments, Stretch},
    },
};
use jiff::{ToSpan as _, tz};
use serde_json::json;
use store::{
    keys::{class_pool, run_id},
    protocol::{RideClaim, RideHold},
};
use tokio::time::{sleep, timeout};

use super::{AT_ONCE, COMES_BACK, buyers, is_full, patience, shop};
use crate::{
    audit::audit,
    rail::open,
    rides::{ask, passenger},
    shop::{Person, Shop, text, together},
};

/// How much is asked for, in percent of all there is: more than fits.
const DEMAND_PERCENT: u32 = 150;

#[derive(Clone, Copy)]
struct Size {
    coaches: u8,
    /// Of five seats, in each coach.
    rows: u8,
    stops: u16,
    /// How many hundredths of a percent may be missing to what could be sold if seats were assigned afterwards.
    missing: u32,
}

/// A run that is open.
struct Train {
    shop: Arc<Shop>,
    run: RunPlan,
    class: Class,
    pool: PoolKey,
    size: Size,
}

/// Three letters for the n-th stop.
fn telecode(stop: u16) -> String {
    let letter = |number: u16| char::from(b'A' + u8::try_from(number).unwrap());
    ['T', letter(stop / 26), letter(stop % 26)].iter().collect()
}

impl Train {
    /// Imports a timetable of one train and opens its run of tomorrow.
    async fn open(size: Size) -> Self {
        let shop = shop().await;
        let (mut stations, mut trains) =
            ("name,telecode\n".to_owned(), "train,seq,station,arrive,depart,km\n".to_owned());
        for stop in 0..size.stops {
            let (code, at) = (telecode(stop), |minute: u16| format!("{:02}:{:02}", 6 + minute / 60, minute % 60));
            let arrive = if stop == 0 { String::new() } else { at(stop * 20) };
            let depart = if stop == size.stops - 1 { String::new() } else { at(stop * 20 + 2) };
            writeln!(stations, "站{stop},{code}").unwrap();
            writeln!(trains, "G1,{},{code},{arrive},{depart},{}", stop + 1, stop * 40).unwrap();
        }
        let timetable = json!({"stations": stations, "trains": trains});
        shop.post(&shop.admin, "/api/admin/rail/import", timetable).await.expect(200);
        let day = shop.now().to_zoned(tz::offset(8).to_time_zone()).date().saturating_add(1.day());
        let opening = json!({
            "from": day,
            "templates": [{
                "name": "day",
                "coaches": [{"first": 1, "last": size.coaches, "class": "second", "layout": "3+2", "rows": size.rows}],
                "fares": [{"class": "second", "bands": [{"toKm": 2_000, "milliPerKm": 46_000}]}],
                "saleStarts": {"daysBefore": 14},
            }],
            "trains": [{"template": "day"}],
        });
        assert_eq!(open(&shop, opening).await["opened"], 1);
        let (id, class) = (run_id("G1", day), "second".parse::<Class>().unwrap());
        let run = shop.store().rail().run(id).await.unwrap().unwrap();
        let pool = class_pool(&shop.tenant, id, &class);
        Self { shop, run, class, pool, size }
    }

    fn seats(&self) -> u32 {
        u32::from(self.size.coaches) * u32::from(self.size.rows) * 5
    }

    /// Every row as it is stored. One in which a segment had two owners could not be read.
    async fn rows(&self) -> Vec<Row> {
        let blocks = self.shop.store().inventory().all(self.pool).await.unwrap().into_iter();
        let rows = blocks.map(|(_, block)| if let Block::Coach(row) = block { row } else { panic!("{block:?}") });
        rows.collect()
    }

    /// Whether some seat is free all the way. Nothing is given back: whatever is free now was free before.
    async fn has_free(&self, stretch: Stretch) -> bool {
        let wanted = Segments::of(stretch);
        self.rows().await.iter().any(|row| row.taken().iter().any(|taken| !taken.meets(wanted)))
    }

    /// Holds a seat through the store; no where there is none.
    async fn hold(&self, stretch: Stretch) -> bool {
        let tenant = self.shop.store();
        let claim = Claim { stretch, count: 1, together: Together::Apart, wishes: Vec::new() };
        loop {
            let now = self.shop.now();
            let mut chance = [0; 10];
            fastrand::fill(&mut chance);
            let order = OrderId::new(now, chance);
            let (claim, until) = (claim.clone(), later(now, 3_600));
            let claim = RideClaim { order, run: &self.run, class: &self.class, claim, until };
            match tenant.hold_rides(&claim, now).await.unwrap() {
                RideHold::Held(held) => {
                    assert_eq!(held.len(), 1);
                    return true;
                }
                RideHold::TooFew { left } => {
                    assert_eq!(left, 0);
                    return false;
                }
                RideHold::Busy { held } => {
                    assert!(held.is_empty());
                    sleep(COMES_BACK).await;
                }
            }
        }
    }

    /// Orders a seat over HTTP; no where there is none.
    async fn order(&self, who: &Person, stretch: Stretch, number: u64) -> bool {
        loop {
            let body = json!({
                "runId": self.run.id.to_string(), "from": telecode(stretch.from()), "to": telecode(stretch.to()),
                "class": "second", "quantity": 1, "passengers": [passenger(number)],
                "userInfo": {"name": "Wang Fang", "phone": "13800138000"},
            });
            let answer = ask(&self.shop, who, body).await;
            match (answer.status, answer.error().as_str()) {
                (202, _) => {
                    super::written(&self.shop, who, &text(&answer.data(), "id")).await;
                    return true;
                }
                (409, "sold_out") => return false,
                (409, "busy") => sleep(COMES_BACK).await,
                _ => panic!("{answer}"),
            }
        }
    }

    /// Random journeys, any two stops as likely as any others, until much more is asked for than there is.
    fn demand(&self, seed: u64) -> Vec<Stretch> {
        let (mut rng, stops) = (fastrand::Rng::with_seed(seed), self.size.stops);
        let (mut asked, mut demand) = (0, Vec::new());
        while asked < self.all() * DEMAND_PERCENT / 100 {
            let (one, other) = (rng.u16(..stops), rng.u16(..stops - 1));
            let other = if other >= one { other + 1 } else { other };
            let stretch = Stretch::new(one.min(other), one.max(other)).unwrap();
            asked += u32::from(stretch.segments());
            demand.push(stretch);
        }
        demand
    }

    /// Segments of all seats.
    fn all(&self) -> u32 {
        self.seats() * u32::from(self.size.stops - 1)
    }

    /// What of this demand, in this order, could be sold if nobody had a seat before the train leaves: a claim fits where no
    /// segment is full, because intervals of which at most n meet at any point can always be seated on n seats.
    fn afterwards(&self, demand: &[Stretch]) -> u32 {
        let mut load = vec![0; usize::from(self.size.stops) - 1];
        for stretch in demand {
            let segments = &mut load[usize::from(stretch.from())..usize::from(stretch.to())];
            if segments.iter().all(|load| *load < self.seats()) {
                for load in segments.iter_mut() {
                    *load += 1;
                }
            }
        }
        load.iter().sum()
    }

    /// What is sold is what was said, and hardly less than what could be.
    async fn check(&self, told: &[(Stretch, bool)], seed: u64) {
        let rows = self.rows().await;
        let stored: u32 = rows.iter().flat_map(Row::taken).map(Segments::count).sum();
        let sold: u32 = told.iter().filter(|(_, held)| *held).map(|(stretch, _)| u32::from(stretch.segments())).sum();
        assert_eq!(stored, sold, "seed {seed}");
        let demand: Vec<Stretch> = told.iter().map(|(stretch, _)| *stretch).collect();
        let share = |part: u32| part * 10_000 / self.all();
        let (sold, could) = (share(sold), share(self.afterwards(&demand)));
        println!("{} asked; sold {sold}, could be {could} (hundredths of a percent)", demand.len());
        assert!(sold + self.size.missing >= could, "seed {seed}: {sold} of {could}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_train_is_filled_and_no_free_seat_is_refused() {
    let size = if is_full() {
        Size { coaches: 16, rows: 17, stops: 30, missing: 100 }
    } else {
        Size { coaches: 3, rows: 17, stops: 30, missing: 200 }
    };
    let story = async {
        let train = Arc::new(Train::open(size).await);
        let seed = fastrand::u64(..);
        println!("seed {seed}");
        let told = Arc::new(Mutex::new(Vec::new()));
        let one = |stretch: Stretch, train: Arc<Train>, told: Arc<Mutex<Vec<_>>>| async move {
            let held = train.hold(stretch).await;
            told.lock().unwrap().push((stretch, held));
            assert!(held || !train.has_free(stretch).await, "a free seat was refused for {stretch:?}");
        };
        let all: Vec<_> =
            train.demand(seed).into_iter().map(|it| one(it, Arc::clone(&train), Arc::clone(&told))).collect();
        together(AT_ONCE, all).await;
        let told = told.lock().unwrap().clone();
        train.check(&told, seed).await;
    };
    timeout(patience(), story).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_short_train_is_sold_to_people_over_http() {
    /// How few seats there are shows in how well they can be filled.
    const SIZE: Size = Size { coaches: 2, rows: 4, stops: 12, missing: 600 };
    let story = async {
        let train = Arc::new(Train::open(SIZE).await);
        let seed = fastrand::u64(..);
        println!("seed {seed}");
        let told = Arc::new(Mutex::new(Vec::new()));
        let one = |who: Person, number: u64, stretch: Stretch, train: Arc<Train>, told: Arc<Mutex<Vec<_>>>| async move {
            let held = train.order(&who, stretch, number).await;
            told.lock().unwrap().push((stretch, held));
            assert!(held || !train.has_free(stretch).await, "a free seat was refused for {stretch:?}");
        };
        let demand = train.demand(seed);
        let everybody = buyers(&train.shop, demand.len()).await.into_iter().zip(1..).zip(demand);
        let all: Vec<_> = everybody
            .map(|((who, number), stretch)| one(who, number, stretch, Arc::clone(&train), Arc::clone(&told)))
            .collect();
        together(AT_ONCE, all).await;
        train.shop.drained().await;
        let told = told.lock().unwrap().clone();
        train.check(&told, seed).await;
        let counted = audit(&train.shop).await;
        assert_eq!(counted.sold, 0);
    };
    timeout(patience(), story).await.unwrap();
}
