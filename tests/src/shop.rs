//! A tenant with its staff, its events and its buyers, in a running program.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use app::{App, Identity, auth::sha256, clock::Clock};
use domain::{
    Timestamp,
    id::{Id as _, LoginId, OrderId, UserId},
    tenant::{Tenant as Settings, TenantId},
    user::Role,
};
use onsale::{Background, Options, System};
use serde_json::{Value, json};
use store::identity::{Device, Profile, Registration, Secret, Standing, User, Verified};

use crate::{
    client::{Answer, Web},
    mirror::Mirror,
};

/// When every test clock begins: the first of January 2026.
pub(crate) const START: i64 = 1_767_225_600;
/// From the start of the clock to the start of a session, in seconds: a month.
pub(crate) const TO_SESSION: i64 = 30 * 86_400;
/// What a ticket costs where nothing is said.
pub(crate) const PRICE: u64 = 12_800;

/// A program that runs, and a tenant in it.
pub(crate) struct Shop {
    /// Another database that is asked whatever the program's own is; where the environment names one.
    mirror: Option<Mirror>,
    pub(crate) system: System,
    pub(crate) clock: Clock,
    pub(crate) tenant: TenantId,
    pub(crate) web: Web,
    pub(crate) publisher: Person,
    pub(crate) admin: Person,
    pub(crate) staff: Person,
    /// When the shop was opened: the times of its events are counted from here.
    began: i64,
}

/// Somebody with an account and a session that does not end while the test lasts.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) tenant: TenantId,
    pub(crate) identity: Identity,
}

/// What of an event a story changes.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) tickets: u32,
    pub(crate) price: u64,
    pub(crate) refunds: &'static str,
    /// How many sessions, a day between them; each with tickets of its own.
    pub(crate) sessions: u8,
}

/// What is on sale: one session, one price option; or the run of a train.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) event: String,
    pub(crate) session: String,
    pub(crate) option: String,
    pub(crate) wares: Wares,
}

/// What an offer sells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wares {
    /// Tickets without numbers.
    Tickets,
    /// Seats by name, of which an order takes the first.
    Seats(Vec<String>),
    /// Rides on a run, from end to end; passengers are numbered from there.
    Rides { run: String, passengers: u32 },
}

impl Offer {
    /// The body of an order.
    pub(crate) fn order(&self, quantity: u8) -> Value {
        let whom = json!({"name": "Wang Fang", "phone": "13800138000"});
        let mut body = match &self.wares {
            Wares::Tickets | Wares::Seats(_) => json!({
                "eventId": self.event, "sessionId": self.session, "priceOptionId": self.option,
                "quantity": quantity, "userInfo": whom,
            }),
            Wares::Rides { run, passengers } => {
                let named = |number: u32| json!({"name": "王芳", "idType": "idCard", "idNo": format!("{number:018}")});
                let passengers: Vec<Value> = (*passengers..).map(named).take(quantity.into()).collect();
                json!({
                    "runId": run, "from": "HCA", "to": "LKA", "class": "second", "quantity": quantity,
                    "passengers": passengers, "userInfo": whom,
                })
            }
        };
        if let Wares::Seats(seats) = &self.wares {
            body["seats"] = json!(seats[..usize::from(quantity)]);
        }
        body
    }

    /// What an order is of.
    pub(crate) fn of(order: &Value) -> Self {
        let wares = Wares::Tickets;
        let (event, session) = (text(order, "eventId"), text(order, "sessionId"));
        Self { event, session, option: text(order, "priceOptionId"), wares }
    }
}

pub(crate) fn tickets(tickets: u32) -> Draft {
    Draft { tickets, price: PRICE, refunds: "review", sessions: 1 }
}

pub(crate) fn start() -> Clock {
    Clock::test(Timestamp::from_second(START).unwrap())
}

impl Shop {
    /// Opens a shop in memory, at the beginning of the test clock.
    pub(crate) async fn open() -> Self {
        let clock = start();
        Self::with(Options::test(clock.clone()), clock).await
    }

    /// Opens a shop in memory whose background does one thing after the other, and only when somebody waits for it.
    pub(crate) async fn stepped() -> Self {
        let clock = start();
        Self::with(Options { background: Background::Stepped, ..Options::test(clock.clone()) }, clock).await
    }

