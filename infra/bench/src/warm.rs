//! Processor time of one request, by operation, of a program that is warm.

use argon2::{Algorithm, Argon2, Params, Version};
use bytes::Bytes;
use futures_util::future::try_join_all;
use http::Method;
use serde_json::json;

use crate::{
    Outcome,
    program::own_cpu_secs,
    purchase::buy,
    shop::{Person, Shop, login},
};

/// Connections over which requests are made: enough that nobody waits for the network.
const AT_ONCE: usize = 8;

/// Passwords that are compared: each takes tens of milliseconds.
const LOGINS: usize = 64;

/// What one request of an operation costs.
#[derive(Clone, Debug)]
pub(crate) struct Cost {
    pub(crate) operation: &'static str,
    /// Processor time of the program, in microseconds, of user and system together.
    pub(crate) cpu_us: f64,
}

/// What is asked, again and again.
struct Asked {
    operation: &'static str,
    method: Method,
    path: String,
    body: Bytes,
    status: u16,
    /// Whether the token goes with it.
    known: bool,
}

/// Measures every operation of a sale.
pub(crate) async fn measure(shop: &Shop, requests: usize) -> Outcome<Vec<Cost>> {
    let offer = shop.publish("Warm", 100_000).await?;
    let sold_out = shop.publish("Warm and gone", 1).await?;
    let mut buyers = shop.take(AT_ONCE);
    // All that follows is asked by the buyer of these two orders, over one connection: only the owner sees an order.
    let bought = buy(&mut buyers[0], &offer, 1).await?;
    buy(&mut buyers[0], &sold_out, 1).await?;
    shop.at_rest().await?;
    let ticket = &bought.tickets[0];
    let get = |operation, path: String| {
        let (method, body) = (Method::GET, Bytes::new());
        Asked { operation, method, path, body, status: 200, known: true }
    };
    let nobody = |operation, path: String| Asked { known: false, ..get(operation, path) };
    let event = &offer.event;
    let reads = [
        get("`GET /healthz`", "/healthz".to_owned()),
        get("`GET /api/events`", "/api/events?tenantId=demo".to_owned()),
        nobody("`GET /api/events/{event}`, without a token", format!("/api/events/{event}?tenantId=demo")),
        get("`GET /api/events/{event}`, with a token", format!("/api/events/{event}?tenantId=demo")),
        get("`GET /api/events/{event}/stock`", format!("/api/events/{event}/stock?tenantId=demo")),
        get("`GET /api/orders/{order}`, with its ticket", format!("/api/orders/{}", bought.order)),
        get("`GET /api/tickets/{ticket}`", format!("/api/tickets/{}", ticket.id)),
    ];
    let (post, orders) = (Method::POST, "/api/orders".to_owned());
    let in_vain = Asked {
        operation: "`POST /api/orders`, sold out",
        method: post.clone(),
        path: orders.clone(),
        body: sold_out.order(1),
        status: 409,
        known: true,
    };
    let holds = Asked {
        operation: "`POST /api/orders`, held, and its order written",
        method: post.clone(),
        path: orders,
        body: offer.order(1),
        status: 202,
        known: true,
    };
    let mut costs = Vec::new();
    for asked in reads.iter().chain([&in_vain, &holds]) {
        costs.push(cost(shop, &mut buyers, asked, requests).await?);
    }
    shop.put_back(buyers);
    let scanned = Asked {
        operation: "`POST /api/door/check-in`, used already",
        method: post,
        path: "/api/door/check-in".to_owned(),
        body: Bytes::from(json!({"code": ticket.qr_code}).to_string()),
        status: 409,
        known: true,
    };
    let mut door = shop.take_door();
    // The first scan admits.
    door[0].create(&scanned.path, scanned.body.clone()).await?;
    costs.push(cost(shop, &mut door, &scanned, requests).await?);
    shop.put_back_door(door);
    costs.push(login_cost(shop).await?);
    costs.push(hash_alone()?);
    Ok(costs)
}

/// What a login costs, of the same person again and again.
async fn login_cost(shop: &Shop) -> Outcome<Cost> {
    let logs_in = Asked {
        operation: "`POST /api/auth/login`",
        method: Method::POST,
        path: "/api/auth/login".to_owned(),
        body: login(),
        status: 200,
        known: false,
    };
    let mut one = shop.take(1);
    let login = cost(shop, &mut one, &logs_in, LOGINS).await?;
    shop.put_back(one);
    Ok(login)
}

/// What a login computes of a password and nothing else: argon2id at the cost that docs/security.md states.
fn hash_alone() -> Outcome<Cost> {
    let (memory_kib, passes, lanes) = (19_456, 2, 1);
    let params = Params::new(memory_kib, passes, lanes, None).map_err(|error| error.to_string())?;
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let before = own_cpu_secs()?;
    for salt in 0..LOGINS {
        let mut out = [0; 32];
        let done = hasher.hash_password_into(b"a long bench password", &u128::try_from(salt)?.to_be_bytes(), &mut out);
        done.map_err(|error| error.to_string())?;
    }
    let cpu = own_cpu_secs()? - before;
    Ok(Cost { operation: "… argon2id alone", cpu_us: cpu * 1e6 / f64::from(u32::try_from(LOGINS)?) })
}

async fn cost(shop: &Shop, people: &mut [Person], asked: &Asked, requests: usize) -> Outcome<Cost> {
    // An order or ticket is asked for by its owner alone.
    let is_own = asked.path.starts_with("/api/orders/") || asked.path.starts_with("/api/tickets/");
    let people = if is_own { &mut people[..1] } else { people };
    let share = requests.div_ceil(people.len());
    for person in &mut *people {
        ask(person, asked, share.div_ceil(20)).await?;
    }
    shop.at_rest().await?;
    let before = shop.program.cpu_secs()?;
    let made = share * people.len();
    try_join_all(people.iter_mut().map(|person| ask(person, asked, share))).await?;
    if asked.status == 202 {
        shop.at_rest().await?;
    }
    let cpu = shop.program.cpu_secs()? - before;
    Ok(Cost { operation: asked.operation, cpu_us: cpu * 1e6 / f64::from(u32::try_from(made)?) })
}

async fn ask(person: &mut Person, asked: &Asked, times: usize) -> Outcome<()> {
    for _ in 0..times {
        let answer = match asked.method {
            Method::GET if asked.known => person.get(&asked.path).await?,
            Method::GET => person.look(&asked.path).await?,
            _ => person.create(&asked.path, asked.body.clone()).await?,
        };
        if answer.status != asked.status {
            return Err(answer.unexpected());
        }
    }
    Ok(())
}
