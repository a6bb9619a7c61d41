//! One try per order id: what a repeat of a request is told, and when a new try may begin.

use app::{App, Caller, Code, Error, idempotency::Attempt};
use domain::{
    event::later,
    id::{Id as _, OrderId},
};
use store::{Stored, protocol::Settled};

use super::wanted::Wanted;
use crate::view::Placed;

/// Seconds after which an order that is not written will not be written by its first attempt any more: the function's
/// timeout and a margin.
const ATTEMPT_SECS: i64 = 15;
/// How often another repeat may be quicker before the client is asked to come back.
const ROUNDS: usize = 3;

/// Whether this request has to do the work.
pub(super) enum Begun {
    /// It has: under this id.
    Now(OrderId),
    /// An attempt before has: this is what became of it.
    Before(Placed),
}

/// Finds the attempt before, or begins one. A pool that is known to be sold out costs no write: only whether an attempt
/// before was luckier is looked up.
pub(super) async fn begin(wanted: &Wanted, caller: &Caller, app: &App) -> Result<Begun, Error> {
    if wanted.is_known_sold_out() && app.once().recall(caller).await?.is_none() {
        return Err(Code::SoldOut.into());
    }
    let mut attempt = app.once().claim(caller, fresh(wanted, app)?.bytes()).await?;
    for _ in 0..ROUNDS {
        let Attempt::Again(id) = attempt else {
            return Ok(Begun::Now(OrderId::from_bytes(attempt.id())));
        };
        let before = OrderId::from_bytes(id);
        if let Some(placed) = became(wanted, before, app).await? {
            return Ok(Begun::Before(placed));
        }
        let id = fresh(wanted, app)?;
        if app.once().swap(caller, before.bytes(), id.bytes()).await? {
            return Ok(Begun::Now(id));
        }
        attempt = app.once().claim(caller, id.bytes()).await?;
    }
    Err(Code::Busy.into())
}

/// The order that an attempt before led to, if it is written.
pub(super) async fn written_before(caller: &Caller, app: &App) -> Result<Option<Placed>, Error> {
    let Some(id) = app.once().recall(caller).await? else { return Ok(None) };
    let order = app.store.tenant(caller.tenant()?).orders().load(OrderId::from_bytes(id)).await?;
    Ok(order.map(|order| Placed::of(&order)))
}

/// What became of an attempt; nothing where it came to nothing, and a new one may begin.
async fn became(wanted: &Wanted, id: OrderId, app: &App) -> Result<Option<Placed>, Error> {
    match wanted.tenant.orders().find(id).await? {
        Some(Stored::Order(order)) => return Ok(Some(Placed::of(&order))),
        Some(Stored::Tombstone) => return Ok(None),
        None if app.now() < later(id.created(), ATTEMPT_SECS) => return Ok(Some(still_pending(wanted, id))),
        None => {}
    }
    // Too old to be still under way. Settling it makes sure that it will never be written, unless it is just being.
    Ok(match wanted.tenant.settle(id, app.now()).await? {
        Settled::Over(None) => None,
        Settled::Over(Some(order))
        | Settled::InTime(order, _)
        | Settled::AwaitsTickets(order)
        | Settled::Owned(order) => Some(Placed::of(&order)),
    })
}

fn still_pending(wanted: &Wanted, id: OrderId) -> Placed {
    // As the first attempt was told: an id knows when it was made.
    wanted.placed(id, wanted.until(id.created()))
}

/// Another order id for this buyer.
pub(super) fn fresh(wanted: &Wanted, app: &App) -> Result<OrderId, Error> {
    Ok(app.keys.order_id(wanted.tenant.id(), wanted.user, wanted.now, app.random()?))
}
