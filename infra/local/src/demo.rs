//! The demo: a tenant with accounts, events and a railway to try everything with, made through the product's own routes.
//!
//! Safe to repeat: what is there already is left as it is, and what an interrupted start left behind is finished. Events
//! that are over are not counted as there, so that an old folder has something on sale again.

mod insider;
mod opera;
mod programme;
mod railway;

use std::fmt;

use app::Error;
use domain::{
    Timestamp,
    tenant::{Features, Tenant, TenantId},
    user::Role,
};
use identity::{NewAccount, create_account};
use serde_json::{Value, json};

use self::{
    insider::Insider,
    programme::{Planned, programme},
};
use crate::System;

const TENANT: &str = "demo";
const PASSWORD: &str = "demo-password-1";
/// Who there is: the name before `@demo.test`, what they may do, how they are called.
const ACCOUNTS: [(&str, Role, &str); 5] = [
    ("root", Role::Platform, "Root"),
    ("admin", Role::Admin, "Ada"),
    ("publisher", Role::Publisher, "Paul"),
    ("door", Role::Staff, "Dora"),
    ("buyer", Role::Customer, "Bai"),
];

/// Why the demo cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{step}: {reason}")]
pub struct DemoError {
    step: String,
    reason: String,
}

impl DemoError {
    fn new(step: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self { step: step.into(), reason: reason.to_string() }
    }
}

/// Makes whatever of the demo is missing.
pub(crate) async fn make(system: &System) -> Result<(), DemoError> {
    let tenant = TENANT.parse::<TenantId>().map_err(|error| DemoError::new("tenant", error))?;
    make_tenant(system, &tenant).await?;
    for (name, role, nickname) in ACCOUNTS {
        make_account(system, &tenant, name, role, nickname).await.map_err(|error| DemoError::new(name, error))?;
    }
    let publisher = Insider::admin(system, "publisher").await?;
    let admin = Insider::admin(system, "admin").await?;
    let known = publisher.call("GET", "/api/admin/events?pageSize=100", &json!({})).await?;
    let house = opera::made(&admin).await?;
    railway::open(&admin, system.app.now()).await?;
    for planned in programme(system.app.now(), &house) {
        let event = made(&planned, &known, &publisher, &admin).await?;
        if planned.is_sold_out && event["status"] != "soldOut" {
            // Tickets that an interrupted start left held come back in a quarter of an hour: no reason not to start.
            if let Err(error) = sell_out(system, &event).await {
                tracing::warn!(%error, "an event of the demo is not sold out");
            }
        }
    }
    system.drained().await.map_err(|error| DemoError::new("rest", error))
}

async fn make_tenant(system: &System, id: &TenantId) -> Result<(), DemoError> {
    let settings = Tenant {
        contact: Some("hello@demo.test".to_owned()),
        features: Features { calendar: true, ..Features::default() },
        ..Tenant::new(id.clone(), "Demo Tickets".to_owned())
    };
    let key = system.app.store.tenant(id).make_first_key().await;
    key.map_err(|error| DemoError::new("tenant", error))?;
    // Whoever changed the settings of the demo since keeps them.
    let made = system.app.store.tenant(id).catalogue().create_settings(&settings).await;
    made.map(drop).map_err(|error| DemoError::new("tenant", error))
}

async fn make_account(system: &System, tenant: &TenantId, name: &str, role: Role, nickname: &str) -> Result<(), Error> {
    let account = NewAccount { email: email(name), password: PASSWORD.to_owned(), role, nickname: nickname.to_owned() };
    create_account(system.app, tenant, account).await.map(drop)
}

fn email(name: &str) -> String {
    [name, "@demo.test"].concat()
}

/// An event of the programme, approved: found, finished or made.
async fn made(
    planned: &Planned,
    known: &Value,
    publisher: &Insider<'_>,
    admin: &Insider<'_>,
) -> Result<Value, DemoError> {
    let is_it = |event: &&Value| event["title"] == planned.title && event["status"] != "ended";
    let found = known["items"].as_array().into_iter().flatten().find(is_it);
    let event = match found {
        Some(event) => event.clone(),
        None => publisher.call("POST", "/api/admin/events", &planned.draft).await?,
    };
    let id = event["id"].as_str().unwrap_or_default();
    let route = |action: &str| ["/api/admin/events/", id, action].concat();
    if event["status"] == "draft" {
        publisher.call("POST", &route("/submit"), &json!({})).await?;
    }
    if event["status"] == "draft" || event["status"] == "pending" {
        return admin.call("POST", &route("/approve"), &json!({})).await;
    }
    Ok(event)
}

/// Buys all there is of an event, as a buyer would.
async fn sell_out(system: &System, event: &Value) -> Result<(), DemoError> {
    let option = &event["priceOptions"][0];
    let buyer = Insider::customer(system, "buyer").await?;
    let order = json!({
        "eventId": event["id"],
        "priceOptionId": option["id"],
        "quantity": option["totalCount"],
        "userInfo": {"name": "Bai", "phone": "13800000000"},
    });
    let placed = buyer.call("POST", "/api/orders", &order).await?;
    rest(system).await?;
    let id = placed["id"].as_str().unwrap_or_default();
    let begun = buyer.call("POST", "/api/payments/sandbox", &json!({"orderId": id})).await?;
    if begun["status"] != "paid" {
        let payment = begun["paymentId"].as_str().unwrap_or_default();
        let route = ["/api/payments/sandbox/", payment, "/complete"].concat();
        buyer.call("POST", &route, &json!({"outcome": "paid"})).await?;
    }
    rest(system).await
}

async fn rest(system: &System) -> Result<(), DemoError> {
    system.drained().await.map_err(|error| DemoError::new("selling out", error))
}

/// A time as drafts of events have it.
fn moment(time: Timestamp) -> String {
    time.to_string()
}

#[cfg(test)]
mod tests;
