//! Where a story runs: in a program of its own with a test clock, or at the address in `ONSALE_TEST_URL`.
//!
//! Whoever tells a story has nothing but HTTP, here as there: people are registered and logged in, and what workers do is
//! waited for. The two differ in how time passes. Here it is moved by hand and *drained* means done; there it is the
//! world's, and what should happen is looked for until a deadline.

use domain::{
    Timestamp,
    tenant::{HoldTime, Tenant as Settings},
    user::Role,
};
use identity::{NewAccount, create_account};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

use crate::{
    client::{Answer, Web},
    shop::{Offer, Shop, Wares, fresh_key, text},
};

pub(crate) const TENANT: &str = "demo";
const PASSWORD: &str = "demo-password-1";
/// Between two looks at a place whose time is not ours.
const LOOKS: Duration = Duration::from_millis(400);
/// For how long something is looked for there: workers have to start, and streams are read each second or so.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A running system, seen from outside, with the people who run a tenant in it.
pub(crate) struct Place {
    web: Web,
    ground: Ground,
    pub(crate) publisher: Guest,
    pub(crate) admin: Guest,
    pub(crate) door: Guest,
}

/// What is known of the system beside its address.
enum Ground {
    /// Everything: it is ours.
    Here(Box<Shop>),
    /// Nothing.
    There,
}

/// Somebody who is logged in.
#[derive(Clone, Debug)]
pub(crate) struct Guest {
    bearer: String,
}

impl Place {
    /// Starts a system, or goes where the environment says.
    pub(crate) async fn open() -> Self {
        let (web, ground) = if let Some(url) = variable("ONSALE_TEST_URL") {
            (Web::new(&url), Ground::There)
        } else {
            let shop = Shop::open().await;
            hire(&shop).await;
            (Web::new(&shop.system.base_url()), Ground::Here(Box::new(shop)))
        };
        let told = variable("ONSALE_TEST_PASSWORD").filter(|_| matches!(ground, Ground::There));
        let password = told.unwrap_or_else(|| PASSWORD.to_owned());
        let log_in = async |name: &str| {
            let body = json!({"tenantId": TENANT, "username": format!("{name}@demo.test"), "password": password});
            Guest::of(&send(&web, None, "POST", "/api/admin/auth/login", &[], &body).await)
        };
        let (publisher, admin, door) = (log_in("publisher").await, log_in("admin").await, log_in("door").await);
        Self { web, ground, publisher, admin, door }
    }

    /// The system with its clock, where there is one; otherwise says that the story is left out.
    pub(crate) fn with_clock(&self, story: &str) -> Option<&Shop> {
        match &self.ground {
            Ground::Here(shop) => Some(shop),
            Ground::There => {
                println!("skipped, because it needs a clock that can be moved: {story}");
                None
            }
        }
    }

    /// What time it is there.
    #[expect(clippy::disallowed_methods, reason = "a deployed system lives in the time of the world")]
    pub(crate) fn now(&self) -> Timestamp {
        match &self.ground {
            Ground::Here(shop) => shop.now(),
            Ground::There => jiff::Timestamp::now(),
        }
    }

    /// A customer whom nobody saw before.
    pub(crate) async fn buyer(&self) -> Guest {
        let email = format!("{}@people.test", fresh_key());
        let body = json!({"tenantId": TENANT, "email": email, "password": PASSWORD, "nickname": "B"});
        let registered = self.ask(None, "POST", "/api/auth/register", &body).await;
        registered.expect(201);
        let body = json!({"tenantId": TENANT, "login": email, "password": PASSWORD});
        Guest::of(&self.ask(None, "POST", "/api/auth/login", &body).await)
    }

    /// Asks as somebody, or as nobody.
    pub(crate) async fn ask(&self, who: Option<&Guest>, method: &str, path: &str, body: &Value) -> Answer {
        send(&self.web, who, method, path, &[("x-tenant-id", TENANT)], body).await
    }

    /// Sends what creates something.
    pub(crate) async fn create(&self, who: &Guest, path: &str, body: &Value) -> Answer {
        send(&self.web, Some(who), "POST", path, &[("idempotency-key", &fresh_key())], body).await
    }

    /// Sends what creates something under a key of one's own.
    pub(crate) async fn create_as(&self, who: &Guest, path: &str, key: &str, body: &Value) -> Answer {
        send(&self.web, Some(who), "POST", path, &[("idempotency-key", key)], body).await
    }

    pub(crate) async fn get(&self, who: &Guest, path: &str) -> Answer {
        self.ask(Some(who), "GET", path, &Value::Null).await
    }

    /// Asks without being logged in.
    pub(crate) async fn look(&self, path: &str) -> Answer {
        self.ask(None, "GET", path, &Value::Null).await
    }

    /// Publishes an event whose doors are open already, so that its tickets admit at once.
    pub(crate) async fn publish(&self, tickets: u32, price: u64) -> Offer {
        let at = |hours: i64| Timestamp::from_second(self.now().as_second() + hours * 3_600).unwrap().to_string();
        let event = json!({
            "title": "A winter concert", "city": "Shanghai", "venue": "Grand Hall", "address": "1 Example Road",
            "timezone": "Asia/Shanghai", "performers": ["Lin Ying"],
            "refundPolicy": {"mode": "automatic", "hoursBefore": 0},
            "sessions": [{"startsAt": at(8), "duration": 120, "doorsAt": at(-1)}],
            "priceOptions": [{"name": "Standing", "price": price, "totalCount": tickets}],
        });
        let made = self.create(&self.publisher, "/api/admin/events", &event).await.data();
        let event = text(&made, "id");
        let step = |action: &str| format!("/api/admin/events/{event}/{action}");
        self.ask(Some(&self.publisher), "POST", &step("submit"), &Value::Null).await.expect(200);
        let approved = self.ask(Some(&self.admin), "POST", &step("approve"), &Value::Null).await.expect(200);
        let (session, option) = (text(&approved["sessions"][0], "id"), text(&approved["priceOptions"][0], "id"));
        Offer { event, session, option, wares: Wares::Tickets }
    }

