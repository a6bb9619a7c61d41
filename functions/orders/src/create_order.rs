//! Writes an order whose tickets are held, and sees to it that its hold ends on time.

use app::{
    App, Duty, Failure, Grant, Job, Source, Worker,
    message::{HeldPart, OrderNamed, OrderPlaced, ReplacedPart},
};
use data_encoding::BASE64;
use domain::{
    Timestamp,
    money::Money,
    order::{Contact, Draft, Order, Purchase, Quantity, Status},
    tenant::HoldTime,
};
use providers::queue::Queue;
use serde::{Deserialize, Serialize};
use store::{Applied, Stored, Table, Tenant};

/// The worker.
pub static WORKER: Worker = Worker::of::<CreateOrder>();

/// An order to be written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct CreateOrder(OrderPlaced);

impl Job for CreateOrder {
    const DUTY: Duty = Duty {
        name: "create-order",
        source: Source::Queue(Queue::CreateOrder),
        grants: &[
            Grant::read(Table::Orders),
            Grant::write(Table::Orders),
            Grant::read(Table::Inventory),
            Grant::write(Table::Inventory),
            Grant::read(Table::Catalogue),
            Grant::write(Table::Catalogue),
            Grant::send(Queue::ExpireOrder),
        ],
        summary: "Write an order whose tickets are held",
    };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        let tenant = app.store.tenant(&self.0.tenant.0);
        let draft = draft(&self.0).map_err(Failure::poison)?;
        let (id, held) = (draft.id, draft.held.clone());
        let Ok(order) = Order::reserve(draft, app.now()) else {
            return Ok(tenant.abandon(id, &held, app.now()).await?);
        };
        match tenant.orders().create(&order).await? {
            Applied::Done => expire_later(app, &tenant, &order).await,
            // The first delivery may have died before it sent the expiry message: this one sends it again.
            Applied::Conflict(Some(Stored::Order(order))) => expire_later(app, &tenant, &order).await,
            Applied::Conflict(_) => Ok(tenant.abandon(id, &held, app.now()).await?),
        }
    }
}

async fn expire_later(app: &App, tenant: &Tenant, order: &Order) -> Result<(), Failure> {
    let Some(expires) = order.expires().filter(|_| order.status() == Status::Pending) else {
        return Ok(());
    };
    let now = app.now();
    let message = OrderNamed { tenant: tenant.id().clone().into(), order: order.id.into() };
    Ok(app.queues.send(Queue::ExpireOrder, &message, seconds_until(expires, now), now).await?)
}

/// Whole seconds until a moment has passed.
pub(crate) fn seconds_until(at: Timestamp, now: Timestamp) -> u32 {
    let millis = at.as_millisecond().saturating_sub(now.as_millisecond()).max(0);
    u32::try_from(millis / 1_000 + 1).unwrap_or(u32::MAX)
}

fn draft(placed: &OrderPlaced) -> Result<Draft, String> {
    let quantity = Quantity::parse(placed.quantity.into()).map_err(|wrong| wrong.to_string())?;
    let hold = HoldTime::minutes(placed.hold_minutes.into()).map_err(|wrong| wrong.to_string())?;
    let contact = BASE64.decode(placed.contact.as_bytes()).map_err(|wrong| wrong.to_string())?;
    let moment = |millis| Timestamp::from_millisecond(millis).map_err(|wrong| wrong.to_string());
    Ok(Draft {
        id: placed.order.0,
        user: placed.user.0,
        purchase: Purchase {
            subject: placed.subject.read().map_err(|wrong| wrong.to_string())?,
            quantity,
            total: Money::new(placed.total, placed.currency.0),
            each: placed.each.clone(),
            seats: placed.seats.clone(),
        },
        contact: Contact::sealed(contact),
        held: placed.held.iter().map(HeldPart::read).collect::<Option<_>>().ok_or("holds no place")?,
        hold,
        expires: moment(placed.expires)?,
        created: moment(placed.created)?,
        replaces: placed.replaces.as_ref().map(ReplacedPart::read),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_message_never_comes_before_its_time() {
        let at = |millis| Timestamp::from_millisecond(millis).unwrap();
        assert_eq!(seconds_until(at(10_000), at(9_001)), 1);
        assert_eq!(seconds_until(at(10_000), at(9_000)), 2);
        assert_eq!(seconds_until(at(10_000), at(20_000)), 1);
    }
}