    /// Opens a shop as the options say. Where it was open before, its people are the same.
    pub(crate) async fn with(options: Options, clock: Clock) -> Self {
        let system = Box::pin(System::start(options)).await.unwrap();
        let mirror = if clock.is_test() { Mirror::of(&system).await } else { None };
        let tenant: TenantId = "demo".parse().unwrap();
        establish(system.app, &tenant).await;
        let web = Web::new(&system.base_url());
        let app = system.app;
        let publisher = person(app, &tenant, Role::Publisher, "publisher").await;
        let admin = person(app, &tenant, Role::Admin, "admin").await;
        let staff = person(app, &tenant, Role::Staff, "staff").await;
        let began = if clock.is_test() { START } else { clock.now().as_second() };
        Self { mirror, system, clock, tenant, web, publisher, admin, staff, began }
    }

    /// Waits until no worker has anything to do. What is due later by the test clock does not count.
    pub(crate) async fn drained(&self) {
        self.system.drained().await.unwrap();
    }

    /// Runs every reconciler once, and what follows.
    pub(crate) async fn tick(&self) {
        self.system.tick().await.unwrap();
    }

    /// Carries out a call of `DynamoDB` that the program would not make, such as the loss of an item.
    pub(crate) fn meddle(&self, operation: &str, request: &Value) {
        let body = serde_json::to_vec(request).unwrap();
        let engine = self.system.engines.dynamodb();
        let answer = self.mirror.as_ref().map_or_else(|| engine.call(operation, &body), |it| it.call(operation, &body));
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    }

