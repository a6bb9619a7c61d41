//! The people and the events of a measurement, made through the program's own routes.

use std::{cell::RefCell, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method};
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date, tz};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    Outcome,
    client::{Answer, Line},
    metrics::{self, Units},
    program::Program,
};

const TENANT: &str = "demo";
/// The password of the demo's accounts.
const DEMO_PASSWORD: &str = "demo-password-1";
const PASSWORD: &str = "a long bench password";
/// How often the queues must be seen empty before everything counts as done, and how long between.
const LOOKS: usize = 4;
const BETWEEN_LOOKS: Duration = Duration::from_millis(60);

/// The program with buyers who are logged in.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) program: Program,
    /// Taken and put back by whoever needs them.
    buyers: RefCell<Vec<Person>>,
    publisher: RefCell<Person>,
    admin: RefCell<Person>,
    door: RefCell<Vec<Person>>,
}

/// Somebody who is logged in, with a connection.
#[derive(Debug)]
pub(crate) struct Person {
    api: Line,
    /// Where images lie, once one was fetched.
    files: Option<Line>,
    bearer: HeaderValue,
    number: usize,
    asked: u64,
}

/// What is on sale.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) event: String,
    option: String,
}

#[derive(Deserialize)]
struct LoggedIn {
    token: String,
}

impl Offer {
    /// What is waited for.
    pub(crate) fn alternative(&self) -> Value {
        json!({"eventId": self.event, "priceOptionId": self.option})
    }

    /// The body of an order.
    pub(crate) fn order(&self, quantity: u8) -> Bytes {
        let Self { event, option } = self;
        Bytes::from(format!(
            r#"{{"eventId":"{event}","priceOptionId":"{option}","quantity":{quantity},"userInfo":{{"name":"Bai","phone":"13800000000"}}}}"#
        ))
    }
}

impl Shop {
    /// Logs everybody in.
    pub(crate) async fn open(program: Program, buyers: usize) -> Outcome<Self> {
        let at = program.authority.clone();
        let staff = async |name: &str| {
            let login = json!({"tenantId": TENANT, "username": format!("{name}@demo.test"), "password": DEMO_PASSWORD});
            Person::enter(&at, "/api/admin/auth/login", &login, 0).await
        };
        let (publisher, admin, door) = (staff("publisher").await?, staff("admin").await?, staff("door").await?);
        let mut all = Vec::with_capacity(buyers);
        for number in 0..buyers {
            let account = json!({"tenantId": TENANT, "email": address(number), "password": PASSWORD});
            all.push(Person::enter(&at, "/api/auth/register", &account, number).await?);
        }
        Ok(Self {
            program,
            buyers: RefCell::new(all),
            publisher: RefCell::new(publisher),
            admin: RefCell::new(admin),
            door: RefCell::new(vec![door]),
        })
    }

    pub(crate) async fn close(self) -> Outcome<()> {
        self.program.stop().await
    }

    /// Takes so many buyers out; whoever does puts them back.
    pub(crate) fn take(&self, count: usize) -> Vec<Person> {
        let mut buyers = self.buyers.borrow_mut();
        let left = buyers.len().saturating_sub(count);
        buyers.split_off(left)
    }

    pub(crate) fn put_back(&self, buyers: impl IntoIterator<Item = Person>) {
        self.buyers.borrow_mut().extend(buyers);
    }

    /// Takes the member of staff from the door.
    pub(crate) fn take_door(&self) -> Vec<Person> {
        self.door.take()
    }

    pub(crate) fn put_back_door(&self, door: Vec<Person>) {
        self.door.replace(door);
    }

    /// Puts an event on sale the way organisers do. Its doors are open.
    pub(crate) async fn publish(&self, title: &str, tickets: u32) -> Outcome<Offer> {
        let (event, option) = self.publish_draft(&draft(title, tickets)).await?;
        Ok(Offer { event, option })
    }

    /// The same with other fields than usual. Returns the event and its first price option.
    pub(crate) async fn publish_with(&self, title: &str, more: Value) -> Outcome<(String, String)> {
        let mut draft = draft(title, 1);
        if let (Some(draft), Value::Object(more)) = (draft.as_object_mut(), more) {
            draft.extend(more);
        }
        self.publish_draft(&draft).await
    }

    #[expect(clippy::await_holding_refcell_ref, reason = "events are published one after the other")]
    async fn publish_draft(&self, draft: &Value) -> Outcome<(String, String)> {
        let (mut publisher, mut admin) = (self.publisher.borrow_mut(), self.admin.borrow_mut());
        let made: Value = publisher.post("/api/admin/events", draft).await?.data()?;
        let event = text(&made["id"])?;
        publisher.post(&format!("/api/admin/events/{event}/submit"), &json!({})).await?.data::<Value>()?;
        let approve = format!("/api/admin/events/{event}/approve");
        let approved: Value = admin.post(&approve, &json!({})).await?.data()?;
        let option = text(&approved["priceOptions"][0]["id"])?;
        drop((publisher, admin));
        self.at_rest().await?;
        Ok((event, option))
    }

    /// Sends what only an administrator may.
    #[expect(clippy::await_holding_refcell_ref, reason = "what is measured is prepared one thing after the other")]
    pub(crate) async fn as_admin(&self, path: &str, body: &Value) -> Outcome<Value> {
        self.admin.borrow_mut().post(path, body).await?.data()
    }

