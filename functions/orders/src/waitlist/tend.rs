//! Brings one request as far as it can be brought without serving it: paid ones enter the line, those whose time is over
//! leave it, what is stuck is settled, money goes back. Looks at what is stored and at nothing else, so that it may be
//! repeated by anybody at any time.

use app::{App, Failure};
use domain::{
    Timestamp,
    event::later,
    id::{Id as _, OrderId},
    order::{Order, State},
    waitlist::{Outcome, Phase},
};
use store::{Stored, Tenant, Waiting, protocol::Settled};

use super::money;

/// How often a decision is made anew when the request changes under it.
const ROUNDS: usize = 8;
/// Seconds after which whoever named an order has written it or died: the worker's time and a margin.
const SERVING_SECS: i64 = 45;
/// Seconds after which a deposit that was never written never will be.
const UNWRITTEN_SECS: i64 = 3_600;

/// Where a request stands.
#[derive(Debug)]
pub(crate) enum Standing {
    /// In line.
    InLine(Waiting),
    /// It is not paid yet.
    Unpaid,
    /// Somebody else is serving it, or has just died.
    UnderWay,
    /// Nothing will ever have to be done for it again.
    Over(Waiting),
}

/// Tends a request.
pub(crate) async fn tend(app: &App, tenant: &Tenant, mut waiting: Waiting) -> Result<Standing, Failure> {
    for _ in 0..ROUNDS {
        let (now, request) = (app.now(), waiting.request.clone());
        let next = match request.phase {
            Phase::Waiting if !waiting.is_paid => match arrived(tenant, &waiting, now).await? {
                Ok(arrived) => arrived,
                Err(standing) => return Ok(standing),
            },
            Phase::Waiting if now < request.until => return Ok(Standing::InLine(waiting)),
            Phase::Waiting => waiting.with(request.expire(now).map_err(Failure::retry)?),
            Phase::Serving { order } => match outcome(tenant, order, now).await? {
                None => return Ok(Standing::UnderWay),
                Some(served) => {
                    let outcome = if served.is_some() { Outcome::Paid } else { Outcome::Failed };
                    if let Some(served) = served {
                        money::rest(app, tenant, &deposit(tenant, &waiting).await?, &served).await?;
                    }
                    waiting.with(request.settled(order, outcome).map_err(Failure::retry)?)
                }
            },
            Phase::Left { refunded: false, .. } => {
                money::whole(app, tenant, &deposit(tenant, &waiting).await?).await?;
                waiting.with(request.refund_recorded().map_err(Failure::retry)?)
            }
            Phase::Served { .. } | Phase::Left { refunded: true, .. } => return Ok(Standing::Over(waiting)),
        };
        waiting = if tenant.waitlist().put(&next).await? {
            next
        } else {
            let found = tenant.waitlist().find(waiting.id).await?;
            found.ok_or_else(|| Failure::retry("a request has gone"))?
        };
    }
    Err(Failure::retry("the request keeps changing"))
}

/// The deposit of a request that was paid.
pub(crate) async fn deposit(tenant: &Tenant, waiting: &Waiting) -> Result<Order, Failure> {
    let deposit = tenant.orders().load(waiting.id).await?;
    deposit.ok_or_else(|| Failure::retry("a request without its deposit"))
}

/// A request whose deposit is paid enters the line, at the moment of payment; one whose deposit has ended is over.
async fn arrived(tenant: &Tenant, waiting: &Waiting, now: Timestamp) -> Result<Result<Waiting, Standing>, Failure> {
    let deposit = match tenant.orders().find(waiting.id).await? {
        Some(Stored::Order(deposit)) => deposit,
        None if now < later(waiting.id.created(), UNWRITTEN_SECS) => return Ok(Err(Standing::Unpaid)),
        Some(Stored::Tombstone) | None => return Ok(Err(Standing::Over(waiting.clone()))),
    };
    if let Some(paid) = deposit.paid() {
        // A late payment may come after the request was taken out of its lines.
        for line in &waiting.lines {
            tenant.waitlist().stand(*line, waiting.id).await?;
        }
        let request = waiting.request.clone().paid(paid.at).map_err(Failure::retry)?;
        return Ok(Ok(Waiting { is_paid: true, ..waiting.with(request) }));
    }
    let is_over = match &deposit.state {
        State::Cancelled(ended) | State::Expired(ended) | State::Lapsed(ended) => !ended.paying,
        _ => false,
    };
    Ok(Err(if is_over { Standing::Over(waiting.clone()) } else { Standing::Unpaid }))
}

/// What became of the order that a request names: the order that was paid, or nothing where there never will be one. Not known
/// while whoever named it may still write it.
async fn outcome(tenant: &Tenant, id: OrderId, now: Timestamp) -> Result<Option<Option<Order>>, Failure> {
    match tenant.orders().find(id).await? {
        Some(Stored::Order(order)) => return Ok(Some(Some(*order).filter(|order| order.paid().is_some()))),
        Some(Stored::Tombstone) => return Ok(Some(None)),
        None if now < later(id.created(), SERVING_SECS) => return Ok(None),
        None => {}
    }
    Ok(match tenant.settle(id, now).await? {
        Settled::Over(None) => Some(None),
        // It was written at this moment: look again.
        Settled::Over(Some(_)) | Settled::InTime(..) | Settled::AwaitsTickets(_) | Settled::Owned(_) => None,
    })
}
