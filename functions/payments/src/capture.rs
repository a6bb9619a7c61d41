//! Applying a capture to its order: whoever hears of it (a webhook, the poller, the closing of a payment), and however
//! often, the same happens once.

use app::{App, Failure};
use domain::{
    Timestamp,
    block::Token,
    id::OrderId,
    occasion::Kind,
    order::{Arrived, Change, Order, State},
    payment::Capture,
    refund::{self, Reason, Refund},
};
use store::{
    Applied, Stored, Tenant, keys,
    protocol::{Exchanged, Revived},
};

use crate::send;

/// How often a decision is made anew when the order changes under it.
pub(crate) const ROUNDS: usize = 8;

/// What became of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The order shows it, or a refund stands for it, or the order knows that it is owed.
    Applied,
    /// The amount or currency is wrong: it is put aside for a person, and nothing was changed.
    Quarantined,
}

/// What follows a decision.
enum Step {
    End(Effect),
    /// Decide again on this.
    Again(Option<Stored>),
}

/// Applies a capture.
///
/// # Errors
/// `Retry` while another revival is under way or the database fails; `Poison` where there is no such order.
pub(crate) async fn apply(app: &App, tenant: &Tenant, id: OrderId, capture: &Capture) -> Result<Effect, Failure> {
    let token = Token(app.random()?);
    let mut found = tenant.orders().find(id).await?;
    for _ in 0..ROUNDS {
        let Some(Stored::Order(order)) = found else {
            // A payment is begun for stored orders alone, and those stay.
            return Err(Failure::poison("money was captured for an order that does not exist"));
        };
        match step(app, tenant, *order, capture, token).await? {
            Step::End(effect) => return Ok(effect),
            Step::Again(now_stored) => found = now_stored,
        }
    }
    Err(Failure::retry("the order keeps changing"))
}

async fn step(app: &App, tenant: &Tenant, order: Order, capture: &Capture, token: Token) -> Result<Step, Failure> {
    let (id, now) = (order.id, app.now());
    match order.capture(capture.clone(), token, now) {
        Arrived::Known => Ok(Step::End(Effect::Applied)),
        Arrived::Wait => Err(Failure::retry("another payment is being applied")),
        Arrived::Wrong => {
            tracing::error!(order = %id, capture = capture.id, "a payment of the wrong amount is put aside");
            Ok(Step::End(Effect::Quarantined))
        }
        Arrived::Duplicate => {
            give_back(app, tenant, id, capture, Reason::Duplicate).await?;
            Ok(Step::End(Effect::Applied))
        }
        Arrived::Pays(change) => write(tenant, &change).await,
        // Nobody gives up what they have for a train that has left or does not run.
        Arrived::Exchanges(change) if !is_worth_it(tenant, &change.order, now).await? => {
            overtaken(app, tenant, id, capture).await
        }
        Arrived::Exchanges(change) => match tenant.pay_exchange(&change, now).await? {
            Exchanged::Done(exchange) => {
                send::refund_due(app, tenant, exchange.refund.order, exchange.refund.id).await?;
                Ok(Step::End(Effect::Applied))
            }
            Exchanged::Changed | Exchanged::Dearer => Ok(Step::Again(tenant.orders().find(id).await?)),
            Exchanged::Refused(why) => {
                tracing::info!(order = %id, %why, "the tickets that were to be changed are gone");
                overtaken(app, tenant, id, capture).await
            }
        },
        Arrived::ExpireFirst(change) => match tenant.orders().apply(&change).await? {
            Applied::Done => Ok(Step::Again(Some(Stored::Order(Box::new(change.order))))),
            Applied::Conflict(other) => Ok(Step::Again(other)),
        },
        Arrived::Revives(change) => match tenant.orders().apply(&change).await? {
            Applied::Done => revive(app, tenant, change.order, now).await.map(|()| Step::End(Effect::Applied)),
            Applied::Conflict(other) => Ok(Step::Again(other)),
        },
        Arrived::Owes(change) => {
            // The debt may have been recorded and paid before: the same notification once more owes nothing.
            if has_refund(tenant, id, capture).await? {
                return Ok(Step::End(Effect::Applied));
            }
            write_owed(app, tenant, &change).await
        }
    }
}