    pub(crate) fn app(&self) -> &'static App {
        self.system.app
    }

    pub(crate) fn store(&self) -> store::Tenant {
        self.app().store.tenant(&self.tenant)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A customer whom nobody saw before.
    pub(crate) async fn buyer(&self) -> Person {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("buyer-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.person(&name).await
    }

    /// A customer of that name.
    pub(crate) async fn person(&self, name: &str) -> Person {
        person(self.app(), &self.tenant, Role::Customer, name).await
    }

    /// The access token of somebody, good from now on: after a jump of the clock it is a new one.
    pub(crate) fn token(&self, who: &Person) -> String {
        self.app().keys.access_token(&who.tenant, &who.identity, self.now()).unwrap()
    }

    /// Sends JSON as somebody.
    pub(crate) async fn call(&self, who: &Person, method: &str, path: &str, body: Value) -> Answer {
        self.call_with(who, method, path, &[], body).await
    }

    /// Sends JSON as somebody, with more headers.
    pub(crate) async fn call_with(
        &self,
        who: &Person,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> Answer {
        let bearer = format!("Bearer {}", self.token(who));
        let mut all = vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
        all.extend_from_slice(headers);
        let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(&body).unwrap() };
        self.web.send(method, path, &all, body).await
    }

    pub(crate) async fn get(&self, who: &Person, path: &str) -> Answer {
        self.call(who, "GET", path, Value::Null).await
    }

    pub(crate) async fn post(&self, who: &Person, path: &str, body: Value) -> Answer {
        self.call(who, "POST", path, body).await
    }

    /// Sends what creates something, under a key that nobody used.
    pub(crate) async fn create(&self, who: &Person, path: &str, body: Value) -> Answer {
        self.call_with(who, "POST", path, &[("idempotency-key", &fresh_key())], body).await
    }

    /// Asks without being logged in.
    pub(crate) async fn look(&self, path: &str) -> Answer {
        self.web.send("GET", path, &[("x-tenant-id", self.tenant.as_str())], "").await
    }

    /// Publishes an event the way organisers do: written, submitted, approved.
    pub(crate) async fn publish(&self, draft: Draft) -> Offer {
        self.publish_all(draft).await.swap_remove(0)
    }

    /// The same; an offer for each session.
    pub(crate) async fn publish_all(&self, draft: Draft) -> Vec<Offer> {
        self.publish_event(self.event(&draft)).await
    }

    /// The same of an event as it is told.
    pub(crate) async fn publish_event(&self, event: Value) -> Vec<Offer> {
        let made = self.create(&self.publisher, "/api/admin/events", event).await.data();
        let event = text(&made, "id");
        self.post(&self.publisher, &format!("/api/admin/events/{event}/submit"), Value::Null).await.expect(200);
        let approved =
            self.post(&self.admin, &format!("/api/admin/events/{event}/approve"), Value::Null).await.expect(200);
        self.drained().await;
        let option = text(&approved["priceOptions"][0], "id");
        let sessions = approved["sessions"].as_array().unwrap().iter().map(|session| text(session, "id"));
        let offer = |session| Offer { event: event.clone(), session, option: option.clone(), wares: Wares::Tickets };
        sessions.map(offer).collect()
    }

    pub(crate) fn event(&self, draft: &Draft) -> Value {
        let starts = |day: u8| Timestamp::from_second(self.began + TO_SESSION + i64::from(day) * 86_400).unwrap();
        let session = |day: u8| json!({"startsAt": starts(day).to_string(), "duration": 120});
        json!({
            "title": "A winter concert", "city": "Shanghai", "venue": "Grand Hall", "address": "1 Example Road",
            "timezone": "Asia/Shanghai", "performers": ["Lin Ying"],
            "refundPolicy": {"mode": draft.refunds, "hoursBefore": 24},
            "sessions": (0..draft.sessions).map(session).collect::<Vec<_>>(),
            "priceOptions": [{"name": "Standing", "price": draft.price, "totalCount": draft.tickets}],
        })
    }

    /// Asks for tickets; whatever the answer.
    pub(crate) async fn try_buy(&self, who: &Person, offer: &Offer, quantity: u8) -> Answer {
        self.create(who, "/api/orders", offer.order(quantity)).await
    }

    /// Holds tickets; the order's id.
    pub(crate) async fn buy(&self, who: &Person, offer: &Offer, quantity: u8) -> String {
        let placed = self.try_buy(who, offer, quantity).await;
        let data = placed.expect(202);
        assert_eq!(data["status"], "pending", "{placed}");
        text(&data, "id")
    }

    /// Holds tickets and waits until the order is written.
    pub(crate) async fn hold(&self, who: &Person, offer: &Offer, quantity: u8) -> String {
        let order = self.buy(who, offer, quantity).await;
        self.drained().await;
        order
    }

    /// Begins a payment; its id.
    pub(crate) async fn begin(&self, who: &Person, order: &str) -> String {
        let begun = self.create(who, "/api/payments/sandbox", json!({"orderId": order})).await;
        text(&begun.data(), "paymentId")
    }

    /// Has the simulated buyer end a payment in some way.
    pub(crate) async fn complete(&self, who: &Person, payment: &str, how: Value) -> Answer {
        self.post(who, &format!("/api/payments/sandbox/{payment}/complete"), how).await
    }

    /// Pays an order and waits until everything that follows is done.
    pub(crate) async fn pay(&self, who: &Person, order: &str) -> String {
        let payment = self.begin(who, order).await;
        self.complete(who, &payment, json!({"outcome": "paid"})).await.expect(200);
        self.drained().await;
        payment
    }

    /// Buys and pays; the order with its tickets.
    pub(crate) async fn sale(&self, who: &Person, offer: &Offer, quantity: u8) -> Value {
        let order = self.hold(who, offer, quantity).await;
        self.pay(who, &order).await;
        self.until(who, &order, "ticketed").await
    }

    /// An order as its buyer sees it.
    pub(crate) async fn see(&self, who: &Person, order: &str) -> Value {
        self.get(who, &format!("/api/orders/{order}")).await.data()
    }

    pub(crate) async fn status(&self, who: &Person, order: &str) -> String {
        text(&self.see(who, order).await, "status")
    }

    /// Waits until nobody has anything to do, and demands a status.
    #[track_caller]
    pub(crate) fn until<'a>(
        &'a self,
        who: &'a Person,
        order: &'a str,
        status: &'a str,
    ) -> impl Future<Output = Value> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            self.drained().await;
            let seen = self.see(who, order).await;
            assert_eq!(seen["status"], status, "at {caller}: {seen}");
            seen
        }
    }

    /// Tickets left, as buyers are told once everything has been counted.
    pub(crate) async fn left(&self, offer: &Offer) -> u64 {
        self.drained().await;
        // Stock may lag by two seconds; the clock of a test stands still.
        self.clock.advance(3);
        let stock = self.look(&format!("/api/events/{}/stock", offer.event)).await.data();
        stock[0]["remaining"].as_u64().unwrap_or_else(|| panic!("{stock}"))
    }

    /// Lets time pass, and everything that was due in it happen.
    pub(crate) async fn pass(&self, seconds: i64) {
        self.clock.advance(seconds);
        self.drained().await;
    }

    /// Shows a code at the door.
    pub(crate) async fn scan(&self, code: &str, nonce: &str) -> Answer {
        self.post(&self.staff, "/api/door/check-in", json!({"code": code, "gate": "north", "nonce": nonce})).await
    }

    /// Jumps to the moment at which the doors are open.
    pub(crate) async fn open_doors(&self) {
        self.pass(self.doors().as_second() - self.now().as_second()).await;
    }

    /// When the doors are open.
    pub(crate) fn doors(&self) -> Timestamp {
        Timestamp::from_second(self.began + TO_SESSION - 3_600).unwrap()
    }

    pub(crate) async fn stored(&self, order: &str) -> domain::order::Order {
        let order: OrderId = order.parse().unwrap();
        self.store().orders().load(order).await.unwrap().unwrap_or_else(|| panic!("{order} is not stored"))
    }
}

