//! Tickets and admissions: who may come in, and who has.

use std::collections::BTreeSet;

use domain::{
    id::{SessionId, TicketId},
    order::{Order, State},
    ticket::{Ticket, TicketState},
};

use super::{Audit, Look, Referred, Violation, unreadable};
use crate::{Failed, Table, admissions, client::Read, keys, tickets};

/// How a ticket stands, in a word.
pub(super) const fn word(ticket: Option<&Ticket>) -> &'static str {
    match ticket {
        None => "not there",
        Some(ticket) => match ticket.state {
            TicketState::Valid => "valid",
            TicketState::Used(_) => "used",
            TicketState::Void => "void",
        },
    }
}

impl Audit<'_> {
    pub(super) async fn look_at_ticket(&self, id: TicketId) -> Result<Look, Failed> {
        let mut look = Look::default();
        let key = keys::ticket(&self.tenant.id, id);
        let item = self.tenant.store.tables.get(Table::Tickets, key.clone(), Read::Consistent).await?;
        let Some(item) = item else { return Ok(look) };
        let ticket = match tickets::read(item) {
            Ok(ticket) => ticket,
            Err(why) => {
                look.wrong((0, [0; 6]), unreadable(Table::Tickets, &key, &why));
                return Ok(look);
            }
        };
        // One that was given back admits nobody, whatever became of its order.
        if ticket.state == TicketState::Void {
            return Ok(look);
        }
        look.counted.tickets = 1;
        let referred = self.order(ticket.order).await?;
        check_ticket(&ticket, &referred, &mut look);
        Ok(look)
    }

    /// Compares the scans that were let in with the one that the ticket shows. A scan whose note was lost is missing here,
    /// and the ticket shows it; a scan that the ticket no longer shows was noted.
    pub(super) async fn look_at_admission(&self, session: SessionId, id: TicketId) -> Result<Look, Failed> {
        let mut look = Look::default();
        let tables = &self.tenant.store.tables;
        let key = keys::admission(&self.tenant.id, session, id);
        let Some(noted) = tables.get(Table::Activity, key, Read::Consistent).await? else { return Ok(look) };
        look.counted.admissions = 1;
        let item = tables.get(Table::Tickets, keys::ticket(&self.tenant.id, id), Read::Consistent).await?;
        let Ok(ticket) = item.map(tickets::read).transpose() else { return Ok(look) };
        let used = ticket.as_ref().filter(|ticket| ticket.subject.session() == session);
        let Some(TicketState::Used(admission)) = used.map(|ticket| &ticket.state) else {
            let found = if used.is_none() && ticket.is_some() { "of another session" } else { word(ticket.as_ref()) };
            look.wrong((0, [0; 6]), Violation::AdmittedWithout { ticket: id, session, found });
            return Ok(look);
        };
        let scans: BTreeSet<&str> = admissions::scans(&noted).chain([admission.nonce.as_str()]).collect();
        if scans.len() > 1 {
            look.wrong((0, [0; 6]), Violation::AdmittedTwice { ticket: id, scans: scans.len() });
        }
        Ok(look)
    }
}

fn check_ticket(ticket: &Ticket, referred: &Referred, look: &mut Look) {
    let (id, order, number, state) = (ticket.id, ticket.order, ticket.number, referred.word());
    let seen = (referred.version(), [0; 6]);
    if id != keys::ticket_id(order, number) {
        look.wrong(seen, Violation::StrayTicket { ticket: id, order, number });
        return;
    }
    let stored = match referred {
        Referred::Unreadable => return,
        Referred::Tombstone | Referred::Nothing => {
            look.wrong(seen, Violation::TicketWithoutPayment { ticket: id, order, state });
            return;
        }
        Referred::Order(stored) => stored,
    };
    let is_kept = stored.kept().any(|kept| kept == number);
    match stored.state {
        // Tickets are written before the order says so.
        State::Paid(_) | State::Ticketed(_) | State::Used(_) if is_kept => {
            if !is_of(ticket, stored) {
                look.wrong(seen, Violation::StrayTicket { ticket: id, order, number });
            }
        }
        State::Paid(_) | State::Ticketed(_) | State::Used(_) | State::Refunding { .. } | State::Refunded { .. } => {
            look.wrong(seen, Violation::TicketNotKept { ticket: id, order, state, number });
        }
        State::Reserved { .. }
        | State::Reviving { .. }
        | State::Cancelled(_)
        | State::Expired(_)
        | State::Lapsed(_) => look.wrong(seen, Violation::TicketWithoutPayment { ticket: id, order, state }),
    }
}

fn is_of(ticket: &Ticket, order: &Order) -> bool {
    let seat = order.purchase.seats.get(usize::from(ticket.number));
    ticket.user == order.user && ticket.subject == order.purchase.subject && ticket.seat.as_ref() == seat
}