async fn write(tenant: &Tenant, change: &Change) -> Result<Step, Failure> {
    Ok(match tenant.orders().apply(change).await? {
        Applied::Done => Step::End(Effect::Applied),
        Applied::Conflict(other) => Step::Again(other),
    })
}

/// Whether what an order is for takes place and has not begun.
async fn is_worth_it(tenant: &Tenant, order: &Order, now: Timestamp) -> Result<bool, Failure> {
    let occasion = tenant.occasion(&order.purchase.subject).await?;
    Ok(occasion.is_some_and(|occasion| occasion.is_to_come(now) && now < occasion.starts))
}

/// Ends an order that was to take the place of tickets which are gone, and records that the money is owed.
async fn overtaken(app: &App, tenant: &Tenant, id: OrderId, capture: &Capture) -> Result<Step, Failure> {
    let found = tenant.orders().find(id).await?;
    let Some(Stored::Order(order)) = &found else { return Ok(Step::Again(found)) };
    let Ok(change) = Order::clone(order).overtaken(capture.clone(), app.now()) else { return Ok(Step::Again(found)) };
    write_owed(app, tenant, &change).await
}

/// Writes that money is owed, and wakes whoever gives it back.
async fn write_owed(app: &App, tenant: &Tenant, change: &Change) -> Result<Step, Failure> {
    let written = write(tenant, change).await?;
    if matches!(written, Step::End(_)) {
        send::order_due(app, tenant, change.order.id).await?;
    }
    Ok(written)
}

/// Holds the tickets again, or records that the money is owed.
async fn revive(app: &App, tenant: &Tenant, order: Order, now: Timestamp) -> Result<(), Failure> {
    let id = order.id;
    let occasion = tenant.occasion(&order.purchase.subject).await?;
    // There is no point in having tickets any more for what is over or was called off.
    let Some(occasion) = occasion.filter(|occasion| occasion.is_to_come(now)) else {
        return lapse(app, tenant, order, now).await;
    };
    let pool = match occasion.kind {
        Kind::Session { session, option, stock, .. } => Some((keys::stock_pool(tenant.id(), session, option), stock)),
        Kind::Ride { .. } => None,
    };
    match tenant.revive(order, pool, now).await? {
        Revived::Paid(_) => Ok(()),
        Revived::Lapsed(_) => Ok(send::order_due(app, tenant, id).await?),
        Revived::Lost => Err(Failure::retry("the tickets could not be held again at once")),
    }
}

/// Gives the revival up where there is nothing left to attend: the money is owed in the same write.
async fn lapse(app: &App, tenant: &Tenant, order: Order, now: Timestamp) -> Result<(), Failure> {
    let State::Reviving { token, .. } = order.state else {
        return Err(Failure::retry("the revival has ended"));
    };
    let change = order.lapse(token, now).map_err(Failure::retry)?;
    match tenant.orders().apply(&change).await? {
        Applied::Done => {
            tenant.release(&change.order, now).await?;
            Ok(send::order_due(app, tenant, change.order.id).await?)
        }
        Applied::Conflict(_) => Err(Failure::retry("the order has changed")),
    }
}

/// Whether a refund stands for a capture that nobody asked to be refunded.
pub(crate) async fn has_refund(tenant: &Tenant, order: OrderId, capture: &Capture) -> Result<bool, store::Failed> {
    let id = app::auth::refund_id_of_capture(capture.provider, &capture.id);
    Ok(tenant.orders().refund(order, id).await?.is_some())
}

/// Makes sure that a refund of the whole capture stands, and wakes whoever sends it. Its id is derived from the capture's,
/// so that it stands once.
pub(crate) async fn give_back(
    app: &App,
    tenant: &Tenant,
    order: OrderId,
    capture: &Capture,
    reason: Reason,
) -> Result<(), Failure> {
    let (id, now) = (app::auth::refund_id_of_capture(capture.provider, &capture.id), app.now());
    if tenant.orders().refund(order, id).await?.is_none() {
        let refund = Refund {
            id,
            order,
            capture: capture.clone(),
            amount: capture.amount,
            tickets: Vec::new(),
            reason,
            state: refund::State::Approved,
            created: now,
            version: 0,
        };
        tenant.activity().list_refund(&refund).await?;
        // A conflict means that another notification of the same capture was quicker.
        tenant.orders().put_refund(&refund, now).await?;
    }
    Ok(send::refund_due(app, tenant, order, id).await?)
}
