//! `POST /api/admin/orders/{order}/seats`: the organiser moves a party to other seats of the same price.
//!
//! The new seats are held like any others; then one write pays their order with what was paid for the old seats, and gives
//! these back. Whoever dies in between leaves a hold that lapses, and a party where it was.

use app::{
    App, Auth, Caller, Code, Endpoint, Error, Grant, Idempotency, Method, Operation, Route, organised,
    wire::{IdText, Text},
};
use domain::{
    id::TicketId,
    order::{Order, Quantity, Replaces, Subject},
    tenant::HoldTime,
    user::Role,
    venue::SeatName,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Table, Tenant};

use crate::{
    change::{GivenUp, not_changeable},
    own::OrderPath,
    place_order::{
        once,
        seats::{self, Ask},
        wanted::{Paying, Wanted, Wish},
    },
    view::Placed,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<MoveSeats>();

/// Who moves where.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MoveSeats {
    /// Whose seats are given up; all that were not given back where nothing is said.
    #[serde(default)]
    #[schemars(length(min = 1, max = 10))]
    ticket_ids: Option<Vec<IdText<TicketId>>>,
    /// The new seats by name, `stalls/12/7`: as many.
    #[schemars(length(min = 1, max = 10))]
    seats: Vec<Text<SeatName>>,
    /// How many of the party need an accessible seat.
    #[serde(default)]
    #[schemars(range(max = 10))]
    wheelchairs: u64,
}

impl Endpoint for MoveSeats {
    const ROUTE: Route = Route {
        name: "move-seats",
        method: Method::Post,
        path: "/api/admin/orders/{order}/seats",
        auth: Auth::AtLeast(Role::Publisher),
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::write(Table::Catalogue),
            Grant::read(Table::Inventory),
            Grant::write(Table::Inventory),
            Grant::read(Table::Orders),
            Grant::write(Table::Orders),
            Grant::read(Table::Tickets),
            Grant::write(Table::Tickets),
            Grant::write(Table::Activity),
            Grant::open_keys(),
        ],
        summary: "Move a paid order, or some of its tickets, to other seats of the same price",
        success: 202,
        idempotency: Idempotency::Required,
        errors: &[
            Code::NotFound,
            Code::NotChangeable,
            Code::SeatTaken,
            Code::SeatNotOffered,
            Code::Busy,
            Code::IdempotencyConflict,
        ],
        ..Route::DEFAULT
    };
    type Path = OrderPath;
    type Output = Placed;

    async fn handle(self, path: OrderPath, caller: Caller, app: &'static App) -> Result<Placed, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let order = organised::find(&tenant, &caller, path.order.0).await?;
        let moved = once(self.wanted(tenant, &order, app).await, &caller, app).await?.value;
        caller.trail.changed(order.id, &order.purchase.seats, &moved.id.0);
        Ok(moved)
    }
}

impl MoveSeats {
    async fn wanted(self, tenant: Tenant, order: &Order, app: &App) -> Result<Wanted, Error> {
        let now = app.now();
        let Subject::Session { event, session, option } = order.purchase.subject else {
            return Err(not_changeable("no_seats"));
        };
        let event = tenant.catalogue().event_cached(event, now).await?.ok_or(Code::NotFound)?;
        if !event.sells_seats(option) {
            return Err(not_changeable("no_seats"));
        }
        let named: Option<Vec<TicketId>> = self.ticket_ids.map(|ids| ids.into_iter().map(|id| id.0).collect());
        let given = GivenUp::of(&tenant, order, named.as_deref()).await?;
        let is_to_come = tenant.occasion(&order.purchase.subject).await?.is_some_and(|it| it.is_to_come(now));
        if !is_to_come {
            return Err(not_changeable("over"));
        }
        let quantity = Quantity::parse(given.tickets.len() as u64).map_err(Error::internal)?;
        let ask = Ask::of_organiser(self.seats.into_iter().map(|name| name.0).collect(), quantity, self.wheelchairs);
        let wish = seats::Wish::of(&tenant, event, (session, option), ask, now).await?;
        let settings = tenant.catalogue().settings_cached(now).await?;
        let (is_final, times) = order.replaces.map_or((false, 0), |before| (before.is_final, before.times));
        let replaces = Replaces { order: order.id, tickets: given.numbers(), is_final, times };
        Ok(Wanted {
            user: order.user,
            subject: order.purchase.subject.clone(),
            quantity,
            // As much as was paid for the old seats, whatever the price is now.
            total: given.worth,
            each: Vec::new(),
            hold: settings.map_or(HoldTime::DEFAULT, |settings| settings.hold),
            contact: given.reach,
            now,
            wish: Wish::Seats(Box::new(wish)),
            replaces: Some((replaces, Paying::Carried { fee_percent: 0 })),
            tenant,
        })
    }
}