    /// Asks for tickets until the answer is no longer that everybody should come back.
    pub(crate) async fn try_buy(&self, who: &Guest, offer: &Offer, quantity: u8) -> Answer {
        self.until_some("an answer to a buyer", PATIENCE, async || {
            let answer = self.create(who, "/api/orders", &offer.order(quantity)).await;
            (answer.error() != "busy").then_some(answer)
        })
        .await
    }

    /// Holds tickets, and waits until the order is written; its id.
    pub(crate) async fn hold(&self, who: &Guest, offer: &Offer, quantity: u8) -> String {
        let order = text(&self.try_buy(who, offer, quantity).await.expect(202), "id");
        let path = format!("/api/orders/{order}");
        self.until_some("an order that is written", PATIENCE, async || {
            (self.get(who, &path).await.data()["quantity"] == quantity).then_some(())
        })
        .await;
        order
    }

    /// Begins a payment; its id.
    pub(crate) async fn begin(&self, who: &Guest, order: &str) -> String {
        text(&self.create(who, "/api/payments/sandbox", &json!({"orderId": order})).await.data(), "paymentId")
    }

    /// Has the simulated buyer end a payment in some way.
    pub(crate) async fn complete(&self, who: &Guest, payment: &str, how: &Value) -> Answer {
        self.ask(Some(who), "POST", &format!("/api/payments/sandbox/{payment}/complete"), how).await
    }

    /// Buys and pays; the order with its tickets.
    pub(crate) async fn sale(&self, who: &Guest, offer: &Offer, quantity: u8) -> Value {
        let order = self.hold(who, offer, quantity).await;
        let payment = self.begin(who, &order).await;
        self.complete(who, &payment, &json!({"outcome": "paid"})).await.expect(200);
        self.until(who, &order, "ticketed").await
    }

    /// Waits for a status of an order.
    pub(crate) async fn until(&self, who: &Guest, order: &str, status: &str) -> Value {
        self.until_within(PATIENCE, who, order, status).await
    }

    /// Waits for a status of an order as long as a hold lasts.
    pub(crate) async fn until_held_no_longer(&self, who: &Guest, order: &str) -> Value {
        if let Ground::Here(shop) = &self.ground {
            shop.clock.advance(62);
        }
        // A hold is a minute, and its end is a message that comes a little later.
        self.until_within(Duration::from_secs(90) + PATIENCE, who, order, "expired").await
    }

    async fn until_within(&self, patience: Duration, who: &Guest, order: &str, status: &str) -> Value {
        let path = format!("/api/orders/{order}");
        self.until_some(status, patience, async || {
            let seen = self.get(who, &path).await.data();
            (seen["status"] == status).then_some(seen)
        })
        .await
    }

    /// Looks until there is something.
    pub(crate) async fn until_some<T>(&self, what: &str, patience: Duration, look: impl AsyncFn() -> Option<T>) -> T {
        let deadline = Instant::now() + patience;
        loop {
            if let Ground::Here(shop) = &self.ground {
                shop.drained().await;
            }
            if let Some(found) = look().await {
                return found;
            }
            assert!(Instant::now() < deadline, "{what} was waited for in vain");
            match &self.ground {
                // What is remembered for a second or two is forgotten.
                Ground::Here(shop) => shop.clock.advance(3),
                Ground::There => sleep(LOOKS).await,
            }
        }
    }

    /// Shows a code at the door.
    pub(crate) async fn scan(&self, code: &str, nonce: &str) -> Answer {
        let scan = json!({"code": code, "gate": "north", "nonce": nonce});
        self.ask(Some(&self.door), "POST", "/api/door/check-in", &scan).await
    }
}

impl Guest {
    #[track_caller]
    fn of(login: &Answer) -> Self {
        Self { bearer: format!("Bearer {}", text(&login.data(), "token")) }
    }
}

/// Makes what `cargo xtask deployed-test` makes there: accounts, and holds as short as they may be.
async fn hire(shop: &Shop) {
    let tenant = shop.store();
    let settings = tenant.catalogue().settings().await.unwrap().unwrap();
    let short = Settings { hold: HoldTime::minutes(1).unwrap(), ..settings };
    tenant.catalogue().put_settings(&short).await.unwrap();
    for (name, role) in [("publisher", Role::Publisher), ("admin", Role::Admin), ("door", Role::Staff)] {
        let account = NewAccount {
            email: format!("{name}@demo.test"),
            password: PASSWORD.to_owned(),
            role,
            nickname: name.to_owned(),
        };
        create_account(shop.app(), &shop.tenant, account).await.unwrap();
    }
}

async fn send(
    web: &Web,
    who: Option<&Guest>,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Answer {
    let mut all = vec![("content-type", "application/json")];
    all.extend(who.map(|guest| ("authorization", guest.bearer.as_str())));
    all.extend_from_slice(headers);
    let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(body).unwrap() };
    web.send(method, path, &all, body).await
}

#[expect(clippy::disallowed_methods, reason = "where a story runs is said by whoever runs it")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
