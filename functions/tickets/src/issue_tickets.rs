//! Issues the tickets of a paid order.
//!
//! For each ticket its images first, then the ticket: whoever sees a ticket finds its images. When all are there the order
//! becomes ticketed, and only then the time limit is taken off what it holds. Every step is safe to repeat and leads to the
//! same tickets, so whatever a crash left undone the next delivery finishes.

use app::{
    App, Duty, Failure, Grant, Job, Source, Worker,
    auth::ticket_id,
    message::OrderNamed,
    ticket_code,
    ticket_view::{Image, image_key},
};
use domain::{
    Timestamp,
    order::{Order, State},
    tenant::TenantId,
    ticket::{Ticket, TicketState},
};
use futures_util::future::try_join_all;
use providers::{blob::inline, queue::Queue};
use serde::{Deserialize, Serialize};
use store::{Applied, Table};

use crate::qr::Code;

/// How often the order is looked at again when it changes meanwhile.
const ROUNDS: usize = 4;

/// The worker.
pub static WORKER: Worker = Worker::of::<IssueTickets>();

/// An order that is paid, or was when this was sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct IssueTickets(OrderNamed);

impl Job for IssueTickets {
    const DUTY: Duty = Duty {
        name: "issue-tickets",
        source: Source::Queue(Queue::IssueTickets),
        grants: &[
            Grant::read(Table::Orders),
            Grant::write(Table::Orders),
            Grant::write(Table::Tickets),
            Grant::write(Table::Inventory),
            Grant::write_files(),
        ],
        summary: "Issue the tickets of a paid order with their images",
    };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        let (tenant, now) = (app.store.tenant(&self.0.tenant.0), app.now());
        for _ in 0..ROUNDS {
            let order = tenant.orders().load(self.0.order.0).await?;
            let order = order.ok_or_else(|| Failure::poison("there is no such order"))?;
            match order.state {
                // A deposit of somebody who waits.
                State::Paid(_) if order.is_deposit() => return Ok(()),
                State::Paid(_) => {}
                // A delivery before this one may have stopped right here. What is confirmed stays so.
                State::Ticketed(_) | State::Used(_) => return Ok(tenant.confirm(&order).await?),
                State::Reserved { .. }
                | State::Reviving { .. }
                | State::Cancelled(_)
                | State::Expired(_)
                | State::Lapsed(_)
                | State::Refunding { .. }
                | State::Refunded { .. } => return Ok(()),
            }
            try_join_all(tickets(&order, now).map(|ticket| issue(app, &tenant, ticket))).await?;
            let ticketed = order.ticketed(now).map_err(Failure::poison)?;
            if tenant.orders().apply(&ticketed).await? == Applied::Done {
                return Ok(tenant.confirm(&ticketed.order).await?);
            }
        }
        Err(Failure::retry("the order changed whenever its tickets were issued"))
    }
}

/// The tickets that are due. What was given back before it was issued is void already and stays so.
fn tickets(order: &Order, now: Timestamp) -> impl Iterator<Item = Ticket> {
    order.kept().map(move |number| Ticket::of(order, number, ticket_id(order.id, number), TicketState::Valid, now))
}

async fn issue(app: &App, tenant: &store::Tenant, ticket: Ticket) -> Result<(), Failure> {
    let code = Code::of(&ticket_code::code(app, tenant.id(), &ticket))?;
    try_join_all([Image::Png, Image::Svg].map(|image| put(app, tenant.id(), &ticket, &code, image))).await?;
    Ok(tenant.tickets().issue(&ticket).await?)
}

async fn put(app: &App, tenant: &TenantId, ticket: &Ticket, code: &Code, image: Image) -> Result<(), Failure> {
    let key = image_key(app, tenant, ticket.id, image);
    let disposition = inline(&image.file_name(ticket.id));
    Ok(app.files.put(&key, image.kind(), &disposition, code.picture(image)?).await?)
}

#[cfg(test)]
mod tests {
    use domain::{
        id::{EventId, Id as _, OptionId, OrderId, SessionId, UserId},
        money::Money,
        order::{Draft, Purchase, Quantity, Returned, Subject},
        tenant::HoldTime,
    };

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// An order of three that costs nothing and so is paid at once.
    fn order() -> Order {
        let subject = Subject::Session {
            event: EventId::from_bytes([1; 16]),
            session: SessionId::from_bytes([2; 16]),
            option: OptionId::from_bytes([3; 16]),
        };
        let free = Money::new(0, "CNY".parse().unwrap());
        let purchase = Purchase::alike(subject, Quantity::parse(3).unwrap(), free);
        let draft = Draft {
            id: OrderId::from_bytes([4; 16]),
            user: UserId::from_bytes([5; 16]),
            purchase,
            contact: domain::order::Contact::default(),
            held: Vec::new(),
            hold: HoldTime::DEFAULT,
            expires: at(900),
            created: at(0),
            replaces: None,
        };
        Order::reserve(draft, at(1)).unwrap()
    }

    #[test]
    fn the_same_tickets_are_issued_whenever_it_is_tried() {
        let ids = |now| tickets(&order(), now).map(|ticket| ticket.id).collect::<Vec<_>>();
        assert_eq!(ids(at(1)), ids(at(2)));
        assert_eq!(ids(at(1)).len(), 3);
    }

    #[test]
    fn what_was_given_back_is_not_issued() {
        let order = Order { returned: Returned::from_bits(0b010), ..order() };
        let numbers: Vec<u8> = tickets(&order, at(1)).map(|ticket| ticket.number).collect();
        assert_eq!(numbers, [0, 2]);
    }

    #[test]
    fn a_ticket_belongs_to_what_was_bought() {
        let order = order();
        let ticket = tickets(&order, at(7)).next().unwrap();
        assert_eq!((ticket.order, ticket.user, ticket.created), (order.id, order.user, at(7)));
        assert_eq!((ticket.subject, ticket.seat), (order.purchase.subject, None));
        assert_eq!(ticket.state, TicketState::Valid);
    }
}