    /// Asks what only an administrator may.
    #[expect(clippy::await_holding_refcell_ref, reason = "what is measured is prepared one thing after the other")]
    pub(crate) async fn ask_admin(&self, path: &str) -> Outcome<Value> {
        self.admin.borrow_mut().get(path).await?.data()
    }

    /// Waits until no queue has anything to be done.
    pub(crate) async fn at_rest(&self) -> Outcome<()> {
        let mut empty = 0;
        while empty < LOOKS {
            let waiting = metrics::waiting(&self.metrics().await?);
            empty = if waiting > 0.0 { 0 } else { empty + 1 };
            sleep(BETWEEN_LOOKS).await;
        }
        Ok(())
    }

    /// The units used so far.
    pub(crate) async fn units(&self) -> Outcome<Units> {
        Ok(Units::of(&self.metrics().await?))
    }

    async fn metrics(&self) -> Outcome<String> {
        let answer =
            Line::open(&self.program.authority).await?.send(Method::GET, "/metrics", &[], Bytes::new()).await?;
        Ok(String::from_utf8(answer.body.to_vec())?)
    }
}

impl Person {
    async fn enter(authority: &str, path: &str, body: &Value, number: usize) -> Outcome<Self> {
        let nobody = HeaderValue::from_static("");
        let mut person = Self { api: Line::open(authority).await?, files: None, bearer: nobody, number, asked: 0 };
        let body = Bytes::from(body.to_string());
        let kind = HeaderValue::from_static("application/json");
        let answer = person.api.send(Method::POST, path, &[("content-type", &kind)], body).await?;
        let LoggedIn { token } = answer.data()?;
        person.bearer = HeaderValue::from_str(&format!("Bearer {token}"))?;
        Ok(person)
    }

    pub(crate) async fn get(&mut self, path: &str) -> Outcome<Answer> {
        self.api.send(Method::GET, path, &[("authorization", &self.bearer)], Bytes::new()).await
    }

    /// Looks without saying who asks.
    pub(crate) async fn look(&mut self, path: &str) -> Outcome<Answer> {
        self.api.send(Method::GET, path, &[], Bytes::new()).await
    }

    /// Sends JSON under a key that nobody used.
    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Outcome<Answer> {
        self.create(path, Bytes::from(body.to_string())).await
    }

    /// Sends bytes of JSON under a key that nobody used.
    pub(crate) async fn create(&mut self, path: &str, body: Bytes) -> Outcome<Answer> {
        self.send(Method::POST, path, body).await
    }

    /// Has something done that needs no body.
    pub(crate) async fn put(&mut self, path: &str) -> Outcome<Answer> {
        self.send(Method::PUT, path, Bytes::from_static(b"{}")).await
    }

    async fn send(&mut self, method: Method, path: &str, body: Bytes) -> Outcome<Answer> {
        self.asked += 1;
        let key = HeaderValue::from_str(&format!("bench-{}-{:x}", self.number, self.asked))?;
        let kind = HeaderValue::from_static("application/json");
        let headers = [("authorization", &self.bearer), ("idempotency-key", &key), ("content-type", &kind)];
        self.api.send(method, path, &headers, body).await
    }

    /// Fetches a file by its link, which may lead to another port.
    pub(crate) async fn fetch(&mut self, link: &str) -> Outcome<Answer> {
        let (authority, path) = parts(link).ok_or_else(|| format!("{link} is no link"))?;
        let line = match self.files.take() {
            Some(line) if line.authority() == authority => line,
            _ => Line::open(authority).await?,
        };
        self.files.insert(line).send(Method::GET, path, &[], Bytes::new()).await
    }
}

/// The body of a login of the first buyer.
pub(crate) fn login() -> Bytes {
    Bytes::from(json!({"tenantId": TENANT, "login": address(0), "password": PASSWORD}).to_string())
}

fn address(buyer: usize) -> String {
    format!("bench-{buyer}@people.test")
}

/// Host and path of a link.
fn parts(link: &str) -> Option<(&str, &str)> {
    let rest = link.strip_prefix("http://")?;
    rest.find('/').map(|at| rest.split_at(at))
}

pub(crate) fn text(value: &Value) -> Outcome<String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("{value} is no text").into())
}

fn draft(title: &str, tickets: u32) -> Value {
    let now = now();
    let at = |hours| now.checked_add(SignedDuration::from_hours(hours)).unwrap_or(now).to_string();
    json!({
        "title": title, "city": "Shanghai", "venue": "Pier 7", "address": "7 Zhongshan East 2nd Road",
        "timezone": "Asia/Shanghai", "performers": ["The Tugboats"],
        "refundPolicy": {"mode": "automatic", "hoursBefore": 0},
        "sessions": [{"startsAt": at(8), "duration": 180, "doorsAt": at(-1)}],
        "priceOptions": [{"name": "General admission", "price": 12_800, "totalCount": tickets}],
    })
}

/// The date of tomorrow, where the railways of the bench are.
pub(crate) fn tomorrow() -> Outcome<Date> {
    Ok(now().to_zoned(tz::offset(8).to_time_zone()).date().checked_add(1.day())?)
}

/// What time it is.
#[expect(clippy::disallowed_methods, reason = "the events of a measurement begin soon, by the clock on the wall")]
fn now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_host_and_a_path() {
        assert_eq!(parts("http://127.0.0.1:1/a?b=c"), Some(("127.0.0.1:1", "/a?b=c")));
        assert_eq!(parts("https://elsewhere/"), None);
        assert_eq!(parts("http://127.0.0.1:1"), None);
    }
}