/// Makes a tenant, unless it is there.
pub(crate) async fn establish(app: &App, id: &TenantId) {
    app.store.tenant(id).make_first_key().await.unwrap();
    let tenant = Settings::new(id.clone(), "Demo".into());
    app.store.tenant(id).catalogue().put_settings(&tenant).await.unwrap();
}

/// Makes somebody with a session, without the seconds that a thousand passwords take. Where the program was stopped and
/// started again, they and their session are still there.
pub(crate) async fn person(app: &App, tenant: &TenantId, role: Role, name: &str) -> Person {
    let hash = sha256(&[tenant.as_str().as_bytes(), name.as_bytes()]);
    let bytes = |at: usize| <[u8; 16]>::try_from(&hash[at..at + 16]).unwrap();
    let (user, login) = (UserId::from_bytes(bytes(0)), LoginId::from_bytes(bytes(16)));
    let person = Person { tenant: tenant.clone(), identity: Identity { user, role, login } };
    let accounts = app.store.tenant(tenant);
    if accounts.identity().login_is_alive(user, login, app.now()).await.unwrap() {
        return person;
    }
    let user = User {
        id: user,
        role,
        standing: Standing::Active,
        email: Some(format!("{name}@people.test")),
        phone: None,
        verified: Verified::default(),
        profile: Profile { nickname: Some(name.to_owned()), ..Profile::default() },
        password: None,
        epoch: 0,
        created: app.now(),
        updated: app.now(),
        version: 0,
    };
    let made = accounts.identity().register(&user, app.now()).await.unwrap();
    assert_eq!(made, Registration::Made, "{name}");
    let (now, secret) = (app.now(), Secret::of_hash(&hash));
    let never = Timestamp::from_second(now.as_second() + 400 * 86_400).unwrap();
    assert!(
        accounts.identity().open_login(&user, login, &secret, never, &Device::default(), now).await.unwrap(),
        "{name}"
    );
    person
}

/// A key that nobody used.
pub(crate) fn fresh_key() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("key-{}-{:x}", NUMBER.fetch_add(1, Ordering::Relaxed), fastrand::u64(..))
}

/// A text field that must be there.
#[track_caller]
pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}")).to_owned()
}

/// Runs something many times, so many at once.
pub(crate) async fn together<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    at_once: usize,
    all: impl IntoIterator<Item = F>,
) -> Vec<T> {
    let gate = Arc::new(tokio::sync::Semaphore::new(at_once));
    let tasks: Vec<_> = all
        .into_iter()
        .map(|one| {
            let gate = Arc::clone(&gate);
            tokio::spawn(async move {
                let _permit = gate.acquire().await.unwrap();
                one.await
            })
        })
        .collect();
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}
