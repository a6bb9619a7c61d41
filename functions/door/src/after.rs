//! What follows when a ticket was used: it is counted, and its order is used when all of its tickets are.
//!
//! The ticket has been written by then and its holder is let in, whatever becomes of this. What is left undone the next
//! scan of the same ticket does.

use app::auth::ticket_id;
use domain::{
    Timestamp,
    event::later,
    id::TicketId,
    ticket::{Ticket, TicketState, Validity},
};
use futures_util::future::join;
use store::{Failed, Tenant};

/// Seconds after a session for which its admissions can be counted: ninety days.
const COUNTED_SECS: i64 = 90 * 24 * 3_600;

/// Does what follows from a ticket that was used by the scan `nonce`. Safe to repeat.
pub(crate) async fn follow(tenant: &Tenant, ticket: &Ticket, nonce: &str, validity: Validity, now: Timestamp) {
    let forget = later(validity.to, COUNTED_SECS);
    let admissions = tenant.admissions();
    let note = admissions.note(ticket.subject.session(), ticket.id, nonce, forget);
    let (noted, closed) = join(note, use_order(tenant, ticket, now)).await;
    for (what, failed) in [("count", noted.err()), ("order", closed.err())] {
        if let Some(failed) = failed {
            tracing::warn!(target: "door", ticket = %ticket.id, what, cause = %failed, "admitted, but not noted");
        }
    }
}

/// Notes that every ticket of an order that was not given back has been used. Tickets are read after this one was written,
/// so of two scans at the same time at least the later one sees both. Whoever changed the order meanwhile knows better.
async fn use_order(tenant: &Tenant, ticket: &Ticket, now: Timestamp) -> Result<(), Failed> {
    let Some(order) = tenant.orders().load(ticket.order).await? else {
        return Ok(());
    };
    let kept: Vec<u8> = order.kept().collect();
    let id = order.id;
    let Ok(used) = order.used(now) else {
        return Ok(());
    };
    let others: Vec<TicketId> =
        kept.into_iter().map(|number| ticket_id(id, number)).filter(|id| *id != ticket.id).collect();
    let found = tenant.tickets().find_all(&others).await?;
    if found.len() == others.len() && found.iter().all(is_used) {
        tenant.orders().apply(&used).await?;
    }
    Ok(())
}

const fn is_used(ticket: &Ticket) -> bool {
    matches!(ticket.state, TicketState::Used(_))
}
